"""The best few seconds of a long recording, to clone a voice from. Pure.

Cut in pauses only, so that no word is cut. A stretch is good when it is mostly speech, when
its pauses are quiet, when nothing is overdriven, and when it is neither louder nor softer
than that person usually is, nor swings within. The weights are judgements, each in the same
unit: one point is about one decibel of noise that could have been avoided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.recordings.course import Course
from audio.recordings.speech import FRAMES_PER_S, decibels, find_speech, sums

LEAST_S: Final = 3.0
MOST_S: Final = 10.0

_PAUSES_S: Final = (0.25, 0.15, 0.08)  # where to cut: between sentences, phrases, words
_TENTH: Final = FRAMES_PER_S // 10
_EDGE_S: Final = 0.15  # of the pause on each side that stays in the clip
_SHORT_S: Final = 6.0  # shorter clips say less about a voice

_SHARE: Final = 0.85  # of speech: breath and commas are welcome
_QUIET_DB: Final = 45.0  # more than this between speech and pauses nobody hears
_SHARE_POINTS: Final = 60.0  # for a clip without any speech
_CLIPPED_POINTS: Final = 20_000.0  # times the share of overdriven samples: 1 in 1000 is 20
_CLIPPED_MOST: Final = 60.0
_SHORT_POINTS: Final = 2.0  # a second
_UNUSUAL: Final = 1.0  # a decibel off the usual level
_SWING: Final = 1.5  # a decibel of spread between half seconds, over …
_SWING_FREE_DB: Final = 4.0  # … what sentences have
_SYLLABLES: Final = 2.2  # in a second of sound: fewer are no speech (speech.py)
_LEAST_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Proposal:
    """A stretch of a recording."""

    start: int  # sample
    end: int
    rate: int
    speech_share: float  # of its time that sounds
    above_noise_db: float  # speech over its quietest tenth of a second; 60 is the most
    clipped: float  # share of samples at full scale
    level_db: float  # mean power of what sounds
    swing_db: float  # standard deviation of half seconds
    points: float  # against it

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start) / self.rate


def propose_clips(course: Course, count: int = 3) -> tuple[Proposal, ...]:
    """The best clips of 3 to 10 s, best first, none sharing a moment with another.

    A recording of 3 to 10 s is proposed whole. One without speech, or without a pause to cut
    at, gives none. Equal recordings give equal proposals.
    """
    if len(course.power) < LEAST_S * FRAMES_PER_S:
        return ()
    if course.seconds <= MOST_S:
        return tuple(_whole(course, _Judge(course)))
    judge = _Judge(course)
    for pause_s in _PAUSES_S:
        found = _best(_judged(course, judge, pause_s), count)
        if found:
            return found
    return ()


def _whole(course: Course, judge: _Judge) -> list[Proposal]:
    if not judge.speech.heard:
        return []
    first, last = np.array([0]), np.array([len(course.power)])
    return judge.rows(first, last, first, np.array([course.samples]))


def _best(rows: list[Proposal], count: int) -> tuple[Proposal, ...]:
    chosen: list[Proposal] = []
    for row in sorted(rows, key=lambda row: (row.points, row.start)):
        if len(chosen) == count:
            break
        if all(row.end <= other.start or other.end <= row.start for other in chosen):
            chosen.append(row)
    return tuple(chosen)


def _judged(course: Course, judge: _Judge, pause_s: float) -> list[Proposal]:
    if not judge.speech.heard:
        return []
    starts, ends = judge.speech.stretches(pause_s)
    gaps = np.concatenate((starts[:1], starts[1:] - ends[:-1], len(course.power) - ends[-1:]))
    edges = np.minimum(round(_EDGE_S * FRAMES_PER_S), gaps // 2)
    opens, closes = starts - edges[:-1], ends + edges[1:]
    found: list[Proposal] = []
    for more in range(len(starts)):
        first, last = opens[: len(starts) - more], closes[more:]
        seconds = (last - first) / FRAMES_PER_S
        fits = (seconds >= LEAST_S) & (seconds <= MOST_S)
        if seconds.min() > MOST_S:
            break
        first, last = first[fits], last[fits]
        found += judge.rows(first, last, first * course.frame, last * course.frame)
    return found


class _Judge:
    """Sums over the frames of a recording, so that a stretch costs the same at any length."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.speech = find_speech(course.power)
        sounding = self.speech.sounding
        self._sounds = sums(sounding)
        self._power = sums(course.power * sounding)
        total = sums(course.power)
        self._tenths = (total[_TENTH:] - total[:-_TENTH]) / _TENTH  # from each frame on
        self._clipped = sums(course.clipped)
        self._rises = sums(self.speech.syllables)
        self._halves = _HalfSeconds(course.power * sounding, sounding)
        self._usual_db = float(decibels(self._power[-1:] / max(1.0, self._sounds[-1]))[0])

    def rows(
        self,
        first: NDArray[np.int64],
        last: NDArray[np.int64],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
    ) -> list[Proposal]:
        """Judges stretches of frames ``[first, last)``; those without speech are left out."""
        if not len(first):
            return []
        frames = last - first
        sounds = self._sounds[last] - self._sounds[first]
        share = sounds / frames
        power = (self._power[last] - self._power[first]) / np.maximum(sounds, 1)
        room = np.array([self._quietest(a, b) for a, b in zip(first, last, strict=True)])
        level = decibels(power)
        above = np.clip(level - decibels(room), 0.0, 60.0)
        cut = (self._clipped[last] - self._clipped[first]) / (frames * self.course.frame)
        swing = self._halves.spread(first, last)
        seconds = frames / FRAMES_PER_S
        syllables = (self._rises[last] - self._rises[first]) * FRAMES_PER_S / np.maximum(sounds, 1)
        points = (
            np.maximum(0.0, _QUIET_DB - above)
            + _SHARE_POINTS * np.maximum(0.0, _SHARE - share) / _SHARE
            + np.minimum(_CLIPPED_MOST, _CLIPPED_POINTS * cut)
            + _UNUSUAL * np.abs(level - self._usual_db)
            + _SWING * np.maximum(0.0, swing - _SWING_FREE_DB)
            + _SHORT_POINTS * np.maximum(0.0, _SHORT_S - seconds)
        )
        spoken = (syllables >= _SYLLABLES) & (share > _LEAST_SHARE)
        return [
            Proposal(
                start=int(start[i]),
                end=int(end[i]),
                rate=self.course.rate,
                speech_share=round(float(share[i]), 3),
                above_noise_db=round(float(above[i]), 1),
                clipped=float(cut[i]),
                level_db=round(float(level[i]), 1),
                swing_db=round(float(swing[i]), 1),
                points=round(float(points[i]), 3),
            )
            for i in np.flatnonzero(spoken)
        ]

    def _quietest(self, first: int, last: int) -> float:
        """Mean power of the quietest tenth of a second."""
        return float(self._tenths[first : last - _TENTH + 1].min())


