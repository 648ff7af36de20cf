"""Log-mel features as Whisper's large-v3 models take them: 128 bins, 100 frames a second.

Windows, bins and floor are those of the published feature extractor: 25 ms Hann windows every
10 ms, Slaney's mel scale, log10 of the power, no more than 8 below the loudest of the clip,
scaled to about -1 to 1.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from tts.glm.reference.mel import filter_bank

RATE: Final = 16_000
WINDOW: Final = 400
HOP: Final = 160
BINS: Final = 128
_LEAST_POWER: Final = 1e-10
_RANGE: Final = 8.0  # of log10 of the power: 80 dB


def log_mel(wave: Tensor, bins: int = BINS) -> Tensor:
    """Features of one clip.

    Args:
        wave: float32 [n] at 16 kHz, n a multiple of 160 and more than 200.
        bins: mel bins.

    Returns:
        float32 [bins, n / 160]. Bits depend on this clip only: batches are not made here.
    """
    window = torch.hann_window(WINDOW, device=wave.device)
    spectrum = torch.stft(
        wave, WINDOW, HOP, window=window, center=True, pad_mode="reflect", return_complex=True
    )
    power = spectrum[:, :-1].abs() ** 2  # the frame at the very end is left out
    bands = filter_bank(RATE, WINDOW, bins).to(wave.device) @ power
    loudness = bands.clamp(min=_LEAST_POWER).log10()
    return (torch.maximum(loudness, loudness.max() - _RANGE) + 4.0) / 4.0
