"""Loudness over the whole book as a plot. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audio.mastering.gauge import COURSE_S
from tasks.pages import Markup, element
from tasks.reporting.course import Course, Stretch
from tasks.reporting.drawing import LAST_TICK, MOST_TICKS, percent, short, stretched
from tasks.reporting.numbers import clock, counted, signed

_LOWEST_DB: Final = -72  # nothing below is drawn: it is room tone in every book
_GRID_DB: Final = 6
_NARROW_DB: Final = 24
_DEEP: Final = 0.02  # share of the points that may fall below the plot: heads, tails, scenes
_NAMED: Final = 0.04  # of the width: a narrower chapter has no room for its number
_STEPS_S: Final = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000)


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
        """Levels that have a line: every 6 dB, or every 3 where there is room for it."""
        step = _GRID_DB if self.top - self.bottom > _NARROW_DB else _GRID_DB // 2
        return range(self.bottom + step, self.top, step)

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
    seconds = course.windows * COURSE_S
    lines = "".join(f"M0 {scale.y(level)}H{width}" for level in scale.grid)
    aim = "" if target_db is None else f"M0 {scale.y(target_db)}H{width}"
    return element(
        "svg",
        stretched(
            width,
            height,
            element("path", class_="grid", d=lines),
            *(_chapter(s, place, course, height) for place, s in enumerate(course.chapters)),
            *_curves(course, scale),
            element("path", class_="chapter-rms", d=_steps(course, rms, scale)),
            element("path", class_="target", d=aim),
            element("path", id="cursor", d=f"M0 0V{height}"),
        ),
        *_words(course, scale),
        *_time_ticks(seconds),
        class_="plot",
        role="img",
        aria_label=(
            f"Loudness over {clock(seconds)} in {counted(len(course.chapters), 'chapter')}; the"
            " slider below reads it point by point"
        ),
    )


def _chapter(stretch: Stretch, place: int, course: Course, height: int) -> Markup:
    """The ground of one chapter: every other one is shaded, all lead to the chapter's row."""
    ground = element(
        "rect",
        element("title", f"Chapter {stretch.number}: {stretch.title}"),
        x=short(stretch.start / course.size),
        y=0,
        width=short((stretch.end - stretch.start) / course.size),
        height=height,
    )
    name = f"#chapter-{stretch.number}"
    return element("a", ground, href=name, tabindex=-1, class_=f"stretch{place % 2}")


def _curves(course: Course, scale: Scale) -> tuple[Markup, Markup]:
    """The band from quietest to loudest, and the mean."""
    high = [(i + 0.5, value) for i, value in enumerate(course.high)]
    low = [(i + 0.5, value) for i, value in enumerate(course.low)]
    mean = [(i + 0.5, value) for i, value in enumerate(course.mean)]
    return (
        element("path", class_="band", d=_line([*high, *low[::-1]], scale) + "z"),
        element("path", class_="mean", d=_line(mean, scale)),
    )


def _steps(course: Course, rms: Mapping[int, float], scale: Scale) -> str:
    return "".join(
        f"M{short(s.start / course.size)} {scale.y(rms[s.number])}H{short(s.end / course.size)}"
        for s in course.chapters
        if s.number in rms
    )


def _words(course: Course, scale: Scale) -> list[Markup]:
    """Levels at the left, numbers of the chapters at the top."""
    levels = [
        element("text", f"{signed(db, 0)} dB", x=4, y=percent(scale.y(db), scale.height), dy=-3)
        for db in scale.grid
    ]
    numbers = [
        element(
            "text", s.number, x=percent(s.start + s.end, 2 * course.windows), y=0, dy=14, class_="x"
        )
        for s in course.chapters
        if (s.end - s.start) / course.windows >= _NAMED
    ]
    return levels + numbers


def _time_ticks(seconds: float) -> list[Markup]:
    step = next((s for s in _STEPS_S if seconds / s <= MOST_TICKS), _STEPS_S[-1])
    return [
        element("text", clock(at), x=percent(at, seconds), y="100%", dy="-4", class_="x")
        for at in range(step, int(seconds), step)
        if at < LAST_TICK * seconds
    ]


def _line(points: Sequence[tuple[float, float]], scale: Scale) -> str:
    return "M" + "L".join(f"{short(x)} {scale.y(level)}" for x, level in points)