class _HalfSeconds:
    """Levels of half seconds, and how they spread."""

    _SIZE: Final = FRAMES_PER_S // 2

    def __init__(self, power: NDArray[np.float32], sounding: NDArray[np.bool_]) -> None:
        whole = len(power) // self._SIZE * self._SIZE
        energy = power[:whole].astype(np.float64).reshape(-1, self._SIZE).sum(1)
        counts = sounding[:whole].reshape(-1, self._SIZE).sum(1)
        kept = counts >= self._SIZE // 4  # in others hardly anything sounds
        level = np.where(kept, decibels(energy / np.maximum(counts, 1)), 0.0)
        self._counts, self._level, self._square = sums(kept), sums(level), sums(level**2)

    def spread(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.float64]:
        """Standard deviation in dB of the half seconds that begin inside each stretch."""
        a = np.minimum(-(-first // self._SIZE), len(self._counts) - 1)
        b = np.maximum(a, np.minimum(last // self._SIZE, len(self._counts) - 1))
        count = np.maximum(self._counts[b] - self._counts[a], 1)
        mean = (self._level[b] - self._level[a]) / count
        square = (self._square[b] - self._square[a]) / count
        spread: NDArray[np.float64] = np.sqrt(np.maximum(0.0, square - mean**2))
        return spread
