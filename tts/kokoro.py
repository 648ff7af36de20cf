"""The kokoro engine: Kokoro-82M by kokoro-onnx, a small neural voice that runs on a CPU.

Weights (Apache-2.0) come by ``castbook get kokoro``. Model and front end live in processes of
their own (``tts/kokoro_model.py``: phonemizer and espeak-ng are GPL); every request is spoken
by a fork of the loaded process on one thread, so its bytes depend on text, voice and speed,
and not on workers, order or cores. English, Spanish, French, Hindi, Italian and Brazilian
Portuguese; Mandarin where the package ``misaki[zh]`` is installed.

A voice parameter: ``speed``, 0.5-2. An option: ``workers``, requests at once; the number of
cores, at most four, if absent (they share the weights; each takes some hundred megabytes while
it speaks). It changes no byte.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from castbook.errors import VoiceError
from tts.crew import Answer, Crew
from tts.engine import (
    Capabilities,
    EngineError,
    Failure,
    Preset,
    Request,
    Speech,
    Voice,
)
from tts.forked import ForkedEngine
from tts.options import Number, check_known, check_numbers, check_parameters
from tts.presets import did_you_mean, shipped_presets
from tts.text import clean
from tts.weights import find_weights, read_manifest

_VERSION = 1  # raised when the sound changes
_RATE = 24000  # Hz; fixed by the model
MODEL, VOICES = "kokoro-v1.0.onnx", "voices-v1.0.bin"
# Phonemes. The model takes 510; its card says voices rush above 400 ("goldilocks range"
# 100-200), and what is measured here is an estimate.
_LIMIT = 400
_JOB_S = 600.0  # a long request on a slow core
# A fork has one thread, so the process it comes from must have no other: pools of BLAS threads,
# and the thread with which onnxruntime (1.31) reports on its users.
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}
_PARAMETERS = {"speed": Number(0.5, 2)}
_ACCENTS: Mapping[str, str] = {  # first letter of a preset → how it reads its own language
    "a": "en-us", "b": "en-gb", "e": "es", "f": "fr", "h": "hi", "i": "it", "p": "pt", "z": "zh",
}  # fmt: skip
_FOREIGN: Mapping[str, str] = {"en": "en-us", **{a: a for a in _ACCENTS.values() if "-" not in a}}
_CHINESE_NEEDS = ("misaki", "jieba", "pypinyin", "cn2an", "ordered_set")
_TENTHS_PER_HAN, _TENTHS_PER_DIGIT, _TENTHS_PER_CAPITAL, _TENTHS = 50, 80, 40, 13


class KokoroEngine(ForkedEngine):
    """See the module."""

    name: ClassVar[str] = "kokoro"

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        check_known(self.name, self.options, ("workers",))
        check_numbers(self.name, self.options, {"workers": Number(1, 64, whole=True)})
        self._workers: int = self.options.get("workers", min(4, os.cpu_count() or 1))

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            rate=_RATE,
            languages=tuple(sorted(set(_FOREIGN) - (set() if speaks_chinese() else {"zh"}))),
            limit=_LIMIT,
            unit="phonemes (estimated)",
            seeds=False,
            phonemes=("ipa",),
            slots=self._workers,
            reports=True,
        )

    def fingerprint(self) -> str:
        found = find_weights(self.name)
        if found is not None:
            digests = found.digests
        else:  # what ``castbook get`` would bring
            pinned = read_manifest(self.name).files
            digests = {name: e.sha256 if e is not None else "any" for name, e in pinned.items()}
        return (
            f"kokoro {_VERSION} kokoro-onnx={_version('kokoro-onnx')} "
            f"espeakng-loader={_version('espeakng-loader')} "
            f"model={digests[MODEL][:16]} voices={digests[VOICES][:16]}"
        )

    def presets(self) -> Sequence[Preset]:
        return shipped_presets(self.name)

    def measure(self, text: str, language: str) -> int:
        """Phonemes of ``text``, estimated from its characters; see ``estimate``."""
        return estimate(text)

    def missing(self) -> str | None:
        if find_spec("kokoro_onnx") is None:
            return "the package kokoro-onnx is not installed: pip install 'castbook[kokoro]'"
        if find_weights(self.name) is None:
            return "the weights of kokoro (350 MB) are not here: castbook get kokoro"
        return None

    def check_voice(self, voice: Voice, language: str) -> None:
        if voice.reference is not None or voice.preset is None:
            raise VoiceError("engine kokoro cannot clone a voice", expected="a preset")
        check_parameters(self.name, voice.parameters, _PARAMETERS)
        names = [preset.name for preset in self.presets()]
        if voice.preset not in names:
            raise VoiceError(
                f"engine kokoro has no preset {voice.preset!r}",
                expected="one of those that castbook voices --engine kokoro lists",
                hint=did_you_mean(voice.preset, names),
            )
        if language and _primary(language) not in _FOREIGN:
            raise VoiceError(
                f"engine kokoro does not speak {language!r}", expected=", ".join(sorted(_FOREIGN))
            )
        if accent_of(voice.preset, language) == "zh" and not speaks_chinese():
            raise VoiceError(
                f"{voice.preset} needs the front end for Mandarin, which is not installed",
                hint="pip install 'misaki[zh]'",
            )

    def _make_crew(self) -> Crew:
        found = find_weights(self.name)
        if found is None:
            raise EngineError("the weights of kokoro vanished", "dead")
        return Crew(
            "tts.kokoro_model",
            {"model": str(found.folder / MODEL), "voices": str(found.folder / VOICES)},
            self._workers,
            begun=self._begun,
            limit_s=_JOB_S,
            environ=_ONE_THREAD,
        )

    def _job(self, request: Request, voice: Voice) -> dict[str, object] | Failure:
        if voice.preset is None:  # check_voice has seen to that
            return Failure("permanent", "engine kokoro speaks with presets only")
        return {
            "text": clean(request.text),
            "voice": voice.preset,
            "accent": accent_of(voice.preset, request.language),
            "speed": voice.parameters.get("speed", 1.0),
        }

    def _speech(self, answer: Answer, request: Request) -> Speech | Failure:
        return Speech(
            pcm=np.frombuffer(answer.payload, "<i2").astype(np.int16, copy=False),
            rate=answer.header["rate"],
            clipped=answer.header["clipped"],
            seconds=answer.header["seconds"],
        )


def estimate(text: str) -> int:
    """The phonemes of ``text``, on the safe side.

    Measured 2026-11-21 on the 2,435 sentences of The Sign of the Four: only "W." had more
    than estimated, the median had 77 % of it, and no piece that measures 400 had more than 336.
    Mandarin (孔乙己, misaki 0.9.4) has 3.6-4.4 per Han character.
    """
    tenths = 0
    for character in text:
        if character.isdigit():
            tenths += _TENTHS_PER_DIGIT
        elif character >= "\u2e80":
            tenths += _TENTHS_PER_HAN
        else:
            tenths += _TENTHS_PER_CAPITAL if character.isupper() else _TENTHS
    return max(1, -(-tenths // 10))


def accent_of(preset: str, language: str) -> str:
    """How a preset reads ``language``: its own in its own accent, others in the usual one."""
    own = _ACCENTS[preset[0]]
    if not language or _primary(own) == _primary(language):
        return own
    return _FOREIGN[_primary(language)]


@cache
def speaks_chinese() -> bool:
    """Whether the front end for Mandarin is installed; imports nothing."""
    return all(find_spec(package) is not None for package in _CHINESE_NEEDS)


def _primary(tag: str) -> str:
    return tag.lower().replace("_", "-").partition("-")[0]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
