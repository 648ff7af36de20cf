"""Log-mel features as Whisper's large-v3 models take them: 128 bins, 100 frames a second.

Windows, bins and floor are those of the published feature extractor: 25 ms Hann windows every
10 ms, Slaney's mel scale, log10 of the power, no more than 8 below the loudest of the clip,
scaled to about -1 to 1.
"""

from __future__ import annotations

import functools
import math
from typing import Final

import torch
from torch import Tensor

RATE: Final = 16_000
WINDOW: Final = 400
HOP: Final = 160
BINS: Final = 128
_LEAST_POWER: Final = 1e-10
_RANGE: Final = 8.0  # of log10 of the power: 80 dB
_BREAK_HZ: Final = 1000.0  # Slaney's scale is linear below and logarithmic above
_BREAK_MEL: Final = 15.0
_LOG_STEP: Final = math.log(6.4) / 27.0


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
    loudness = (mel_filters(bins).to(wave.device) @ power).clamp(min=_LEAST_POWER).log10()
    return (torch.maximum(loudness, loudness.max() - _RANGE) + 4.0) / 4.0


@functools.lru_cache(maxsize=2)
def mel_filters(bins: int = BINS) -> Tensor:
    """Triangles on Slaney's mel scale from 0 Hz to 8 kHz, each of area 1: float32 [bins, 201]."""
    edges = _hertz(torch.linspace(0.0, _mel(RATE / 2), bins + 2, dtype=torch.float64))
    lines = torch.linspace(0.0, RATE / 2, WINDOW // 2 + 1, dtype=torch.float64)
    width = edges.diff()
    slopes = edges[:, None] - lines[None, :]
    rising, falling = -slopes[:-2] / width[:-1, None], slopes[2:] / width[1:, None]
    triangles = torch.minimum(rising, falling).clamp(min=0.0)
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).to(torch.float32)


def _mel(hertz: float) -> float:
    """Slaney's scale, above its break."""
    return _BREAK_MEL + math.log(hertz / _BREAK_HZ) / _LOG_STEP


def _hertz(mel: Tensor) -> Tensor:
    linear = mel * (_BREAK_HZ / _BREAK_MEL)
    return torch.where(
        mel < _BREAK_MEL, linear, _BREAK_HZ * torch.exp((mel - _BREAK_MEL) * _LOG_STEP)
    )
