"""Where somebody speaks, told from levels of 10 ms alone. Pure.

Enough to tell speech from silence, hum, tones and hiss, and to find its pauses; it does not
tell speech from music with a beat, or one person from another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_S: Final = 100
_SILENT_DB: Final = -55.0  # 95th percentile of a recording with nothing in it
_BELOW_LOUD_DB: Final = 32.0  # a pause lies this far under the loud frames, …
_ABOVE_NOISE_DB: Final = 6.0  # … or this little above the room, if that is more, …
_NEAR_LOUD_DB: Final = 9.0  # … but never nearer to the loud ones than this
# Syllables: the level rises through its own mean over a third of a second, by more than noise
# flickers. espeak has 4 to 8 in each second of sound; tones, hum and hiss none, beeps once a second
# 1.8.
_RISE_DB: Final = 1.5
_SHORT_MEAN: Final = 5  # frames
_LONG_MEAN: Final = 33

Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Speech:
    """What of a recording sounds. All arrays have one figure a frame."""

    sounding: NDArray[np.bool_]
    syllables: NDArray[np.bool_]  # where one begins
    loud_db: float  # 95th percentile
    noise_db: float  # 10th

    @property
    def heard(self) -> bool:
        """Whether there is any sound."""
        return self.loud_db > _SILENT_DB and bool(self.sounding.any())

    @property
    def syllables_a_second(self) -> float:
        """Of what sounds."""
        return FRAMES_PER_S * float(self.syllables.sum()) / max(1, int(self.sounding.sum()))

    def stretches(self, pause_s: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First frames of stretches of sound, and the frames after their last; shorter rests
        than ``pause_s`` belong to them."""
        edges = np.diff(self.sounding.astype(np.int8), prepend=0, append=0)
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        apart = starts[1:] - ends[:-1] >= round(pause_s * FRAMES_PER_S)
        return starts[np.append(True, apart)], ends[np.append(apart, True)]


def find_speech(power: NDArray[np.floating[Any]]) -> Speech:
    """From the mean square of every 10 ms, 1 for full scale; at least one of them."""
    level = decibels(power)
    noise, loud = (float(figure) for figure in np.percentile(level, (10, 95)))
    limit = min(max(loud - _BELOW_LOUD_DB, noise + _ABOVE_NOISE_DB), loud - _NEAR_LOUD_DB)
    sounding = level > limit
    return Speech(sounding, _rises(level) & sounding, loud, noise)


def decibels(power: NDArray[np.floating[Any]]) -> Levels:
    """Powers in dB of full scale, at least −120."""
    found: Levels = 10 * np.log10(np.maximum(power.astype(np.float64), 1e-12))
    return found


def sums(values: NDArray[Any]) -> Levels:
    """Sums of everything before each place: one longer than ``values``."""
    return np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))


def _rises(level: Levels) -> NDArray[np.bool_]:
    clear: NDArray[np.bool_] = _smooth(level, _SHORT_MEAN) - _smooth(level, _LONG_MEAN) > _RISE_DB
    begun: NDArray[np.bool_] = clear & ~np.append(False, clear[:-1])
    return begun


def _smooth(values: Levels, size: int) -> Levels:
    """Running mean; at the edges of what is there."""
    total = sums(values)
    at = np.arange(len(values))
    first, last = np.maximum(at - size // 2, 0), np.minimum(at + size // 2 + 1, len(values))
    mean: Levels = (total[last] - total[first]) / (last - first)
    return mean
