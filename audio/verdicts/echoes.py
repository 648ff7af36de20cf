"""How much a take is like itself a while later, for every lag a loop may have.

A loop is a phrase said again right behind itself: its lag is its length, and all of it comes
back. So for each lag a stretch of 0.85 of the lag is compared with the stretch one lag
later; longer lags are compared over longer stretches, which are less often alike by chance.
Columns are compared by the shape of their spectrum (11 cepstral coefficients, each against
its own course): pitch and loudness, which differ when something is said again, count little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.verdicts.spectrum import BANDS, COLUMN_S, Picture

# Columns: lags of 0.56 to 2.8 s, in groups that are compared over one stretch.
_GROUPS: Final = (28, 33, 39, 46, 54, 64, 75, 88, 103, 121, 140)
LAGS_S: Final = COLUMN_S * np.arange(_GROUPS[0], _GROUPS[-1])
ROOTS: Final = 9.0 * np.sqrt(LAGS_S)  # the weight is that of loops.py
MOST_ALIKE: Final = 0.98  # nothing is more alike than that but by chance
_OF_LAG: Final = 0.85
_OF_POWER: Final = 0.5  # both stretches hold half of what stretches hold on average: no silence
_COURSE: Final = 30  # columns of the moving mean that is taken off: 0.6 s
_DEPTH_DB: Final = 40.0  # quieter than the loudest by more is silence, and all silence is alike
_COEFFICIENTS: Final = 11
# Rows multiplied at a time: small enough that a BLAS starts no threads, which cost eight
# times the CPU on a busy machine.
_ROWS: Final = 64

_Floats = NDArray[np.float32]
_cosines: Final = np.cos(
    np.pi / BANDS * (np.arange(BANDS)[:, None] + 0.5) * np.arange(1, _COEFFICIENTS + 1)
).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Excuse:
    """Where likeness is no wonder: at lags between two, of stretches that begin between two
    times. All in seconds."""

    lags: tuple[float, float]
    times: tuple[float, float]


def echoes(picture: Picture, excuses: Sequence[Excuse] = ()) -> _Floats:
    """The greatest likeness at each lag of ``LAGS_S``: (112,), at most 1.

    0 for lags that the take has no room for. CPU grows with the length of the take.

    Args:
        picture: of ``audio.verdicts.spectrum``.
        excuses: what is left out.
    """
    found = np.zeros(len(LAGS_S), np.float32)
    first = _GROUPS[0]
    if len(picture) <= first * (1 + _OF_LAG) + 1:
        return found
    shape = _shape(picture)
    count = len(shape)
    sums = np.zeros((count + 1, len(LAGS_S)), np.float32)
    np.cumsum(_products(shape), axis=0, out=sums[1:])
    powers = np.zeros(count + 1 + _GROUPS[-1], np.float64)
    np.cumsum(np.einsum("ib,ib->i", shape, shape), out=powers[1 : count + 1])
    powers[count + 1 :] = powers[count]
    for low, high in pairwise(_GROUPS):
        size = round(_OF_LAG * low)
        rows = count - size - low + 1
        if rows <= 0:
            break
        alike = (
            sums[size : size + rows, low - first : high - first]
            - (sums[:rows, low - first : high - first])
        )
        power = (powers[size:] - powers[:-size]).astype(np.float32)
        power[power < _OF_POWER * size * powers[count] / count] = np.inf
        # [i, lag]: the power of stretch i + lag; where it would end behind the take its
        # power is that of a shorter stretch, and its products are noughts
        later = np.lib.stride_tricks.sliding_window_view(power[low:], high - low)[:rows]
        ratio = alike / np.sqrt(power[:rows, None] * later)
        for excuse in excuses:
            columns = slice(*np.searchsorted(LAGS_S[low - first : high - first], excuse.lags))
            begin, end = (max(0, round(time / COLUMN_S)) for time in excuse.times)
            ratio[begin : end + 1, columns] = 0
        found[low - first : high - first] = ratio.max(axis=0)
    return found


def evidence(alike: NDArray[np.floating]) -> float:
    """The strongest of ``echoes``: Fisher's z, which for chance shrinks with the root of the
    stretch. Clean speech 3 to 6, a voice of few sounds (the tone engine's) 6 and more, an
    exact copy above 15."""
    z = np.arctanh(np.minimum(alike, MOST_ALIKE)) * ROOTS
    return float(z.max())


def _products(shape: _Floats) -> _Floats:
    """Of each column with the one a lag later: (columns, lags); noughts beyond the end."""
    count, (first, last) = len(shape), (_GROUPS[0], _GROUPS[-1])
    padded = np.concatenate((shape, np.zeros((_ROWS + last, shape.shape[1]), np.float32)))
    found = np.empty((count, last - first), np.float32)
    for start in range(0, count, _ROWS):
        block = padded[start : start + _ROWS] @ padded[start + first : start + _ROWS + last].T
        row, column = block.strides
        band = np.lib.stride_tricks.as_strided(block, (_ROWS, last - first), (row + column, column))
        found[start : start + _ROWS] = band[: count - start]
    return found


def _shape(picture: Picture) -> _Floats:
    levels = np.maximum(picture, picture.max() - _DEPTH_DB)
    parts = [levels[at : at + _ROWS] @ _cosines for at in range(0, len(levels), _ROWS)]
    cepstra = np.concatenate(parts)
    padded = np.pad(cepstra, ((_COURSE // 2, _COURSE - _COURSE // 2), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=0, dtype=np.float64)
    course = (sums[_COURSE:] - sums[:-_COURSE]) / _COURSE
    return np.ascontiguousarray(cepstra - course[: len(cepstra)], np.float32)
