"""Plots as inline SVG: loudness over time, seconds against characters, small bars. Pure.

Curves are drawn in a stretched inner picture, words in the outer one at places in percent:
so a plot is as wide as its page, and its words are readable on a phone. Colours come from
the page's style by class; attributes hold places only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audio.mastering.gauge import COURSE_S
from tasks.pages import Markup, element, joined
from tasks.reporting.course import Course
from tasks.reporting.durations import Outlier, Spoken
from tasks.reporting.numbers import clock, counted, signed

_LOWEST_DB: Final = -72  # nothing below is drawn: it is room tone in every book
_GRID_DB: Final = 6
_DEEP: Final = 0.02  # share of the points that may fall below the plot: heads, tails, scenes
_NAMED: Final = 0.04  # of the width: a narrower chapter has no room for its number
_STEPS_S: Final = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000)
_MOST_TICKS: Final = 6
_FIELD: Final = 1000  # units of the scattered picture's sides
_LAST_TICK: Final = 0.96  # of the width: a later one is cut off
_ROOM: Final = 1.04  # so that no dot lies on the edge
_SPARK: Final = (-10.0, -46.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """Which levels a plot shows, from ``top`` down to ``bottom`` (multiples of 6 dB)."""

    top: int
    bottom: int

    @classmethod
    def of(cls, course: Course) -> Scale:
        """All that is loud, and the quiet but for a few points: differences of 1 dB show."""
        lows = sorted(course.low)
        low = lows[min(len(lows) - 1, int(len(lows) * _DEEP))]
        top = min(0, math.ceil((max(course.high) + 2) / _GRID_DB) * _GRID_DB)
        bottom = max(_LOWEST_DB, math.floor((low - 2) / _GRID_DB) * _GRID_DB)
        return cls(top, min(bottom, top - 3 * _GRID_DB))

    @property
    def height(self) -> int:
        """Of the picture, in tenths of a decibel."""
        return (self.top - self.bottom) * 10

    @property
    def grid(self) -> range:
        """Levels that have a line."""
        return range(self.bottom + _GRID_DB, self.top, _GRID_DB)

    def y(self, level: float) -> int:
        """Where a level is drawn; levels outside lie on the edge."""
        return round((self.top - max(self.bottom, min(self.top, level))) * 10)


def loudness_plot(course: Course, rms: Mapping[int, float], target_db: float | None) -> Markup:
    """RMS over the whole book: quietest to loudest, mean, chapters side by side.

    Args:
        rms: chapter -> RMS of the whole chapter, drawn as a step.
        target_db: what the profile masters chapters to.
    """
    scale = Scale.of(course)
    width, height = len(course.mean), scale.height
    inside: list[Markup] = []
    for place, stretch in enumerate(course.chapters):
        wide = (stretch.end - stretch.start) / course.size
        name = f"Chapter {stretch.number}: {stretch.title}"
        inside.append(
            element(
                "a",
                element(
                    "rect",
                    element("title", name),
                    x=_short(stretch.start / course.size),
                    y=0,
                    width=_short(wide),
                    height=height,
                ),
                href=f"#chapter-{stretch.number}",
                tabindex=-1,
                class_=f"stretch{place % 2}",
            )
        )
    points = [(i + 0.5, value) for i, value in enumerate(course.high)]
    back = [(i + 0.5, value) for i, value in enumerate(course.low)][::-1]
    inside.append(element("path", class_="band", d=_line([*points, *back], scale) + "z"))
    middle = [(i + 0.5, value) for i, value in enumerate(course.mean)]
    inside.append(element("path", class_="mean", d=_line(middle, scale)))
    steps = "".join(
        f"M{_short(s.start / course.size)} {scale.y(rms[s.number])}H{_short(s.end / course.size)}"
        for s in course.chapters
        if s.number in rms
    )
    inside.append(element("path", class_="chapter-rms", d=steps))
    if target_db is not None:
        inside.append(element("path", class_="target", d=f"M0 {scale.y(target_db)}H{width}"))
    inside.append(element("path", id="cursor", d=f"M0 0V{height}"))
    words = [
        element(
            "text", f"{signed(level, 0)} dB", x="4", y=_percent(scale.y(level), height), dy="-3"
        )
        for level in scale.grid
    ]
    words += [
        element(
            "text",
            s.number,
            x=_percent((s.start + s.end) / 2, course.windows),
            y=0,
            dy=14,
            class_="x",
        )
        for s in course.chapters
        if (s.end - s.start) / course.windows >= _NAMED
    ]
    lines = "".join(f"M0 {scale.y(level)}H{width}" for level in scale.grid)
    seconds = course.windows * COURSE_S
    return element(
        "svg",
        _stretched(width, height, element("path", class_="grid", d=lines), *inside),
        *words,
        *_time_ticks(seconds),
        class_="plot",
        role="img",
        aria_label=(
            f"Loudness over {clock(seconds)} in {counted(len(course.chapters), 'chapter')}; the"
            " slider below reads it point by point"
        ),
    )


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
                cx=_percent(o.spoken.letters, letters),
                cy=_percent(seconds - o.spoken.seconds, seconds),
                r=6,
            ),
            href=f"#out-{slug(o.spoken.id)}",
            tabindex=-1,
            class_="ring",
        )
        for o in outliers
    ]
    rows = [
        element("text", f"{value:g} s", x="4", y=_percent(seconds - value, seconds), dy="-3")
        for value in _ticks(seconds)
    ]
    columns = [
        element("text", f"{value:g}", x=_percent(value, letters), y="100%", dy="-4", class_="x")
        for value in _ticks(letters)
    ]
    lines = "".join(f"M0 {round(_FIELD * (1 - v / seconds))}H{_FIELD}" for v in _ticks(seconds))
    return element(
        "svg",
        _stretched(_FIELD, _FIELD, element("path", class_="grid", d=lines), *paths),
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


def sparkline(levels: Sequence[float]) -> Markup:
    """A chapter's course in a table's cell."""
    if len(levels) < 2:
        return Markup("")
    top, bottom = _SPARK
    points = [(i, max(bottom, min(top, level))) for i, level in enumerate(levels)]
    line = "L".join(f"{x} {round((top - level) * 10)}" for x, level in points)
    return element(
        "svg",
        element("path", d=f"M{line}"),
        class_="spark",
        viewBox=f"0 0 {len(levels) - 1} {round((top - bottom) * 10)}",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def bar(parts: Iterable[tuple[str, float]]) -> Markup:
    """Shares side by side: (class, share of the width)."""
    at, boxes = 0.0, []
    for name, share in parts:
        boxes.append(
            element(
                "rect",
                class_=name,
                x=f"{at * 100:.2f}%",
                width=f"{share * 100:.2f}%",
                height="100%",
            )
        )
        at += share
    return element("svg", *boxes, class_="bar", aria_hidden="true")


def slug(name: str) -> str:
    """A segment's id as the name of a place in the page."""
    return name.replace("/", "-")


