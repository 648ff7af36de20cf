"""Levels of a stream of samples, in constant memory.

Definitions, so that two people measure the same:

- RMS: root of the mean square over all samples and channels; 0 dB is a full-scale square.
- Noise floor: the lowest RMS of any 0.4 s window, windows stepped by 0.1 s (Audacity's ACX
  Check). Shorter audio is one window.
- Sound begins and ends with the first and last 10 ms frame above -50 dB RMS.
- Dead silence: the longest stretch of 0.1 s steps that are all below -90 dB RMS.
- A clip: three or more consecutive samples of a channel at 0.999 of full scale or above.

All decibels are relative to full scale and never below ``NOTHING_DB``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NOTHING_DB: Final = -120.0  # stands for minus infinity: below anything 16 or 24 bits play
SOUND_DB: Final = -50.0
DEAD_DB: Final = -90.0
CLIP: Final = 0.999
_CLIP_RUN: Final = 3
_FRAMES_PER_STEP: Final = 10  # 10 ms frames in a 0.1 s step
_STEPS_PER_WINDOW: Final = 4


@dataclass(frozen=True, slots=True)
class Levels:
    """What a meter saw. Decibels rounded to 0.01, times in seconds."""

    frames: int
    rate: int
    rms_db: float
    peak_db: float
    floor_db: float
    head_s: float  # before the first sound; the whole length when there is none
    tail_s: float  # after the last
    dead_s: float  # longest dead silence
    clips: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate


def decibels(ratio: float) -> float:
    """20 log10 of an amplitude ratio, at least ``NOTHING_DB``, rounded to 0.01."""
    if ratio <= 10 ** (NOTHING_DB / 20):
        return NOTHING_DB
    return round(20 * math.log10(ratio), 2)


class Meter:
    """Feed it all samples in order, then read ``levels``.

    Args:
        rate: Hz.
        channels: interleaved channels of what is fed.
    """

    def __init__(self, rate: int, channels: int = 1) -> None:
        self._rate = rate
        self._channels = channels
        self._frame = max(1, round(rate / 100))
        self._step = self._frame * _FRAMES_PER_STEP
        self._rest = np.empty(0, np.float32)
        self._samples = 0
        self._energy = 0.0
        self._peak = 0.0
        self._floor = math.inf  # mean square of the quietest window
        self._last_steps: list[float] = []  # mean squares, at most a window less one step
        self._first_sound: int | None = None  # in frames of 10 ms
        self._last_sound = 0
        self._frames_seen = 0
        self._dead_now = 0
        self._dead_most = 0
        self._clips = 0
        self._clip_runs = [0] * channels

    def add(self, samples: NDArray[np.float32]) -> None:
        """The next samples: float32, flat and interleaved, full scale is 1."""
        self._clip(samples)
        whole = np.concatenate((self._rest, samples)) if self._rest.size else samples
        steps = whole.size // (self._step * self._channels)
        used = steps * self._step * self._channels
        if steps:
            self._take(whole[:used], steps)
        self._rest = whole[used:].copy()

    def levels(self) -> Levels:
        """The levels of everything fed so far."""
        energy, samples = self._energy, self._samples
        first, last = self._first_sound, self._last_sound
        dead, floor = self._dead_most, self._floor
        rest = self._rest
        if rest.size:  # less than 0.1 s
            energy += float(np.dot(rest.astype(np.float64), rest.astype(np.float64)))
            samples += rest.size
            loud = self._sounding(rest)
            if loud.size:
                first = self._frames_seen + int(loud[0]) if first is None else first
                last = self._frames_seen + int(loud[-1]) + 1
        mean = energy / samples if samples else 0.0
        if math.isinf(floor):
            floor = mean
        frames = samples // self._channels
        total = frames / self._rate
        return Levels(
            frames=frames,
            rate=self._rate,
            rms_db=decibels(math.sqrt(mean)),
            peak_db=decibels(self._peak),
            floor_db=decibels(math.sqrt(floor)),
            head_s=round(total if first is None else first * self._frame / self._rate, 3),
            tail_s=round(
                total if first is None else max(0.0, total - last * self._frame / self._rate), 3
            ),
            dead_s=round(dead * self._step / self._rate, 3),
            clips=self._clips,
        )

    def _take(self, samples: NDArray[np.float32], steps: int) -> None:
        """Whole steps only."""
        # squares of 16-bit samples are exact in float64, and so are their sums, whatever the
        # order a processor adds them in: the gain of a master hangs on them
        per_frame = samples.reshape(steps * _FRAMES_PER_STEP, -1).astype(np.float64)
        squares = np.einsum("ij,ij->i", per_frame, per_frame)
        by_step = squares.reshape(steps, _FRAMES_PER_STEP).sum(1)
        self._energy += float(by_step.sum())
        self._samples += samples.size
        loud = np.flatnonzero(squares > per_frame.shape[1] * 10 ** (SOUND_DB / 10))
        if loud.size:
            if self._first_sound is None:
                self._first_sound = self._frames_seen + int(loud[0])
            self._last_sound = self._frames_seen + int(loud[-1]) + 1
        self._frames_seen += squares.size
        self._windows(by_step / (self._step * self._channels))

    def _windows(self, means: NDArray[np.float64]) -> None:
        joined = np.concatenate((self._last_steps, means))
        if joined.size >= _STEPS_PER_WINDOW:
            sums = np.convolve(joined, np.ones(_STEPS_PER_WINDOW), "valid")
            self._floor = min(self._floor, max(0.0, float(sums.min()) / _STEPS_PER_WINDOW))
        self._last_steps = [float(m) for m in joined[-(_STEPS_PER_WINDOW - 1) :]]
        for dead in means < 10 ** (DEAD_DB / 10):
            self._dead_now = self._dead_now + 1 if dead else 0
            self._dead_most = max(self._dead_most, self._dead_now)

    def _sounding(self, samples: NDArray[np.float32]) -> NDArray[np.intp]:
        """Indices of 10 ms frames above the threshold; the last may be a part of one."""
        size = self._frame * self._channels
        padded = np.pad(samples, (0, -samples.size % size)).reshape(-1, size)
        return np.flatnonzero((padded**2).mean(1) > 10 ** (SOUND_DB / 10))

    def _clip(self, samples: NDArray[np.float32]) -> None:
        if not samples.size:
            return
        peak = max(float(samples.max()), -float(samples.min()))
        self._peak = max(self._peak, peak)
        if peak < CLIP:
            self._clip_runs = [0] * self._channels
            return
        for channel, line in enumerate(samples.reshape(-1, self._channels).T):
            full = np.abs(line) >= CLIP
            edges = np.flatnonzero(np.diff(np.concatenate(([False], full, [False]))))
            starts, ends = edges[::2], edges[1::2]
            carried = self._clip_runs[channel]  # a run that reached the last block's end
            self._clip_runs[channel] = 0
            for start, end in zip(starts, ends, strict=True):
                before = carried if start == 0 else 0
                length = before + int(end - start)
                if length >= _CLIP_RUN > before:
                    self._clips += 1
                if end == line.size:
                    self._clip_runs[channel] = length
