"""Checking the options that a project gives an engine: unknown keys, types, ranges.

Every refusal is a ``ProjectError`` with ``place="engines.NAME.KEY"``; voice parameters are
checked by the same rules and refused with a ``VoiceError``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from castbook.errors import ProjectError, VoiceError
from tts.presets import did_you_mean


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a range; ``whole`` for integers only."""

    low: float
    high: float
    whole: bool = False

    def takes(self, value: object) -> bool:
        """Whether a value fits."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.whole and not isinstance(value, int):
            return False
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{'a whole number' if self.whole else 'a number'}, {self.low:g} to {self.high:g}"


def check_known(engine: str, options: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuses options that the engine does not have."""
    for key in options:
        if key not in known:
            raise ProjectError(
                "unknown option",
                place=f"engines.{engine}.{key}",
                expected="one of " + ", ".join(known) if known else "no options",
                hint=did_you_mean(str(key), known),
            )


def check_numbers(engine: str, options: Mapping[str, Any], rules: Mapping[str, Number]) -> None:
    """Refuses numbers out of range; options without a rule are not looked at."""
    for key, rule in rules.items():
        if key in options and not rule.takes(options[key]):
            raise ProjectError(
                f"cannot be {options[key]!r}", place=f"engines.{engine}.{key}", expected=str(rule)
            )


def check_parameters(
    engine: str, parameters: Mapping[str, Any], rules: Mapping[str, Number]
) -> None:
    """The parameters of a voice.

    Raises:
        VoiceError: unknown, or out of range.
    """
    for key, value in parameters.items():
        rule = rules.get(key)
        if rule is None:
            raise VoiceError(
                f"engine {engine} knows no parameter {key!r}",
                expected="one of " + ", ".join(rules) if rules else "no parameters",
                hint=did_you_mean(str(key), rules),
            )
        if not rule.takes(value):
            raise VoiceError(f"{key} cannot be {value!r}", expected=str(rule))
