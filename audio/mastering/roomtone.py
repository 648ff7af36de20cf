"""Room tone: the faint noise of a quiet room that lies under a whole master.

Digital silence between sentences sounds like a fault, and Audacity's ACX Check calls it one;
noise in the gaps alone leaves the zeros inside an engine's own takes. So the bed is
continuous, from the first frame to the last. It is added behind the limiter.

Integers from end to end: bytes of Philox, moving sums, one multiplication and a shift. Every
machine makes the same samples. A frame of the bed depends on the key, the rate, the level and
its own position: blocks of any size, in any order, fit together.

The bytes are white noise. Short moving sums take the treble away: from 400 Hz on the bed falls
by 5 dB an octave. Long ones, subtracted with the weight that leaves exactly nothing at 0 Hz,
take the rumble: below 40 Hz it falls, too, by 5 dB an octave and faster.
"""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import FULL_SCALE, Pcm

STAGE_VERSION: Final = 1  # raise it when the same key shall give other samples

# Seconds that the moving sums reach back: doubled lengths make a slope, and three long ones of
# no common measure smear the ripple that each would leave.
_SHORT_S: Final = (0.0001, 0.0002, 0.0004, 0.0008)
_LONG_S: Final = (0.005, 0.008, 0.012)
_COUNTED: Final = 32  # frames of one step of Philox's counter: four 64-bit words, a byte each
_WHITE_POWER: Final = (256**2 - 1) / 12  # of a uniform byte about its mean
_SHIFT: Final = 40


def tone_key(*parts: str | int) -> int:
    """128 bits from what a book is called; never from a path, which would differ elsewhere."""
    text = "\0".join(map(str, parts)).encode("utf-8")
    return int.from_bytes(hashlib.sha256(b"room tone\0" + text).digest()[:16], "big")


@dataclass(frozen=True, slots=True)
class RoomTone:
    """The bed of one book.

    Args:
        key: 128 bits, see ``tone_key``.
        rate: Hz.
        level_db: RMS in dBFS; below −95 little is left of it in 16 bits.
    """

    key: int
    rate: int
    level_db: float

    def frames(self, start: int, count: int) -> Pcm:
        """Frames ``start`` to ``start + count`` of the bed, int16 (count,)."""
        if count <= 0:
            return np.empty(0, np.int16)
        short, long = _lengths(self.rate)
        reach = max(long)
        # What the sums stand on does not matter, nor that they wrap around at 32 bits: only
        # their differences are used, and all weights together are zero.
        sums = np.cumsum(self._bytes(start, count + reach), dtype=np.int32)
        now = sums[reach:]

        def moving(lengths: tuple[int, ...]) -> NDArray[np.int32]:
            total = now * np.int32(len(lengths))
            for length in lengths:
                total -= sums[reach - length : reach - length + count]
            return total

        shaped = (moving(short) * np.int32(sum(long))).astype(np.int64)
        shaped -= moving(long) * np.int32(sum(short))
        shaped *= _factor(self.level_db, short, long)
        shaped += 1 << (_SHIFT - 1)
        shaped >>= _SHIFT
        return np.clip(shaped, -32768, 32767).astype(np.int16)

    def _bytes(self, start: int, count: int) -> NDArray[np.uint8]:
        """Bytes ``start`` to ``start + count`` of the book's endless row of them."""
        first = start // _COUNTED
        steps = -(-(start + count) // _COUNTED) - first
        generator = np.random.Philox(counter=first, key=self.key)
        row = generator.random_raw(4 * steps).astype("<u8", copy=False).view(np.uint8)
        skipped = start - first * _COUNTED
        return row[skipped : skipped + count]


def _lengths(rate: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    short, long = (tuple(max(1, round(rate * s)) for s in times) for times in (_SHORT_S, _LONG_S))
    return short, long


@functools.lru_cache(maxsize=8)
def _factor(level_db: float, short: tuple[int, ...], long: tuple[int, ...]) -> int:
    """What the shaped noise is multiplied with, before the shift, to have that RMS."""
    kernel = np.zeros(max(long))
    for length in short:
        kernel[:length] += sum(long)
    for length in long:
        kernel[:length] -= sum(short)
    amplitude = math.sqrt(_WHITE_POWER * float(kernel @ kernel))
    return round(FULL_SCALE * 10 ** (level_db / 20) / amplitude * (1 << _SHIFT))
