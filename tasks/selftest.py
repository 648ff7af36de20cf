"""After the weights of an engine came: does it speak on this machine, and how fast?

The engine works in its own process, as in a book. It speaks a Chinese and an English sentence, as
far as it knows the languages, several times; every take gets a verdict by the bounds that hold
for any voice. An engine that clones speaks with a clip that somebody names, else with one that
espeak speaks, whose likeness then says nothing of people's voices.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from castbook.canonical import digest
from castbook.errors import MissingDependency, VoiceError
from tasks.judging import Judging
from tts.engine import Capabilities, Engine, Failure, Reference, Request, Speech, Voice
from tts.host import Host
from tts.registry import BUILT_IN, make_engine

TEXTS: Mapping[str, str] = {
    "zh": "今天的天气很好，我们一起到山上去看日出吧。",
    "en": "The house on the hill stood empty, and nobody had lived in it for a long time.",
}
_CLIP = "Come at once if convenient. If inconvenient, come all the same."
_TIMES = 4  # each sentence, with another seed: enough to see what batches are worth
_SEED = 20260101


@dataclass(frozen=True, slots=True)
class Sentence:
    """What became of one sentence."""

    language: str
    seconds: float = 0.0  # of sound
    complaints: tuple[str, ...] = ()  # of the verdict, or why there is no sound
    good: bool = False
    similarity: float | None = None  # to the reference, where the engine measures it


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What an engine did on this machine."""

    engine: str
    reference: str  # what it was given as voice; "" for a preset
    load_s: float  # to the first sound
    audio_s: float  # of all sentences after the first
    seconds: float  # wall, for them
    memory_mb: float  # most resident memory of the engine's process; 0 where unknown
    device_memory_mb: float  # of a GPU, as the driver says at the end; 0 without
    sentences: tuple[Sentence, ...]
    facts: Mapping[str, str]  # what the engine says of itself

    @property
    def good(self) -> bool:
        """Whether everything was spoken and nothing was complained of."""
        return all(sentence.good for sentence in self.sentences)


def has_selftest(name: str) -> bool:
    """Whether there is something to test: an engine, and not another thing with weights."""
    return name in BUILT_IN


def run_selftest(
    name: str,
    clip: Path | None = None,
    transcript: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> SelfTest:
    """Lets an engine speak.

    Args:
        clip, transcript: the voice of an engine that clones.
        options: of the engine, as a project would give them.

    Raises:
        VoiceError: it needs a clip and there is none, or cannot use this one.
        MissingDependency: it cannot run here.
    """
    engine = make_engine(name, options)
    missing = engine.missing()
    if missing is not None:
        raise MissingDependency(missing)
    voice, told = _voice(engine, clip, transcript)
    able = engine.capabilities
    languages = [lang for lang in TEXTS if "*" in able.languages or lang in able.languages]
    with Host(name, options, ready_s=engine.ready_s, stall_s=engine.stall_s) as host:
        began = time.monotonic()
        _speak(host, voice, languages[:1], 1)
        loaded = time.monotonic()
        spoken = _speak(host, voice, languages, _TIMES)
        ended = time.monotonic()
        memory = _resident_mb(host.pid), _device_mb(host.pid)
    sentences = tuple(_judged(language, result) for language, result in spoken)
    return SelfTest(
        engine=name,
        reference=told,
        load_s=loaded - began,
        audio_s=sum(sentence.seconds for sentence in sentences),
        seconds=ended - loaded,
        memory_mb=memory[0],
        device_memory_mb=memory[1],
        sentences=sentences,
        facts=engine.describe(),
    )


def _speak(
    host: Host, voice: Mapping[str, Voice], languages: Sequence[str], times: int
) -> list[tuple[str, Speech | Failure]]:
    """(language, result) in the order of languages and times."""
    requests = [
        Request(f"{language}/{number}", TEXTS[language], language, voice[language].digest,
                _SEED + number)
        for language in languages
        for number in range(times)
    ]  # fmt: skip
    answers = dict(host.synthesize({v.digest: v for v in voice.values()}, requests))
    return [(request.language, answers[request.id]) for request in requests]


def _judged(language: str, result: Speech | Failure) -> Sentence:
    if isinstance(result, Failure):
        return Sentence(language, complaints=(result.reason,))
    made_of = {"spoken": TEXTS[language], "language": language, "voice": "", "style": "",
               "engine": ""}  # fmt: skip
    verdict = Judging().verdict(result.pcm, result.rate, made_of, result.signals)
    return Sentence(
        language,
        len(result.pcm) / result.rate,
        verdict.complaints,
        verdict.good,
        result.signals.get("similarity"),
    )


def _voice(
    engine: Engine, clip: Path | None, transcript: str | None
) -> tuple[dict[str, Voice], str]:
    """A voice for each language, and what it is."""
    able = engine.capabilities
    if not able.cloning:
        return {lang: found for lang in TEXTS if (found := _preset(engine, lang)) is not None}, ""
    if clip is not None:
        voice, told = _cloned(clip, transcript), clip.name
    else:
        voice, told = _espeak(able), "a sentence of espeak"
    for language in TEXTS:
        engine.check_voice(voice, language)
    return dict.fromkeys(TEXTS, voice), told


def _preset(engine: Engine, language: str) -> Voice | None:
    for preset in engine.presets():
        if "*" in preset.languages or language in (x.split("-")[0] for x in preset.languages):
            return Voice(f"preset {preset.name}", preset=preset.name)
    return None


def _cloned(clip: Path, transcript: str | None) -> Voice:
    from audio.reference import read_reference

    found = read_reference(clip)
    name = digest({"clip": clip.name, "transcript": transcript or ""})
    return Voice(name, reference=Reference(found.pcm, found.rate, transcript, name))


def _espeak(able: Capabilities) -> Voice:
    if make_engine("espeak").missing() is not None:
        raise VoiceError(
            "the self-test needs a voice to speak with",
            expected="--reference CLIP --transcript TEXT, or pip install 'castbook[espeak]'",
        )
    with Host("espeak") as host:
        request = Request("clip", _CLIP, "en", "en", 1)
        [(_, speech)] = host.synthesize({"en": Voice("en", preset="en-gb-x-rp")}, [request])
    if isinstance(speech, Failure):
        raise MissingDependency(f"espeak made no clip for the self-test: {speech.reason}")
    return Voice("espeak", reference=Reference(speech.pcm, speech.rate, _CLIP, "espeak"))


def _resident_mb(pid: int | None) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
        [most] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(most) / 1e3
    except (OSError, ValueError):
        return 0.0


def _device_mb(pid: int | None) -> float:
    query = ["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0.0
    rows = [line.split(",") for line in told.splitlines() if line.count(",") == 1]
    return sum(
        float(used) * 1.048576 for number, used in rows
        if number.strip() == str(pid) and used.strip().isdigit()
    )  # fmt: skip
