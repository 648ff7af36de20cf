"""The tone engine: speech-like sound from numpy alone, in any language, on any machine.

It says no words. It has the timing of speech (syllables, pauses at commas; ``tts/timing.py``),
a pitch and a timbre for each of its voices (``tts/timbre.py``), exact word times, and answers
that are a pure function of text, voice and seed. A book made with it shows how it is cast and
paced; the whole line runs on it, in tests and where no other engine is installed.

Options (under ``engines: {tone: …}``):

| option | meaning |
|---|---|
| rate | Hz of the audio, 8000-48000; 24000 if absent |
| seconds | exact length of every segment, for benchmarks |
| marks | a click of one sample where speech begins; ``signals["mark"]`` is its frame |
| slots, cost_ms | how many requests at once, and how long they take (slept, not computed) |
| chunk_ms, chunk_cost_ms | streams: in chunks of that length, each after that time (slept) |
| faults | what goes wrong (``tts/faults.py``) |

The last three rows do not change the sound that a segment ends up with, and are not in the
fingerprint. Voices take ``pitch`` (semitones, −12…12) and ``speed`` (0.5…2).
"""

from __future__ import annotations

import difflib
import hashlib
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeGuard

import numpy as np

from castbook.errors import ProjectError, VoiceError
from tts.engine import (
    Capabilities,
    Engine,
    EngineError,
    Failure,
    Pcm,
    Preset,
    Request,
    Speech,
    Voice,
    WordTime,
)
from tts.faults import Fault, parse_faults
from tts.timbre import PRESETS, VOWELS, Timbre, envelope, timbre
from tts.timing import beats, stretch, syllables

EDGE_S = 0.05  # silence before and after the speech
MARK = 29204  # −1 dBFS
_VERSION = 1  # raised when the sound changes
_LIMIT = 400  # characters
_ONSET_S = 0.03  # of a consonant
_RANGES: Mapping[str, tuple[float, float]] = {
    "rate": (8000, 48000),
    "seconds": (0.2, 600),
    "slots": (1, 1024),
    "cost_ms": (0, 600_000),
    "chunk_ms": (1, 60_000),
    "chunk_cost_ms": (0, 600_000),
}
_WHOLE = ("rate", "slots")
_PARAMETERS: Mapping[str, tuple[float, float]] = {"pitch": (-12, 12), "speed": (0.5, 2)}


class ToneEngine(Engine):
    """See the module."""

    name: ClassVar[str] = "tone"

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        for key, value in self.options.items():
            _check_option(key, value)
        self._rate: int = self.options.get("rate", 24000)
        self._seconds: float | None = self.options.get("seconds")
        self._marks: bool = self.options.get("marks", False)
        self._slots: int = self.options.get("slots", 1)
        self._cost_s: float = self.options.get("cost_ms", 0) / 1000
        self._chunk_ms: float | None = self.options.get("chunk_ms")
        self._chunk_cost_s: float = self.options.get("chunk_cost_ms", 0) / 1000
        self._faults = parse_faults(self.options.get("faults", ()), "engines.tone.faults")
        self._voices: dict[str, Voice] = {}

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            rate=self._rate,
            languages=("*",),
            limit=_LIMIT,
            unit="characters",
            word_times=True,
            streams=self._chunk_ms is not None,
            slots=self._slots,
            reports=True,
        )

    def fingerprint(self) -> str:
        seconds = "" if self._seconds is None else f" seconds={self._seconds!r}"
        return f"tone {_VERSION} rate={self._rate}{seconds}{' marks' if self._marks else ''}"

    def presets(self) -> Sequence[Preset]:
        return PRESETS

    def check_voice(self, voice: Voice, language: str) -> None:
        names = [preset.name for preset in PRESETS]
        if voice.reference is not None or voice.preset is None:
            raise VoiceError("engine tone cannot clone a voice", expected="a preset")
        if voice.preset not in names:
            near = difflib.get_close_matches(voice.preset, names, n=1)
            raise VoiceError(
                f"engine tone has no preset {voice.preset!r}",
                expected="one of " + ", ".join(names),
                hint=f"did you mean {near[0]}?" if near else None,
            )
        for key, value in voice.parameters.items():
            low, high = _PARAMETERS.get(key, (0, 0))
            if key not in _PARAMETERS:
                raise VoiceError(
                    f"engine tone knows no parameter {key!r}", expected=" or ".join(_PARAMETERS)
                )
            if not _number(value) or not low <= value <= high:
                raise VoiceError(f"{key} cannot be {value!r}", expected=f"{low:g} to {high:g}")

    def load(self) -> None:
        """Nothing to load: vowels are made when they are first spoken."""

    def prepare(self, voice: Voice) -> None:
        self.check_voice(voice, "")
        self._voices[voice.digest] = voice

    def synthesize(self, requests: Sequence[Request]) -> Iterator[tuple[str, Speech | Failure]]:
        for first in range(0, len(requests), self._slots):
            group = requests[first : first + self._slots]
            for request in group:
                self.progress(request.id)
            if self._cost_s:
                time.sleep(self._cost_s)
            for request in group:
                yield request.id, self._answer(request)

    def stream(self, request: Request) -> Iterator[Pcm]:
        """The samples of ``synthesize``, in chunks that take their time."""
        self.progress(request.id)
        if self._cost_s:
            time.sleep(self._cost_s)
        speech = self._answer(request)
        if isinstance(speech, Failure):
            raise EngineError(speech.reason, speech.kind)
        size = len(speech.pcm)
        if self._chunk_ms is not None:
            size = max(1, round(self._chunk_ms * self._rate / 1000))
        for start in range(0, len(speech.pcm), size):
            if self._chunk_cost_s:
                time.sleep(self._chunk_cost_s)
            yield speech.pcm[start : start + size]

    def _answer(self, request: Request) -> Speech | Failure:
        began = time.perf_counter()
        voice = self._voices.get(request.voice)
        if voice is None:
            raise EngineError("its voice was not prepared", "permanent")
        fault = next((f for f in self._faults if f.strikes(request)), None)
        if fault is not None and not fault.spoils_audio:
            return _misbehave(fault)
        pcm, words, mark = self._speak(request, voice)
        if fault is not None:
            pcm = _spoil(pcm, fault)
            words = tuple(word for word in words if word.frame < len(pcm))
        return Speech(
            pcm=pcm,
            rate=self._rate,
            signals={"mark": float(mark)} if self._marks and fault is None else {},
            words=words,
            seconds=time.perf_counter() - began,
        )

    def _speak(self, request: Request, voice: Voice) -> tuple[Pcm, tuple[WordTime, ...], int]:
        """The samples, the word times, the frame where speech begins."""
        throat = timbre(voice.preset or "", float(voice.parameters.get("pitch", 0)), self._rate)
        plan = beats(request.text, float(voice.parameters.get("speed", 1)))
        if self._seconds is not None:
            plan = stretch(plan, self._seconds - 2 * EDGE_S)
        sounds = syllables(plan)
        edge = round(EDGE_S * self._rate)
        length = round(sum(beat.seconds for beat in plan) * self._rate)
        if self._seconds is not None:
            length = round(self._seconds * self._rate) - 2 * edge
        pcm = np.zeros(length + 2 * edge, np.int16)
        dice = _dice(request, voice, 3 * len(sounds))
        body = pcm[edge : edge + length]
        asks = request.text.rstrip("\"'”’»」』) ").endswith(("?", "？"))
        for i, (begin, seconds, last) in enumerate(sounds):
            step = (1 if asks else -1) if last else dice[3 * i] // 16 % 3 - 1
            _utter(body, begin, seconds, throat, dice[3 * i : 3 * i + 3], step, self._rate)
        if self._marks:
            pcm[edge] = MARK
        words, at = [], 0.0
        for beat in plan:
            if beat.word is not None:
                words.append(WordTime(*beat.word, edge + int(at * self._rate)))
            at += beat.seconds
        return pcm, tuple(words), edge


