"""How often a sound had which loudness: what lets parts be put together as a whole.

Integrated loudness and loudness range are not the mean of the parts' figures, because the
gates belong to the whole. They follow from how many windows had which level, and such counts
add up: windows of 0.4 s and of 3 s, every 0.1 s, in steps of 0.05 LU (a book of ten hours in
a few hundred numbers). Only the windows that would lie across a seam are missing: 3 and 29 of
them, of the tens of thousands of a chapter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SILENT_LUFS: Final = -70.0  # the absolute gate: what stands for "too soft to have a loudness"
OFFSET: Final = -0.691  # dB; a full-scale sine of 1 kHz in one channel reads -3.01 LUFS
GATE_LU: Final = -10.0
RANGE_GATE_LU: Final = -20.0
LOW, HIGH = 0.10, 0.95  # of the 3 s levels: the ends of the range
_PER_LU: Final = 20  # steps


@dataclass(frozen=True, slots=True)
class Spread:
    """Counts of windows above the absolute gate, by level in steps of 1/20 LU, rounded down."""

    blocks: Mapping[int, int]  # of 0.4 s
    short_terms: Mapping[int, int]  # of 3 s

    @classmethod
    def of(cls, blocks: NDArray[np.float64], short_terms: NDArray[np.float64]) -> Spread:
        """From the weighted mean squares of all windows."""
        return cls(_counted(blocks), _counted(short_terms))

    @classmethod
    def from_json(cls, loaded: Any) -> Spread:
        """``to_json``'s value again.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        pairs = ({int(k): int(n) for k, n in loaded[name]} for name in ("blocks", "short_terms"))
        return cls(*pairs)

    def to_json(self) -> dict[str, list[list[int]]]:
        """Pairs of step and count, in order."""
        both = {"blocks": self.blocks, "short_terms": self.short_terms}
        return {name: [[k, n] for k, n in sorted(counts.items())] for name, counts in both.items()}

    @property
    def lufs(self) -> float:
        """Integrated loudness, within 0.03 LU of that of the samples."""
        levels, counts = _levels(self.blocks)
        if not counts.size:
            return SILENT_LUFS
        powers = 10 ** (levels / 10)
        kept = levels > _mean_lufs(powers, counts) + GATE_LU
        return round(max(SILENT_LUFS, _mean_lufs(powers[kept], counts[kept])), 2)

    @property
    def range_lu(self) -> float:
        """Loudness range, within 0.1 LU of that of the samples."""
        levels, counts = _levels(self.short_terms)
        if not counts.size:
            return 0.0
        kept = levels > _mean_lufs(10 ** (levels / 10), counts) + RANGE_GATE_LU
        below = np.cumsum(counts[kept])
        last = int(below[-1]) - 1
        ends = (round(last * share) for share in (LOW, HIGH))
        low, high = (float(levels[kept][np.searchsorted(below, n, "right")]) for n in ends)
        return round(high - low, 2)


def together(spreads: Iterable[Spread]) -> Spread:
    """Of several sounds, one after the other."""
    blocks: Counter[int] = Counter()
    short_terms: Counter[int] = Counter()
    for spread in spreads:
        blocks.update(spread.blocks)
        short_terms.update(spread.short_terms)
    return Spread(dict(blocks), dict(short_terms))


def _counted(powers: NDArray[np.float64]) -> dict[int, int]:
    heard = powers[powers > 10 ** ((SILENT_LUFS - OFFSET) / 10)]
    steps = np.floor((OFFSET + 10 * np.log10(heard)) * _PER_LU).astype(np.int64)
    found, counts = np.unique(steps, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def _levels(counts: Mapping[int, int]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(LUFS at the middle of each step, how many windows), in order."""
    steps = sorted(counts)
    levels = (np.array(steps, np.float64) + 0.5) / _PER_LU
    return levels, np.array([counts[step] for step in steps], np.int64)


def _mean_lufs(powers: NDArray[np.float64], counts: NDArray[np.int64]) -> float:
    return 10 * math.log10(float(powers @ counts) / float(counts.sum()))
