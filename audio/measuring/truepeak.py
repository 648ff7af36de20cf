"""True peak: how high the sound goes between its samples (ITU-R BS.1770, annex 2).

Four times oversampled with the standard's own interpolator. Only where it can matter: an
interpolated value is a weighted sum of twelve samples, so it is at most the largest of them
times the sum of the weights (2.03, 6 dB). A block of samples under that bound of the peak
found so far cannot raise it and is left out; the result is exactly the same. In speech that
spares nine tenths of the work.

A value between the samples is never reported below the samples themselves.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from audio.measuring.kweighting import ROWS, Samples, rows_times

# BS.1770-4, annex 2, table of the order 48, 4-phase interpolator; phases 2 and 3 are the
# first two backwards.
PHASES: Final = (
    (
        0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000,
        -0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750,
        0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500,
    ),
    (
        -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250,
        -0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125,
        0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375,
    ),
)  # fmt: skip
TAPS: Final = len(PHASES[0])
_BATCH: Final = 512  # blocks examined at once, the loudest first
_SUM: Final = max(sum(abs(weight) for weight in phase) for phase in PHASES)


class TruePeak:
    """The highest true peak of one channel.

    Args:
        size: samples in a block, ``TAPS`` or more.
    """

    def __init__(self, size: int) -> None:
        self.peak = 0.0  # amplitude, 1 is full scale
        phases = [*PHASES, *(phase[::-1] for phase in PHASES)]
        self._weights = np.zeros((len(phases), TAPS - 1 + size, size), np.float32)
        for weights, phase in zip(self._weights, phases, strict=True):
            for at in range(size):
                weights[at : at + TAPS, at] = phase[::-1]

    def add(self, blocks: Samples, before: Samples) -> None:
        """Looks at ``blocks`` (n, size), which follow the block ``before`` (size,).

        End a sound with a block of zeros: its last samples are interpolated there.
        """
        levels = np.empty(len(blocks) + 1, np.float32)
        levels[0] = np.abs(before).max()
        np.abs(blocks).max(axis=1, out=levels[1:])
        self.peak = max(self.peak, float(levels[1:].max(initial=0)))
        bounds = np.maximum(levels[1:], levels[:-1]) * np.float32(_SUM)
        open_blocks = np.flatnonzero(bounds > self.peak)
        open_blocks = open_blocks[np.argsort(-bounds[open_blocks], kind="stable")]
        for start in range(0, len(open_blocks), _BATCH):
            chosen = open_blocks[start : start + _BATCH]
            chosen = chosen[bounds[chosen] > self.peak]
            if not chosen.size:
                return
            chosen = np.resize(chosen, -(-chosen.size // ROWS) * ROWS)  # some of them twice
            lead = blocks[chosen - 1, 1 - TAPS :]
            lead[chosen == 0] = before[1 - TAPS :]
            around = np.concatenate((lead, blocks[chosen]), axis=1)
            for weights in self._weights:
                between = rows_times(around, weights)
                self.peak = max(self.peak, float(between.max()), -float(between.min()))
