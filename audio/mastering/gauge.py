"""What is measured of a chapter, in one pass over its samples."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.mastering.limiter import Outline
from audio.measuring.loudness import Loudness, LoudnessMeter
from audio.measuring.meter import Levels, Meter, decibels
from audio.pcm import FULL_SCALE, Pcm

COURSE_S: Final = 2.0  # seconds of one point of a chapter's course


class Gauge:
    """Levels, loudness and course of a mono chapter, fed in order, in blocks of any size.

    Args:
        rate: Hz.
        loudness: whether ``loudness`` will be asked for, which is most of the work.
        outline: whether the chapter is still to be limited by what is heard here.
    """

    def __init__(self, rate: int, *, loudness: bool = True, outline: bool = False) -> None:
        self.rate = rate
        self._meter = Meter(rate)
        self._loudness = LoudnessMeter(rate) if loudness else None
        self._course = _Course(round(COURSE_S * rate))
        self.outline = Outline(rate) if outline else None

    def add(self, block: Pcm) -> None:
        """The next samples, int16 (n,)."""
        # a new array each time: the meters keep what is less than a block of theirs
        samples = np.multiply(block, np.float32(1 / FULL_SCALE), dtype=np.float32)
        self._meter.add(samples)
        self._course.add(samples)
        if self.outline is not None:
            self.outline.add(block)
        if self._loudness is not None:
            self._loudness.add(samples)

    def levels(self) -> Levels:
        """Levels of everything fed so far."""
        return self._meter.levels()

    def loudness(self) -> Loudness | None:
        """Loudness of everything; None where it was not wanted. Ask once, at the end."""
        return None if self._loudness is None else self._loudness.loudness()

    def course_db(self) -> tuple[float, ...]:
        """RMS of each ``COURSE_S`` in turn, the last one shorter, to 0.1 dB: what is drawn."""
        return self._course.course_db()


class _Course:
    """Mean squares of consecutive windows. Float32 sums: a tenth of a decibel needs no more."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._points: list[float] = []  # RMS in dB
        self._energy = 0.0  # of the unfinished window
        self._filled = 0

    def add(self, samples: NDArray[np.float32]) -> None:
        at = 0
        while at < len(samples):
            part = samples[at : at + self._window - self._filled]
            self._energy += float(np.dot(part, part))
            self._filled += len(part)
            at += len(part)
            if self._filled == self._window:
                self._points.append(self._point())
                self._energy, self._filled = 0.0, 0

    def course_db(self) -> tuple[float, ...]:
        return (*self._points, *([self._point()] if self._filled else []))

    def _point(self) -> float:
        return round(decibels(math.sqrt(self._energy / self._filled)), 1)
