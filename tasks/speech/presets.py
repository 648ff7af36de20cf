"""Presets of single texts, and how their settings and a text's own reach an engine's options.

Pure but for reading ``configs/service/presets.yaml`` once.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import yaml

from castbook.errors import InputError
from castbook.resources import read_config

SAMPLERS: Final = ("ras", "topk")
UNSTEADY_RATE: Final = 32000  # Hz: see ``check_stream``
_PRESET_OF_ENGINE: Final = ("glm",)  # engines whose own presets bear the same names
# what a text may call an option, and what the engine calls it
_OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "glm": {
        "sampler": "sampler",
        "max_length": "context",  # positions of its language model: what bounds its memory
        "steps": "steps",
        "guidance": "guidance",
    },
}
_ENGINES_RATES: Final[Mapping[str, tuple[int, ...]]] = {"glm": (24000, 32000)}
_ANY_RATE: Final[Mapping[str, tuple[int, int]]] = {"tone": (8000, 48000)}


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of settings."""

    name: str
    rate: int | None  # Hz
    seed: int | None
    stream: bool
    options: Mapping[str, object]  # sampler, kv_cache


@cache
def presets() -> Mapping[str, Preset]:
    """All of them, by name."""
    loaded = yaml.safe_load(read_config("service", "presets.yaml"))["presets"]
    return MappingProxyType({name: _preset(name, dict(row)) for name, row in loaded.items()})


def preset_of(name: str) -> Preset | None:
    """The preset of that name; None for "".

    Raises:
        InputError: there is none; with the nearest match.
    """
    if not name:
        return None
    if name in presets():
        return presets()[name]
    near = difflib.get_close_matches(name[:40], presets(), n=1)
    raise InputError(
        f"there is no preset {name[:40]!r}",
        place="preset",
        expected="one of " + ", ".join(presets()),
        hint=f"did you mean {near[0]}?" if near else None,
    )


def check_stream(rate: int | None, *, stream: bool, experimental: bool = False) -> None:
    """Refuses 32 kHz in a stream: that rate has a vocoder that hears whole mels only, so the
    first sound comes when the last is made, and chunks of it have seams.

    Args:
        rate: Hz that was asked for; None: the engine's own.
        stream: whether the sound is sent while it is made.
        experimental: whoever asks knows.

    Raises:
        InputError: with the two ways out.
    """
    if stream and rate is not None and rate >= UNSTEADY_RATE and not experimental:
        raise InputError(
            f"{rate} Hz is not steady in a stream",
            place="rate",
            expected="24000, or stream: false",
            hint="experimental: true allows it",
        )


def engine_options(
    engine: str, preset: Preset | None, own: Mapping[str, object], rate: int | None
) -> tuple[dict[str, object], tuple[str, ...]]:
    """What the engine is told, and what it has no use for, one sentence each.

    Args:
        own: of the text; it outdoes the preset.
        rate: Hz that was asked for; the engine's own rate where it can have that.

    Raises:
        InputError: a sampler that nobody knows, a value of the wrong kind.
    """
    asked = {**(preset.options if preset else {}), **own}
    _check(asked)
    known = _OPTIONS.get(engine, {})
    given: dict[str, object] = {}
    notes = []
    if preset is not None and engine in _PRESET_OF_ENGINE:
        given["preset"] = preset.name
    for name, value in asked.items():
        if name in known:
            given[known[name]] = value
        elif name in ("sampler", "max_length"):
            notes.append(f"engine {engine} has no {name}: ignored")
        elif name == "kv_cache":
            if value is False:
                notes.append(f"engine {engine} cannot do without its cache: kv_cache ignored")
        else:
            given[name] = value  # an option in the engine's own words; it refuses what it lacks
    if rate is not None and _speaks_at(engine, rate):
        given["rate"] = rate
    return given, tuple(notes)


def _speaks_at(engine: str, rate: int) -> bool:
    low, high = _ANY_RATE.get(engine, (1, 0))
    return rate in _ENGINES_RATES.get(engine, ()) or low <= rate <= high


def _check(asked: Mapping[str, object]) -> None:
    sampler = asked.get("sampler", SAMPLERS[0])
    if sampler not in SAMPLERS:
        raise InputError(
            f"there is no sampler {str(sampler)[:40]!r}",
            place="sampler",
            expected="one of " + ", ".join(SAMPLERS),
        )
    if not isinstance(asked.get("kv_cache", True), bool):
        raise InputError("is neither", place="kv_cache", expected="true or false")


def _preset(name: str, row: dict[str, Any]) -> Preset:
    rate, seed, stream = row.pop("rate"), row.pop("seed"), row.pop("stream")
    return Preset(name, rate, seed, stream, MappingProxyType(row))
