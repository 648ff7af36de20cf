"""Whether a take is overdriven."""

from __future__ import annotations

from typing import Final

import numpy as np

from audio.pcm import FULL_SCALE, Pcm
from audio.verdicts.findings import Finding, finding

_CLIP: Final = 0.999 * FULL_SCALE
# Or five samples in a row: no clean take stays there so long. Hot espeak presets (``ed``)
# touch full scale with up to 2 samples in 10,000, which nobody hears.
_CLIP_SHARE: Final = 1e-3


def clipping_findings(pcm: Pcm) -> list[Finding]:
    """Clipped, if it is."""
    if max(int(pcm.max()), -int(pcm.min())) < _CLIP:
        return []
    full = np.abs(pcm.astype(np.int32)) >= _CLIP
    share = float(full.mean())
    runs = np.lib.stride_tricks.sliding_window_view(full, min(5, len(full)))
    five_in_a_row = bool(runs.all(axis=1).any())
    if share <= _CLIP_SHARE and not five_in_a_row:
        return []
    return [finding("clipped", f"overdriven ({share:.2%} at full scale)", share)]
