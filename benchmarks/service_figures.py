"""Figures of ``benchmarks.service``: what was measured, what was promised, whether it holds."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    part: str
    what: str
    value: str
    bar: str = ""  # "": nothing was promised
    holds: bool = True

    def line(self) -> str:
        """As a person reads it."""
        verdict = "" if not self.bar else "holds" if self.holds else "MISSED"
        return f"{self.part:<7} {self.what:<58} {self.value:>24}  {self.bar:<22} {verdict}"


def counted(part: str, what: str, value: int, wanted: int) -> Figure:
    """A number that must be ``wanted``."""
    return Figure(part, what, str(value), str(wanted), value == wanted)


def below(part: str, what: str, milliseconds: float, bar: float) -> Figure:
    """A time that must be less than ``bar`` ms."""
    return Figure(part, what, f"{milliseconds:.1f} ms", f"< {bar:g} ms", milliseconds < bar)


def told(part: str, what: str, value: object) -> Figure:
    """A figure without a bar."""
    return Figure(part, what, str(value))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of them do not exceed; nan for none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def load() -> str:
    """How busy the machine is, for the reader of a time."""
    return f"{os.getloadavg()[0]:.1f}"
