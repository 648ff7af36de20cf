"""Which preset answers to a name that clients bring along, or to no name at all. Pure.

The names and their engines' own counterparts are data (``configs/service/voices.yaml``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from castbook.resources import read_config
from tts.engine import Preset


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that stands for a preset."""

    name: str
    gender: Literal["m", "f", "x"]
    description: str
    presets: Mapping[str, str]  # engine -> its preset
    place: int  # among the names of its gender


@cache
def aliases() -> Mapping[str, Alias]:
    """All of them, by name."""
    import yaml

    data: Mapping[str, Mapping[str, Any]] = yaml.safe_load(read_config("service", "voices.yaml"))
    places = {"m": 0, "f": 0, "x": 0}
    found = {}
    for name, entry in data.items():
        gender = entry["gender"]
        own = {key: entry[key] for key in entry if key not in ("gender", "description")}
        found[name] = Alias(name, gender, entry["description"], own, places[gender])
        places[gender] += 1
    return found


def preset_of(alias: Alias, engine: str, presets: Sequence[Preset], language: str) -> Preset | None:
    """The preset an alias stands for in a language; None for an engine without presets.

    Its own counterpart where that speaks the language, else the presets of its gender one
    after another, else any.
    """
    fitting = speaking(presets, language)
    own = alias.presets.get(engine)
    for preset in fitting:
        if preset.name == own:
            return preset
    same = [preset for preset in fitting if preset.gender == alias.gender] or list(fitting)
    return same[alias.place % len(same)] if same else None


def speaking(presets: Sequence[Preset], language: str) -> tuple[Preset, ...]:
    """The presets for a language, the best first: those of the very tag, then those of its
    language. All of them where none says that it speaks it: the engine has the last word."""
    return _speaking(tuple(presets), language.lower())


@lru_cache(maxsize=256)
def _speaking(presets: tuple[Preset, ...], tag: str) -> tuple[Preset, ...]:
    exact, near = [], []
    for preset in presets:
        spoken = [known.lower() for known in preset.languages]
        if tag in spoken:
            exact.append(preset)
        elif any(known == "*" or _base(known) == _base(tag) for known in spoken):
            near.append(preset)
    return tuple(exact + near) or presets


def _base(tag: str) -> str:
    return tag.partition("-")[0]
