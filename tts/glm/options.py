"""The options of the GLM-TTS engine: what a project may set, presets, and the fingerprint.

Light: imports no torch. Options (under ``engines: {glm: …}``):

| option | meaning | in the key |
|---|---|---|
| preset | batch (default), hifi, dialogue, debug: see configs/engines/glm.yaml | what it sets |
| sampler | ras (default) or topk | yes |
| rate | 24000 (default) or 32000 Hz: another vocoder | yes |
| steps | of the flow, 1-100 | yes |
| guidance | of the flow, 0-3; 0.7 if absent | yes |
| precision | of the flow: fp32, tf32, mixed, mixed-bf16 | yes |
| dtype, cache | of the language model's weights and memory: auto, fp32, bf16 | yes |
| context | positions of the language model, 256-8192; 1024 if absent, 2048 when chained | yes |
| chained | each segment hears the ones before it, as upstream does; one after another | yes |
| slots, rows | segments decoded, and rendered, at once; by device if absent | no |
| device | auto, cpu, cuda, cuda:1, or a list of them | no |
| checkpoint | a folder instead of what ``castbook get glm`` brings | its content |

What is in the key changes what one hears or how far a run-away can go. ``auto`` is bfloat16 on
a GPU and float32 on a CPU: the device itself is not in any key, either. Slots and rows change
only the last bits of what is calculated, never which random numbers are used; takes made with
other values are used as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from castbook.canonical import digest
from castbook.errors import ProjectError
from tts.options import Number, check_known, check_numbers
from tts.presets import did_you_mean, engine_data

Sampler = Literal["ras", "topk"]
Precision = Literal["fp32", "tf32", "mixed", "mixed-bf16"]
Dtype = Literal["auto", "fp32", "bf16"]

ENGINE = "glm"
_VERSION = 1  # raised when the sound changes
_SLOTS = {"cpu": 16, "cuda": 128}  # of the language model, by kind of device
RENDERINGS = 8  # segments rendered at once on a CPU at most: each needs memory of its own
_KNOWN = (
    "preset", "sampler", "rate", "steps", "guidance", "precision", "dtype", "cache", "context",
    "chained", "slots", "rows", "device", "checkpoint",
)  # fmt: skip
_NUMBERS = {
    "steps": Number(1, 100, whole=True),
    "guidance": Number(0, 3),
    "context": Number(256, 8192, whole=True),
    "slots": Number(1, 512, whole=True),
    "rows": Number(1, 64, whole=True),
}
_CHOICES: Mapping[str, tuple[object, ...]] = {
    "sampler": get_args(Sampler),
    "rate": (24000, 32000),
    "precision": get_args(Precision),
    "dtype": get_args(Dtype),
    "cache": get_args(Dtype),
    "chained": (False, True),
}
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,2})?")
# Files whose content the sound does not depend on.
_SILENT = ("speech_tokenizer/preprocessor_config.json",)
# Those that the speech tokens depend on.
_SAMPLING = ("llm/", "speech_tokenizer/", "vq32k-phoneme-tokenizer/")
_VOCODERS = {24000: "hift/", 32000: "vocos2d/"}


@dataclass(frozen=True, slots=True)
class Options:
    """Every option, checked and filled in."""

    preset: str = "batch"
    sampler: Sampler = "ras"
    rate: int = 24000  # Hz
    steps: int = 10
    guidance: float = 0.7
    precision: Precision = "tf32"
    dtype: Dtype = "auto"
    cache: Dtype = "auto"
    context: int = 1024  # positions
    chained: bool = False
    slots: int | None = None
    rows: int | None = None
    device: tuple[str, ...] = ("auto",)
    checkpoint: Path | None = None

    @classmethod
    def read(cls, options: Mapping[str, Any] | None = None) -> Options:
        """What a project says under ``engines: {glm: …}``.

        Raises:
            ProjectError: an unknown option, or a value it cannot take.
        """
        given = dict(options or {})
        check_known(ENGINE, given, _KNOWN)
        preset = given.get("preset", "batch")
        presets = engine_data(ENGINE)["option_presets"]
        if not isinstance(preset, str) or preset not in presets:
            raise _wrong("preset", preset, "one of " + ", ".join(presets), str(preset), presets)
        values = {**presets[preset], **given, "preset": preset}
        check_numbers(ENGINE, values, _NUMBERS)
        for key, choices in _CHOICES.items():
            if key in values and not _among(values[key], choices):
                told = "one of " + ", ".join(_said(choice) for choice in choices)
                raise _wrong(key, values[key], told, str(values[key]), map(str, choices))
        chained = values.get("chained", False)
        values.setdefault("context", 2048 if chained else 1024)
        values["guidance"] = float(values.get("guidance", 0.7))
        values["device"] = _devices(values.get("device", "auto"))
        values["checkpoint"] = _folder(values.get("checkpoint"))
        return cls(**values)

    def slots_on(self, kind: str) -> int:
        """Segments that the language model decodes at once on a kind of device."""
        return self.slots or _SLOTS.get(kind, _SLOTS["cpu"])

    def dtype_on(self, kind: str) -> Literal["fp32", "bf16"]:
        """Type of the language model's weights on a kind of device."""
        return _settled(self.dtype, kind)

    def cache_on(self, kind: str) -> Literal["fp32", "bf16"]:
        """Type of its keys and values; as the weights where it is ``auto``."""
        return _settled(self.cache, kind) if self.cache != "auto" else self.dtype_on(kind)


