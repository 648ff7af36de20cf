"""The K-weighting filter of ITU-R BS.1770 at any rate, as products of matrices.

The standard gives its two sections (a high shelf for the head, a high pass for the ear) as
digital coefficients at 48 kHz only. Their analogue prototypes, recovered from those
coefficients by B. De Man ("Evaluation of implementations of the EBU R128 loudness
measurement", AES convention 145, 2018), go through the bilinear transform at the rate at
hand; at 48 kHz that gives the standard's own numbers back (tests compare all of them).

A recursive filter runs sample by sample, which Python cannot. Over a block of B samples it
is two products: ``y = x T + s Q``, with T the impulse response shifted down a triangle and s
four numbers that remember everything before the block; and the next s is ``s M + x W``. Many
blocks go at once: ``x T`` and ``x W`` are one product each, and the s of all blocks follow by
doubling (each adds what the s of 1, 2, 4, … blocks before still weighs, until that is
nothing).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Matrix = NDArray[np.float64]

# Prototypes by De Man: centre in Hz, quality, and for the shelf its gain in dB.
_SHELF_HZ: Final = 1681.974450955533
_SHELF_Q: Final = 0.7071752369554196
_SHELF_DB: Final = 3.999843853973347
_SHELF_BEND: Final = 0.4996667741545416  # the gain at the centre, as a power of the whole
_PASS_HZ: Final = 38.13547087602444
_PASS_Q: Final = 0.5003270373238773
_STANDARD_HZ: Final = 48000
_FORGOTTEN: Final = 1e-9  # what a state may weigh when it is dropped: -180 dB
# Blocks in one product. OpenBLAS gives products of more than 64^3 multiplications to several
# threads, which wait in a loop for each other: five times the CPU where cores are busy
# (2026-11-21: 1.4 against 7 CPU s per hour of audio). 64 rows of 50 stay below.
ROWS: Final = 64


@dataclass(frozen=True, slots=True)
class Section:
    """A second-order filter: b over 1, a1, a2."""

    b: tuple[float, float, float]
    a1: float
    a2: float


def sections(rate: int) -> tuple[Section, Section]:
    """The shelf and the high pass at ``rate`` Hz."""
    k = math.tan(math.pi * _SHELF_HZ / rate)
    whole = 10 ** (_SHELF_DB / 20)
    bend = whole**_SHELF_BEND
    norm = 1 + k / _SHELF_Q + k * k
    shelf = Section(
        b=(
            (whole + bend * k / _SHELF_Q + k * k) / norm,
            2 * (k * k - whole) / norm,
            (whole - bend * k / _SHELF_Q + k * k) / norm,
        ),
        a1=2 * (k * k - 1) / norm,
        a2=(1 - k / _SHELF_Q + k * k) / norm,
    )
    k = math.tan(math.pi * _PASS_HZ / rate)
    norm = _pass_norm(rate)
    # the standard leaves its high pass unnormalised: 1, -2, 1 at 48 kHz, which lifts
    # everything by 0.043 dB; the same lift at every rate, instead of 0.3 dB at 8 kHz
    b = _pass_norm(_STANDARD_HZ) / norm
    high_pass = Section(
        b=(b, -2 * b, b), a1=2 * (k * k - 1) / norm, a2=(1 - k / _PASS_Q + k * k) / norm
    )
    return shelf, high_pass


def _pass_norm(rate: int) -> float:
    k = math.tan(math.pi * _PASS_HZ / rate)
    return 1 + k / _PASS_Q + k * k


class KWeighting:
    """The filter over consecutive blocks of one channel.

    Args:
        rate: Hz.
        size: samples in a block, 12 to 60.
    """

    def __init__(self, rate: int, size: int) -> None:
        a, b, c, d = _state_space(rate)
        seen = np.empty((size, 4))  # what one unit of each state adds to a block
        kept = np.empty((size, 4))  # what each sample of a block leaves in the state after it
        power = np.eye(4)
        for i in range(size):
            seen[i] = c @ power
            kept[size - 1 - i] = power @ b
            power = a @ power
        impulse = np.concatenate(([d], seen[:-1] @ b))
        shift = np.arange(size)[None, :] - np.arange(size)[:, None]
        self._within = np.where(shift >= 0, impulse[shift], 0.0).astype(np.float32)
        # other coordinates for the state, in which it is as large as what it adds to the
        # sound: the plain ones are thousands of times larger, too much for single precision
        q, r = np.linalg.qr(seen)
        self._of_state = q.T.astype(np.float32)
        self._to_state = (kept @ r.T).astype(np.float32)
        self._onward = np.linalg.solve(r.T, (r @ power).T)
        self.start: Matrix = np.zeros(4)

    def run(self, blocks: Samples, state: Matrix) -> tuple[Samples, Matrix]:
        """``blocks`` filtered, and the state after them, given that before them.

        Args:
            blocks: (n, size), n a multiple of ``ROWS``.
            state: (4,).
        """
        states = np.empty((len(blocks) + 1, 4))
        states[0] = state
        states[1:] = rows_times(blocks, self._to_state)
        reach, onward = 1, self._onward
        while reach <= len(blocks) and np.abs(onward).max() > _FORGOTTEN:
            states[reach:] += states[:-reach] @ onward
            reach, onward = reach * 2, onward @ onward
        filtered = rows_times(blocks, self._within)
        filtered += rows_times(states[:-1].astype(np.float32), self._of_state)
        return filtered, states[-1].copy()


def rows_times(rows: Samples, matrix: Samples) -> Samples:
    """``rows @ matrix``, ``ROWS`` rows at a time."""
    product: Samples = rows.reshape(-1, ROWS, rows.shape[1]) @ matrix
    return product.reshape(len(rows), -1)


def _state_space(rate: int) -> tuple[Matrix, Matrix, Matrix, float]:
    """Both sections in a row: state' = a state + b x, y = c state + d x."""
    first, second = (_section_space(section) for section in sections(rate))
    (a1, b1, c1, d1), (a2, b2, c2, d2) = first, second
    a = np.block([[a1, np.zeros((2, 2))], [np.outer(b2, c1), a2]])
    return a, np.concatenate((b1, b2 * d1)), np.concatenate((d2 * c1, c2)), d1 * d2


def _section_space(section: Section) -> tuple[Matrix, Matrix, Matrix, float]:
    b0, b1, b2 = section.b
    a = np.array([[-section.a1, 1.0], [-section.a2, 0.0]])
    b = np.array([b1 - section.a1 * b0, b2 - section.a2 * b0])
    return a, b, np.array([1.0, 0.0]), b0
