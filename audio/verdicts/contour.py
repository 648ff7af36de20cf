"""A take in figures: where it sounds, where it pauses, how it ends, how loud it is.

All from frames of 10 ms, which is half a period of 50 Hz: mains hum does not flicker in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import FULL_SCALE, Pcm

FRAME_S: Final = 0.01

# A pause is what lies 32 dB under the take's loud frames (their 95th percentile), but never
# above −50 dBFS: quiet voices are measured by themselves.
_SILENT_DB: Final = -60.0  # a take whose loudest frame is below says nothing
_PAUSE_DB: Final = -50.0
_PAUSE_BELOW_DB: Final = 32.0
# Shorter gaps are closures of consonants and belong to the articulation: leaving longer ones
# out takes the spread of espeak's pace about its text from 7 to 5 % (2026-11-21).
_GAP_S: Final = 0.1
# The last 5 ms of a cut word are as loud as speech. Longer windows hear the last syllables
# of clean espeak takes, which end without a pause.
_END_S: Final = 0.005
_FALL_FRAMES: Final = 30
_LAST_FRAMES: Final = 2
_BEFORE_FRAMES: Final = slice(-10, -3)  # 30 to 100 ms before the end
_SIDE_S: Final = 0.5  # of sound on both sides of a step in level
_DARK_DB: Final = -120.0


@dataclass(frozen=True, slots=True)
class Contour:
    """A take from its first to its last sound. Levels in dBFS."""

    seconds: float
    articulation_s: float  # without the gaps
    longest_gap_s: float
    gaps_s: float  # all gaps of a tenth of a second and more
    pause_share: float  # of frames that do not sound
    loud_db: float  # 95th percentile of all frames
    level_db: float  # mean power of the sounding frames
    end_db: float  # the last 5 ms of the file, whether sound or not
    fall_db: float  # the last frame against the loudest of the last 0.3 s
    last_db: float  # the last frame
    drop_db: float  # the last two frames against the tenth of a second before; below 0: quieter
    quiet_s: float  # after the last sound
    step_db: float  # largest difference in level between what is before and after a place


def trace(pcm: Pcm, rate: int) -> Contour | None:
    """The contour of a take; None when nothing sounds.

    Args:
        pcm: int16 (n,), mono.
        rate: Hz.
    """
    size = max(1, round(rate * FRAME_S))
    count = len(pcm) // size
    samples = pcm.astype(np.float32)
    if count == 0:
        if not len(pcm):
            return None
        samples, count = np.pad(samples, (0, size - len(pcm))), 1
    # From the end: what is left over at the beginning is dropped, for many takes (espeak's)
    # are quiet in their very last frame only.
    blocks = samples[len(samples) - count * size :].reshape(count, size)
    powers = np.einsum("ij,ij->i", blocks, blocks).astype(np.float64) / (size * FULL_SCALE**2)
    ranked = np.sort(powers)
    if ranked[-1] < power(_SILENT_DB):
        return None
    loud_db = decibels(float(ranked[int(0.95 * (count - 1))]))
    limit = min(power(_PAUSE_DB), float(ranked[-1]), power(loud_db - _PAUSE_BELOW_DB))
    sounding = np.flatnonzero(powers >= limit)
    frames = int(sounding[-1] - sounding[0]) + 1
    gaps = np.diff(sounding) - 1
    long_gaps = int(gaps[gaps >= round(_GAP_S / FRAME_S)].sum())
    seconds_each = size / rate
    end = samples[max(0, len(pcm) - max(1, round(_END_S * rate))) : len(pcm)]
    return Contour(
        seconds=frames * seconds_each,
        articulation_s=(frames - long_gaps) * seconds_each,
        longest_gap_s=float(gaps.max() if gaps.size else 0) * seconds_each,
        gaps_s=long_gaps * seconds_each,
        pause_share=1 - sounding.size / frames,
        loud_db=loud_db,
        level_db=decibels(float(powers[sounding].mean())),
        end_db=decibels(float(end @ end) / (end.size * FULL_SCALE**2)),
        fall_db=decibels(float(powers[-1])) - decibels(float(powers[-_FALL_FRAMES:].max())),
        last_db=decibels(float(powers[-1])),
        drop_db=_drop(powers),
        quiet_s=(count - 1 - int(sounding[-1])) * seconds_each,
        step_db=_step(powers[sounding]),
    )


def _drop(powers: NDArray[np.float64]) -> float:
    before = powers[_BEFORE_FRAMES]
    if not before.size:
        return 0.0
    return decibels(float(powers[-_LAST_FRAMES:].mean())) - decibels(float(before.mean()))


def _step(sounding: NDArray[np.float64]) -> float:
    """The largest difference in mean power of the sound before and after any place, in dB."""
    side = round(_SIDE_S / FRAME_S)
    if sounding.size < 2 * side:
        return 0.0
    sums = np.cumsum(sounding)
    before = np.arange(side, sounding.size - side + 1)
    left = sums[before - 1] / before
    right = (sums[-1] - sums[before - 1]) / (sounding.size - before)
    return float(np.abs(10 * np.log10(np.maximum(left, 1e-12) / np.maximum(right, 1e-12))).max())


def power(level_db: float) -> float:
    """Decibels to a power."""
    return float(10 ** (level_db / 10))


def decibels(mean_square: float) -> float:
    """A power to decibels, not below −120."""
    return max(_DARK_DB, float(10 * np.log10(max(mean_square, 1e-12))))