def fingerprint(options: Options, digests: Mapping[str, str]) -> str:
    """What decides the sound beside text, voice and seed.

    Args:
        digests: sha256 of the checkpoint's files by their names in it; those that this rate
            does not read count for nothing.
    """
    other = next(at for rate, at in _VOCODERS.items() if rate != options.rate)
    heard = {
        name: sha256
        for name, sha256 in digests.items()
        if not name.startswith(other) and name not in _SILENT
    }
    return (
        f"glm {_VERSION} {options.sampler} rate={options.rate} steps={options.steps} "
        f"guidance={options.guidance:g} flow={options.precision} lm={options.dtype} "
        f"cache={options.cache} context={options.context} chained={int(options.chained)} "
        f"weights={digest(heard)[:16]}"
    )


def sampling_fingerprint(options: Options, digests: Mapping[str, str]) -> str:
    """What decides the speech tokens: ``fingerprint`` without flow and vocoder."""
    heard = {name: sha256 for name, sha256 in digests.items() if name.startswith(_SAMPLING)}
    return (
        f"glm {_VERSION} {options.sampler} lm={options.dtype} cache={options.cache} "
        f"context={options.context} chained={int(options.chained)} "
        f"weights={digest({n: s for n, s in heard.items() if n not in _SILENT})[:16]}"
    )


def _among(value: object, choices: tuple[object, ...]) -> bool:
    """Equal and of one type: true is not 1, and 24000.0 no whole number."""
    return any(value == choice and type(value) is type(choice) for choice in choices)


def _said(choice: object) -> str:
    return str(choice).lower() if isinstance(choice, bool) else str(choice)


def _settled(dtype: Dtype, kind: str) -> Literal["fp32", "bf16"]:
    if dtype != "auto":
        return dtype
    return "bf16" if kind == "cuda" else "fp32"


def _devices(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    for name in names:
        if not isinstance(name, str) or not _DEVICE.fullmatch(name):
            raise _wrong("device", name, "auto, cpu, cuda, cuda:0 … or a list of them")
    if not names or len(set(names)) != len(names):
        raise _wrong("device", value, "each device once")
    if len(names) > 1 and "auto" in names:
        raise _wrong("device", value, "auto alone, or a list of devices")
    return tuple(names)


def _folder(value: object) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise _wrong("checkpoint", value, "a folder")
    folder = Path(value).expanduser()
    if not folder.is_absolute():  # an engine knows no project, and no current folder
        raise _wrong("checkpoint", value, "a folder from the root: /… or ~/…")
    return folder


def _wrong(key: str, value: object, expected: str, near: str = "", known: Any = ()) -> ProjectError:
    return ProjectError(
        f"cannot be {value!r}",
        place=f"engines.{ENGINE}.{key}",
        expected=expected,
        hint=did_you_mean(near, known) if near else None,
    )
