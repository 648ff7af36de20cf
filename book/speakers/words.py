"""What ``configs/speakers/*.yaml`` says: words that show who acts and speaks, and weights.

A language without a file has no words: names, verbs of speech and turns still work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from castbook.resources import list_configs, read_config

_FOLDER = "speakers"


@dataclass(frozen=True, eq=False)
class SpeakerWords:
    """Words of one language, lower case. Compared by identity: one object for each file."""

    determiners: frozenset[str] = frozenset()
    possessives: Mapping[str, str] = field(default_factory=dict)  # word -> "m", "f" or "i"
    persons: Mapping[str, str] = field(default_factory=dict)  # noun -> "m", "f" or "x"
    anyone: frozenset[str] = frozenset()  # persons that may be anybody: man, friend, sister
    groups: frozenset[str] = frozenset()
    someone: frozenset[str] = frozenset()
    utterances: frozenset[str] = frozenset()
    announcing: tuple[str, ...] = ()  # forms that only stand before a quotation: saying
    not_said: tuple[str, ...] = ()
    conjunctions: frozenset[str] = frozenset()
    prepositions: frozenset[str] = frozenset()
    calling: frozenset[str] = frozenset()
    pronouns: frozenset[str] = frozenset()
    addresses: Mapping[str, str] = field(default_factory=dict)  # phrase -> "m" or "f"
    titled: Mapping[str, frozenset[str]] = field(default_factory=dict)  # noun -> titles
    families: Mapping[str, frozenset[str]] = field(default_factory=dict)  # noun -> titles or none


@cache
def load_words(tag: str) -> SpeakerWords:
    """The words of a language, by its primary subtag."""
    if tag not in list_configs(_FOLDER):
        return SpeakerWords()
    raw = _read(tag)
    return SpeakerWords(
        determiners=frozenset(raw["determiners"]),
        possessives=_inverted(raw["possessives"]),
        persons=_inverted(raw["persons"]),
        anyone=frozenset(raw["anyone"]),
        groups=frozenset(raw["groups"]),
        someone=frozenset(raw["someone"]),
        utterances=frozenset(raw["utterances"]),
        announcing=tuple(raw["announcing"]),
        not_said=tuple(raw["not_said"]),
        conjunctions=frozenset(raw["conjunctions"]),
        prepositions=frozenset(raw["prepositions"]),
        calling=frozenset(raw["calling"]),
        pronouns=frozenset(raw["pronouns"]),
        addresses=_inverted(raw["addresses"]),
        titled={noun: frozenset(titles) for noun, titles in raw["titled"].items()},
        families={noun: frozenset(titles) for noun, titles in raw["families"].items()},
    )


@cache
def load_weights(name: str) -> Mapping[str, float]:
    """The weights of the features, as ``scripts/speaker_weights.py`` wrote them."""
    return {key: float(value) for key, value in _read(name)["weights"].items()}


@cache
def load_calibration(name: str) -> Mapping[str, tuple[float, float]]:
    """Slope and offset of the log odds, from probabilities to how often they were right.

    One pair for turns with a name in their tag (``named``), one for the others.
    """
    return {k: (float(a), float(b)) for k, (a, b) in _read(name)["calibration"].items()}


def _read(name: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw: dict[str, Any] = yaml.load(read_config(_FOLDER, f"{name}.yaml"), Loader=loader)
    return raw


def _inverted(groups: Mapping[str, list[str]]) -> dict[str, str]:
    """``{m: [he]}`` to ``{he: m}``; a word of two groups keeps the first."""
    found: dict[str, str] = {}
    for group, words in groups.items():
        for word in words:
            found.setdefault(word, group)
    return found
