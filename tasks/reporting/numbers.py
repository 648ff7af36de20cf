"""Figures as people read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MINUS: Final = "\N{MINUS SIGN}"
UNKNOWN: Final = "\N{EN DASH}"
_UNITS: Final[Mapping[str, tuple[int, str]]] = {
    "_db": (1, "dB"),
    "lufs": (1, "LUFS"),
    "_lu": (1, "LU"),
    "_s": (2, "s"),
}


def clock(seconds: float) -> str:
    """``1:02:03`` or ``4:05``."""
    hours, rest = divmod(round(seconds), 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"


def signed(value: float, places: int = 1) -> str:
    """A number with a real minus sign."""
    return f"{value:.{places}f}".replace("-", MINUS)


def figure(name: str, value: float | None) -> str:
    """A measured figure without its unit, by the ending of its name; a dash for None."""
    if value is None:
        return UNKNOWN
    if name == "duration_s":
        return clock(value)
    places = next((places for end, (places, _) in _UNITS.items() if name.endswith(end)), 1)
    return signed(value, places)


def percent(share: float, places: int = 1) -> str:
    """``12.5 %``; whole when it is whole, and never rounded up to 100 %."""
    shown = f"{share * 100:.{places}f}"
    if share < 1 and float(shown) >= 100:
        shown = f"{100 - 10**-places:.{places}f}"
    return f"{shown.removesuffix('.' + '0' * places)}\N{NO-BREAK SPACE}%"


def size(count: int) -> str:
    """Bytes as ``12.3 MB`` or ``45 kB``."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1.0, count / 1e3):.0f} kB"


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 segment``, ``2 segments``, ``1,234 segments``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
