"""Loudness over time: the course of every chapter as a few points of a plot. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_POINTS = 1200  # of the whole book: about one per pixel of a wide screen
SPARK_POINTS = 60  # of one chapter
FLOOR_DB = -96.0  # 16-bit silence: what is drawn where a window holds nothing


@dataclass(frozen=True, slots=True)
class Stretch:
    """One chapter's place on the plot, in windows of ``COURSE_S``."""

    number: int
    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Course:
    """RMS in dB over the finished chapters, end to end; positions are windows of ``COURSE_S``.

    The last window of a chapter is shorter than the others and drawn as long as they are:
    2 s at most, on a plot whose points are 30 s wide for a book of 10 hours.
    """

    windows: int
    size: int  # windows per point
    low: tuple[float, ...]  # quietest window of each point
    mean: tuple[float, ...]  # of the energy
    high: tuple[float, ...]
    chapters: tuple[Stretch, ...]


def course_of(
    courses: Mapping[int, Sequence[float]], titles: Mapping[int, str], most: int = MOST_POINTS
) -> Course:
    """The course of a book.

    Args:
        courses: chapter -> its windows, in dB; in the order of the book.
        most: points.
    """
    windows = [max(FLOOR_DB, value) for course in courses.values() for value in course]
    stretches = []
    at = 0
    for number, course in courses.items():
        stretches.append(Stretch(number, titles[number], at, at + len(course)))
        at += len(course)
    size = max(1, math.ceil(len(windows) / most))
    groups = [windows[i : i + size] for i in range(0, len(windows), size)]
    return Course(
        windows=len(windows),
        size=size,
        low=tuple(round(min(group), 1) for group in groups),
        mean=tuple(round(mean_db(group), 1) for group in groups),
        high=tuple(round(max(group), 1) for group in groups),
        chapters=tuple(stretches),
    )


def spark_of(course: Sequence[float], most: int = SPARK_POINTS) -> tuple[float, ...]:
    """A chapter's course in at most ``most`` points: means of the energy, in dB."""
    size = max(1, math.ceil(len(course) / most))
    return tuple(round(mean_db(course[i : i + size]), 1) for i in range(0, len(course), size))


def mean_db(levels: Sequence[float]) -> float:
    """The level of the mean energy of windows of equal length."""
    energy = sum(10 ** (max(FLOOR_DB, level) / 10) for level in levels) / len(levels)
    return 10 * math.log10(energy)
