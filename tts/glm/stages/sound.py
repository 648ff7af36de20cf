"""Samples of the vocoder as 16-bit PCM."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from tts.engine import Pcm


def to_pcm(sounds: Sequence[Tensor]) -> tuple[Pcm, int]:
    """Pieces, float32 [n] each, one after another as upstream joins them: no gap, no fade.

    Returns:
        int16 samples, rounded without dither, and how many were cut.
    """
    wave = np.concatenate([sound.float().cpu().numpy() for sound in sounds])
    scaled = np.rint(wave * 32768.0)
    clipped = int(np.count_nonzero((scaled < -32768) | (scaled > 32767)))
    return np.clip(scaled, -32768, 32767).astype(np.int16), clipped
