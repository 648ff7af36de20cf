"""Tables and times as a terminal shows them."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width

import click

Row = Sequence[object]


def table(head: Sequence[str], rows: Sequence[Row]) -> None:
    """Columns as wide as their widest cell; nothing is ever cut off."""
    cells = [tuple(str(cell) for cell in row) for row in (head, *rows)]
    widths = [max(display_width(row[i]) for row in cells) for i in range(len(head))]
    for number, row in enumerate(cells):
        padded = (c + " " * (w - display_width(c)) for c, w in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())
        if number == 0:
            click.echo("  ".join("-" * width for width in widths))
    click.echo()


def display_width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def clock(seconds: float) -> str:
    """``1:02:03`` or ``4:05``."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"
