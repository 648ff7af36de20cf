"""Loudness, loudness range and true peak of a stream of samples.

By ITU-R BS.1770-4 (K-weighting, blocks of 0.4 s every 0.1 s, gates at -70 LUFS and 10 LU
below the mean) and EBU Tech 3342 (range: 10 % to 95 % of the 3 s levels above -70 LUFS and
20 LU below their mean). Memory: one number per 0.1 s, 3 MB for ten hours. About 1.3 CPU s
per hour of mono at 44.1 kHz (``python -m benchmarks.measuring``). The same samples give the
same figures, in whatever portions they are fed.

Where the standard leaves something open: every channel weighs 1 (mono and stereo are what
books have); a sound shorter than a block is one block; the step is brought to the nearest
multiple of the filter's block, which is 0.1 s exactly at every usual rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.measuring.kweighting import ROWS, KWeighting, Matrix, Samples
from audio.measuring.meter import NOTHING_DB, decibels
from audio.measuring.spread import (
    GATE_LU,
    HIGH,
    LOW,
    OFFSET,
    RANGE_GATE_LU,
    SILENT_LUFS,
    Spread,
)
from audio.measuring.truepeak import TruePeak

__all__ = ["SILENT_LUFS", "Loudness", "LoudnessMeter", "integrated_lufs", "range_lu"]

_BLOCK_STEPS: Final = 4  # of 0.1 s
_SHORT_TERM_STEPS: Final = 30
# of the filter's blocks: 70 cost a quarter more at 44.1 kHz than 49, shorter ones not less
_SIZES: Final = range(50, 31, -1)
_GROUP_BLOCKS: Final = 32 * ROWS  # filtered at once: 0.4 MB of samples, which stay in the cache


@dataclass(frozen=True, slots=True)
class Loudness:
    """What a meter heard, rounded to 0.01."""

    lufs: float  # integrated; never below ``SILENT_LUFS``
    range_lu: float
    true_peak_db: float  # dBTP, never below ``NOTHING_DB``
    spread: Spread = field(default_factory=lambda: Spread({}, {}), compare=False)


class LoudnessMeter:
    """Feed it all samples in order, then read ``loudness``.

    Args:
        rate: Hz, 8000 to 192000.
        channels: interleaved channels of what is fed.
    """

    def __init__(self, rate: int, channels: int = 1) -> None:
        self._channels = channels
        self._size, self._step = _blocks(rate)
        self._filter = KWeighting(rate, self._size)
        self._states: list[Matrix] = [self._filter.start] * channels
        self._true_peaks = [TruePeak(self._size) for _ in range(channels)]
        self._last: list[Samples] = [np.zeros(self._size, np.float32)] * channels
        self._group = _GROUP_BLOCKS * self._size * channels
        self._rest: list[Samples] = []  # less than a group, in portions as they came
        self._waiting = 0
        self._energies = np.empty(0, np.float32)  # of filter blocks, less than a step
        self._steps: list[NDArray[np.float32]] = []  # energies of steps, channels added up

    def add(self, samples: Samples) -> None:
        """The next samples: float32, flat and interleaved, full scale is 1."""
        self._waiting += samples.size
        if self._waiting < self._group:
            self._rest.append(samples.copy())  # the caller may use its array again
            return
        self._rest.append(samples)
        whole = np.concatenate(self._rest)
        used = whole.size // self._group * self._group
        for start in range(0, used, self._group):
            self._take(self._hear(whole[start : start + self._group]))
        self._rest = [whole[used:].copy()]
        self._waiting = whole.size - used

    def loudness(self) -> Loudness:
        """The loudness of everything fed so far. Nothing more may be fed after it."""
        rest = np.concatenate((*self._rest, np.empty(0, np.float32)))
        frames = rest.size // self._channels
        # zeros behind it: a whole product of blocks, one of them for the peaks to end in
        padding = -(frames + self._size) % (ROWS * self._size) + self._size
        energies = self._hear(np.pad(rest, (0, padding * self._channels)))
        blocks = frames / self._size
        self._take(energies[: math.floor(blocks)])
        steps = np.concatenate((*self._steps, np.empty(0, np.float32)))
        if steps.size < _BLOCK_STEPS and frames:
            mean = float(energies[: math.ceil(blocks)].sum()) / frames
            means = np.full(_BLOCK_STEPS, mean)
        else:
            means = steps.astype(np.float64) / self._step
        peak = max(true_peak.peak for true_peak in self._true_peaks)
        return Loudness(
            lufs=integrated_lufs(means),
            range_lu=range_lu(means),
            true_peak_db=decibels(peak),
            spread=Spread.of(_windows(means, _BLOCK_STEPS), _windows(means, _SHORT_TERM_STEPS)),
        )

    def _take(self, energies: NDArray[np.float32]) -> None:
        """Energies of the next filter blocks, summed to steps as soon as one is full."""
        joined = np.concatenate((self._energies, energies))
        per_step = self._step // self._size
        used = joined.size // per_step * per_step
        self._steps.append(joined[:used].reshape(-1, per_step).sum(axis=1))
        self._energies = joined[used:]

    def _hear(self, samples: Samples) -> NDArray[np.float32]:
        """Energies of the weighted sound by filter block; the true peaks are taken along."""
        energies = np.zeros(samples.size // (self._size * self._channels), np.float32)
        lines = samples.reshape(-1, self._channels)
        for channel in range(self._channels):
            blocks = np.ascontiguousarray(lines[:, channel]).reshape(-1, self._size)
            self._true_peaks[channel].add(blocks, self._last[channel])
            weighted, self._states[channel] = self._filter.run(blocks, self._states[channel])
            energies += np.einsum("ij,ij->i", weighted, weighted)
            self._last[channel] = blocks[-1].copy()
        return energies


def integrated_lufs(means: NDArray[np.float64]) -> float:
    """Integrated loudness from the weighted mean squares of consecutive steps of 0.1 s."""
    blocks = _windows(means, _BLOCK_STEPS)
    gated = blocks[blocks > _power(SILENT_LUFS)]
    if not gated.size:
        return SILENT_LUFS
    gated = gated[gated > gated.mean() * 10 ** (GATE_LU / 10)]
    return round(max(SILENT_LUFS, _lufs(float(gated.mean()))), 2)


def range_lu(means: NDArray[np.float64]) -> float:
    """Loudness range from the same; 0 for less than 3 s of sound."""
    levels = _windows(means, _SHORT_TERM_STEPS)
    levels = levels[levels > _power(SILENT_LUFS)]
    if not levels.size:
        return 0.0
    levels = np.sort(levels[levels > levels.mean() * 10 ** (RANGE_GATE_LU / 10)])
    low, high = (float(levels[round((levels.size - 1) * share)]) for share in (LOW, HIGH))
    return round(10 * math.log10(high / low), 2)


def _windows(means: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Mean squares of all windows of that many steps."""
    if means.size < steps:
        return np.empty(0)
    windows: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(means, steps)
    return np.asarray(windows.mean(axis=1), np.float64)


def _lufs(power: float) -> float:
    return OFFSET + 10 * math.log10(power) if power > 0 else NOTHING_DB


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET) / 10))


def _blocks(rate: int) -> tuple[int, int]:
    """(samples in a filter block, samples in a step: a multiple of it, nearest to 0.1 s)."""
    size = min(_SIZES, key=lambda n: abs(n * max(1, round(rate / 10 / n)) - rate / 10))
    return size, size * max(1, round(rate / 10 / size))