def _stretched(width: float, height: float, *content: Markup) -> Markup:
    return element(
        "svg",
        joined(*content),
        viewBox=f"0 0 {_short(max(width, 1))} {_short(max(height, 1))}",
        preserveAspectRatio="none",
        width="100%",
        height="100%",
    )


def _time_ticks(seconds: float) -> list[Markup]:
    step = next((s for s in _STEPS_S if seconds / s <= _MOST_TICKS), _STEPS_S[-1])
    return [
        element("text", clock(at), x=_percent(at, seconds), y="100%", dy="-4", class_="x")
        for at in range(step, int(seconds), step)
        if at < _LAST_TICK * seconds
    ]


def _ticks(most: float) -> list[float]:
    """A few round numbers inside ``most``, 0 and the end left out."""
    for step in (s * 10**power for power in range(-1, 6) for s in (1, 2, 5)):
        if most / step <= _MOST_TICKS:
            return [
                round(n * step, 3)
                for n in range(1, int(most / step) + 1)
                if n * step < _LAST_TICK * most
            ]
    return []


def _line(points: Sequence[tuple[float, float]], scale: Scale) -> str:
    return "M" + "L".join(f"{_short(x)} {scale.y(level)}" for x, level in points)


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _percent(part: float, whole: float) -> str:
    return f"{part / whole * 100:.2f}%" if whole else "0%"
