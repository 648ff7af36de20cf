"""Kaldi's filter bank, the input of the speaker model."""

from __future__ import annotations

from typing import Final

from torch import Tensor

RATE: Final = 16_000
BINS: Final = 80
LEAST_SAMPLES: Final = 400  # one window of 25 ms


def fbank(wave: Tensor) -> Tensor:
    """Log powers of a clip in 80 mel bins: Kaldi's defaults, without dither.

    Args:
        wave: float32 [n] at 16 kHz, full scale 1 (not 32768), n at least 400.

    Returns:
        float32 [1 + (n - 400) // 160, 80].
    """
    from torchaudio.compliance import kaldi

    found: Tensor = kaldi.fbank(
        wave[None], num_mel_bins=BINS, dither=0.0, sample_frequency=float(RATE)
    )
    return found


def speaker_features(wave: Tensor) -> Tensor:
    """``fbank`` less the mean of each bin over time, float32 [T, 80]."""
    powers = fbank(wave)
    return powers - powers.mean(dim=0, keepdim=True)
