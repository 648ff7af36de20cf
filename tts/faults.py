"""Faults by order: what the tone engine does wrong, so that everything above it can be tested.

    faults:
      - {match: "goose", kind: die, times: 2}

``match`` is a regular expression searched in the text. ``times: 2`` is over at the third
try; ``always`` (the default) never ends. Which count is meant depends on what the line above
raises after such a fault:

| kind | what happens | counted by |
|---|---|---|
| fail | a transient failure | try |
| refuse | a permanent failure | try |
| hang | no answer, ever | try |
| die | the engine process kills itself | try |
| memory | MemoryError | try |
| silence, loop, truncate | no sound; the beginning again and again; a third of it | attempt |
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from castbook.errors import ProjectError
from tts.engine import Request

Kind = Literal["fail", "refuse", "hang", "die", "memory", "silence", "loop", "truncate"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_BAD_AUDIO = ("silence", "loop", "truncate")
_KEYS = ("match", "kind", "times")


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of ``faults``."""

    match: re.Pattern[str]
    kind: Kind
    times: int | None  # None: always

    @property
    def spoils_audio(self) -> bool:
        """Whether there is audio, but bad audio."""
        return self.kind in _BAD_AUDIO

    def strikes(self, request: Request) -> bool:
        """Whether it hits this try of this attempt."""
        count = request.attempt if self.spoils_audio else request.try_number
        due = self.times is None or count < self.times
        return due and self.match.search(request.text) is not None


def parse_faults(value: object, place: str) -> tuple[Fault, ...]:
    """The faults of a project's options.

    Raises:
        ProjectError: with the key path under ``place``.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ProjectError("faults are a list", place=place, expected="- {match: …, kind: …}")
    return tuple(_parse(entry, f"{place}[{i}]") for i, entry in enumerate(value))


def _parse(entry: object, place: str) -> Fault:
    if not isinstance(entry, Mapping) or not {"match", "kind"} <= entry.keys() <= set(_KEYS):
        raise ProjectError("not a fault", place=place, expected="keys match, kind, times")
    return Fault(
        _pattern(entry["match"], f"{place}.match"),
        _kind(entry["kind"], f"{place}.kind"),
        _times(entry.get("times", "always"), f"{place}.times"),
    )


def _pattern(value: Any, place: str) -> re.Pattern[str]:
    try:
        return re.compile(value)
    except (re.error, TypeError) as error:
        raise ProjectError(str(error), place=place, expected="a regular expression") from error


def _kind(value: Any, place: str) -> Kind:
    for kind in KINDS:
        if value == kind:
            return kind
    raise ProjectError(f"no such fault: {value!r}", place=place, expected=", ".join(KINDS))


def _times(value: Any, place: str) -> int | None:
    if value == "always":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ProjectError(
        f"cannot happen {value!r} times", place=place, expected="a whole number from 1, or always"
    )