def _utter(
    body: Pcm, begin: float, seconds: float, throat: Timbre, dice: bytes, step: int, rate: int
) -> None:
    """Puts one syllable into ``body``; it fills 75-95 % of its time."""
    start = int(begin * rate)
    centiseconds = max(3, int(seconds * (75 + dice[1] % 21)))  # few lengths: envelopes are kept
    count = min(centiseconds * rate // 100, len(body) - start)
    if count <= 0:
        return
    sound = throat.vowel(dice[0] % VOWELS, step)[:count] * envelope(count, rate // 40)
    onset = min(count, int(_ONSET_S * rate))
    if dice[2] % 5 < 2:
        offset = dice[2] * rate // 1600  # of half a second; 255 leaves room for an onset
        sound[:onset] += throat.breath[offset : offset + onset] * envelope(onset, onset // 2)
    body[start : start + count] = sound


def _dice(request: Request, voice: Voice, count: int) -> bytes:
    """Bytes that look random and depend on text, voice and seed alone."""
    parameters = sorted((key, float(value)) for key, value in voice.parameters.items())
    seed = f"{request.seed}|{voice.preset}|{parameters}|{request.text}"
    return hashlib.shake_128(seed.encode("utf-8", "surrogatepass")).digest(count)


def _misbehave(fault: Fault) -> Failure:
    match fault.kind:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            while True:
                time.sleep(3600)
        case "memory":
            raise MemoryError("as ordered by a fault")
    reason = f"as ordered by a fault: {fault.kind}"
    return Failure("permanent" if fault.kind == "refuse" else "transient", reason)


def _spoil(pcm: Pcm, fault: Fault) -> Pcm:
    if fault.kind == "silence":
        return np.zeros_like(pcm)
    third = max(1, len(pcm) // 3)
    return pcm[:third].copy() if fault.kind == "truncate" else np.tile(pcm[:third], 9)


def _check_option(key: str, value: object) -> None:
    place = f"engines.tone.{key}"
    known = (*_RANGES, "marks", "faults")
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        raise ProjectError(
            "unknown option",
            place=place,
            expected="one of " + ", ".join(known),
            hint=f"did you mean {near[0]}?" if near else None,
        )
    if key == "marks" and not isinstance(value, bool):
        raise ProjectError(f"{value!r} is neither", place=place, expected="true or false")
    if key in _RANGES:
        low, high = _RANGES[key]
        whole = key in _WHOLE
        if not _number(value) or (whole and not isinstance(value, int)) or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise ProjectError(
                f"{value!r} is out of range", place=place, expected=f"{kind}, {low:g} to {high:g}"
            )


def _number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
