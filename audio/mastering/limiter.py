"""The limiter: no sample of a master is louder than its ceiling.

It looks 5 ms ahead. Where a peak would be too loud, the gain falls in a straight line over the
5 ms before it, to exactly what the peak needs, and rises in a straight line over the 50 ms
behind it; where such slopes meet, the lower one counts. Elsewhere it is 1, so that speech
between its peaks is left alone, unlike under a compressor.

Decided in two steps. While a chapter is stitched, its outline is kept: the peak and the energy
of every millisecond. From these alone follow the gain's course and the level that is left
(``loss_db``), for any gain before the limiter and without touching a sample: a chapter is
rendered once. ffmpeg's ``alimiter`` with the same times cost 3.5 CPU s per hour, and every
second chapter had to go through it again (2026-11-21).

The same samples on every machine: integers, and products and quotients of single numbers,
which IEEE 754 fixes to the bit.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import FULL_SCALE, Pcm

STEPS_PER_S: Final = 1000
_ATTACK: Final = 5  # steps before a peak
_RELEASE: Final = 50  # and after it
_PART: Final = 1 << 16  # steps looked at at once


class Outline:
    """Peak and energy of every millisecond of a chapter, fed in order, in blocks of any size.

    Memory: 6 bytes a millisecond, 22 MB for an hour.

    Args:
        rate: Hz.
    """

    def __init__(self, rate: int) -> None:
        self.size = max(1, round(rate / STEPS_PER_S))  # frames of a step
        self._rest = np.empty(0, np.int16)
        self._peaks: list[NDArray[np.uint16]] = []
        self._energies: list[NDArray[np.float32]] = []

    def add(self, block: Pcm) -> None:
        """The next samples, int16 (n,)."""
        if self._rest.size:
            block = np.concatenate((self._rest, block))
        used = len(block) // self.size * self.size
        if used:
            self._take(block[:used].reshape(-1, self.size))
        self._rest = block[used:].copy()

    def _take(self, steps: NDArray[np.int16]) -> None:
        # the magnitude of -32768 has 16 bits, too
        low, high = steps.min(1).astype(np.int32), steps.max(1).astype(np.int32)
        self._peaks.append(np.maximum(high, -low).astype(np.uint16))
        samples = steps.astype(np.float32)  # its squares may round: a thousandth of a decibel
        self._energies.append(np.einsum("ij,ij->i", samples, samples))

    def steps(self) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
        """(peaks, energies) of all steps so far, the last one filled up with silence."""
        if self._rest.size:
            self._take(np.pad(self._rest, (0, self.size - self._rest.size))[None, :])
            self._rest = np.empty(0, np.int16)
        self._peaks = [np.concatenate([*self._peaks, np.empty(0, np.uint16)])]
        self._energies = [np.concatenate([*self._energies, np.empty(0, np.float32)])]
        return self._peaks[0], self._energies[0]


class Limiter:
    """Gain and limiter for one chapter.

    Args:
        outline: of the whole chapter.
        gain_db: before the limiter.
        peak_db: the ceiling.
    """

    def __init__(self, outline: Outline, gain_db: float, peak_db: float) -> None:
        peaks, self._energies = outline.steps()
        self.size = outline.size
        self._gain = np.float32(10 ** (gain_db / 20))
        self._ceiling = math.floor(FULL_SCALE * 10 ** (peak_db / 20))
        # half a step of 16 bits to spare for the rounding
        self._depths = _depths(peaks, (self._ceiling - 0.5) / float(self._gain))

    def loss_db(self) -> float:
        """How much softer the chapter is for its peaks being held; 0 or less."""
        lost, steps = 0.0, len(self._energies)
        for first in range(0, steps, _PART):
            at = self._held(first, min(first + _PART, steps))
            left = 1 - (self._depths[at].astype(np.float64) + self._depths[at + 1]) / 2
            lost += float(((1 - left * left) * self._energies[at]).sum())
        total = float(self._energies.sum(dtype=np.float64))
        return 10 * math.log10(1 - lost / total) if 0 < lost < total else 0.0

    def run(self, start: int, block: Pcm) -> NDArray[np.int32]:
        """A block raised and limited, rounded to whole numbers.

        Args:
            start: its first frame in the chapter, at the beginning of a step.
            block: int16 (n,).
        """
        samples = block.astype(np.float32)
        samples *= self._gain
        first = start // self.size
        last = -(-(start + len(block)) // self.size)
        at = self._held(first, last)
        if at.size:
            whole = np.pad(samples, (0, (last - first) * self.size - len(samples)))
            steps = whole.reshape(-1, self.size)
            before, after = self._depths[at, None], self._depths[at + 1, None]
            way = np.arange(self.size, dtype=np.float32) / np.float32(self.size)
            steps[at - first] *= 1 - (before + (after - before) * way)
            samples = whole[: len(block)]
        np.rint(samples, out=samples)
        return samples.astype(np.int32)

    def _held(self, first: int, last: int) -> NDArray[np.intp]:
        """The steps in [first, last) in which the gain is not 1."""
        depths = self._depths[first : last + 1]
        return first + np.flatnonzero((depths[:-1] > 0) | (depths[1:] > 0))


def _depths(peaks: NDArray[np.uint16], ceiling: float) -> NDArray[np.float32]:
    """What the gain lacks to 1 at the beginning of every step, and at the end of the last.

    Within a step it goes from the one to the other in a straight line, so that both have to
    be as deep as the peak between them needs.
    """
    depths = np.zeros(len(peaks) + 1, np.float32)
    loud = np.flatnonzero(peaks > ceiling)
    # rounded up: never too little by rounding to single precision
    needed = np.nextafter((1 - ceiling / peaks[loud]).astype(np.float32), np.float32(2))
    depths[loud] = needed
    depths[loud + 1] = np.maximum(depths[loud + 1], needed)
    places = np.flatnonzero(depths)
    deepest = depths[places]
    for reach, way in ((_ATTACK, -1), (_RELEASE, 1)):
        for steps in range(1, reach):
            at = places + way * steps
            inside = (at >= 0) & (at < len(depths))
            slope = deepest[inside] * np.float32(1 - steps / reach)
            depths[at[inside]] = np.maximum(depths[at[inside]], slope)
    return depths
