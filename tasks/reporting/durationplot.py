"""Seconds against characters as a plot: a dot per segment. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tasks.pages import Markup, element
from tasks.reporting.drawing import LAST_TICK, MOST_TICKS, percent, slug, stretched
from tasks.reporting.durations import Outlier, Spoken
from tasks.reporting.numbers import counted

_FIELD: Final = 1000  # units of the scattered picture's sides
_ROOM: Final = 1.04  # so that no dot lies on the edge


def duration_plot(
    spoken: Sequence[Spoken], outliers: Sequence[Outlier], colours: Mapping[str, int]
) -> Markup:
    """Seconds against characters of text, a dot per segment, rings around the outliers."""
    letters = _ROOM * max((row.letters for row in spoken), default=1) or 1
    seconds = _ROOM * max((row.seconds for row in spoken), default=1.0) or 1.0
    dots: dict[int, dict[tuple[int, int], None]] = {}
    for row in spoken:
        place = round(row.letters / letters * _FIELD), round(_FIELD * (1 - row.seconds / seconds))
        dots.setdefault(colours.get(row.character, 0), {})[place] = None
    paths = [
        element("path", class_=f"dots c{colour}", d="".join(f"M{x} {y}h0" for x, y in places))
        for colour, places in sorted(dots.items())
    ]
    rings = [
        element(
            "a",
            element(
                "circle",
                element("title", f"{o.spoken.id}: {o.spoken.seconds:.1f} s"),
                cx=percent(o.spoken.letters, letters),
                cy=percent(seconds - o.spoken.seconds, seconds),
                r=6,
            ),
            href=f"#out-{slug(o.spoken.id)}",
            tabindex=-1,
            class_="ring",
        )
        for o in outliers
    ]
    rows = [
        element("text", f"{value:g} s", x="4", y=percent(seconds - value, seconds), dy="-3")
        for value in _ticks(seconds)
    ]
    columns = [
        element("text", f"{value:g}", x=percent(value, letters), y="100%", dy="-4", class_="x")
        for value in _ticks(letters)
    ]
    lines = "".join(f"M0 {round(_FIELD * (1 - v / seconds))}H{_FIELD}" for v in _ticks(seconds))
    return element(
        "svg",
        stretched(_FIELD, _FIELD, element("path", class_="grid", d=lines), *paths),
        *rows,
        *columns,
        *rings,
        class_="plot",
        role="img",
        aria_label=(
            f"Seconds against characters of {counted(len(spoken), 'segment')}; "
            f"{counted(len(outliers), 'outlier')}, listed below"
        ),
    )


def _ticks(most: float) -> list[float]:
    """A few round numbers inside ``most``, 0 and the end left out."""
    for step in (s * 10**power for power in range(-1, 6) for s in (1, 2, 5)):
        if most / step <= MOST_TICKS:
            return [
                round(n * step, 3)
                for n in range(1, int(most / step) + 1)
                if n * step < LAST_TICK * most
            ]
    return []
