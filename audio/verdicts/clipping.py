"""Whether a take is overdriven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from audio.pcm import FULL_SCALE, Pcm
from audio.verdicts.findings import Finding, finding

if TYPE_CHECKING:  # they are learnt with what is here
    from audio.verdicts.habits import Habits

_CLIP: Final = 0.999 * FULL_SCALE
# Or five samples in a row and a third of that. Hot espeak presets (``ed``, ``robosoft2``) touch
# full scale with up to 2 samples in 10,000, which nobody hears.
_CLIP_SHARE: Final = 1e-3
_IN_A_ROW: Final = 5
_IN_ROWS: Final = 3e-4
# By habit: hot voices (espeak's ``klatt4``, ``edward``) come to 0.3 %, though not in all of four
# calibration takes; a take with 15 dB too much gain is there for several per cent.
_BY_HABIT: Final = 5e-3
_TIMES_OWN: Final = 5.0


def clipped(pcm: Pcm) -> float:
    """Share of the samples that are at full scale, and audibly so; else 0."""
    if not len(pcm) or max(int(pcm.max()), -int(pcm.min())) < _CLIP:
        return 0.0
    full = np.abs(pcm.astype(np.int32)) >= _CLIP
    share = float(full.mean())
    if share > _CLIP_SHARE:
        return share
    if share < _IN_ROWS:
        return 0.0
    runs = np.lib.stride_tricks.sliding_window_view(full, min(_IN_A_ROW, len(full)))
    return share if bool(runs.all(axis=1).any()) else 0.0


def clipping_findings(pcm: Pcm, habits: Habits | None) -> list[Finding]:
    """Clipped, if it is."""
    share = clipped(pcm)
    own = 0.0 if habits is None else habits.clipped
    if habits is not None and share <= max(_BY_HABIT, _TIMES_OWN * own):
        return []
    if not share:
        return []
    return [finding("clipped", f"overdriven ({share:.2%} at full scale)", share)]
