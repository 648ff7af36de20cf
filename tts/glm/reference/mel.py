"""The log mel spectrogram on which the flow is conditioned and from which vocoders speak."""

from __future__ import annotations

from functools import cache
from typing import Final

import torch
from torch import Tensor

MEL_BINS: Final = 80
FRAMES_PER_SECOND: Final = 50
_TOP_HZ: Final = 8000.0
_FLOOR: Final = 1e-5  # below the log
_POWER_FLOOR: Final = 1e-9  # below the root
_WINDOW_HOPS: Final = 4

# Slaney's scale: linear up to 1 kHz, then logarithmic
_HZ_PER_MEL: Final = 200.0 / 3
_KNEE_HZ: Final = 1000.0
_KNEE_MEL: Final = _KNEE_HZ / _HZ_PER_MEL
_LOG_STEP: Final = 27.0 / torch.log(torch.tensor(6.4, dtype=torch.float64)).item()  # mel per e-fold


def mel(wave: Tensor, rate: int) -> Tensor:
    """The log mel spectrogram of a clip.

    Args:
        wave: float32 [n], full scale 1, at ``rate``; n more than 1.5 frames.
        rate: Hz, a multiple of 50; the published models use 24000 and 32000.

    Returns:
        float32 [n // (rate // 50), 80], natural logarithms.

    Raises:
        ValueError: the clip is shorter than its reflected edges.
    """
    hop = rate // FRAMES_PER_SECOND
    window = _WINDOW_HOPS * hop
    edge = (window - hop) // 2
    if len(wave) <= edge:
        raise ValueError(f"{len(wave)} samples are too few for a mel at {rate} Hz: over {edge}")
    padded = torch.nn.functional.pad(wave[None], (edge, edge), mode="reflect")[0]
    spectrum = torch.view_as_real(
        torch.stft(
            padded,
            window,
            hop_length=hop,
            window=torch.hann_window(window, device=wave.device),
            center=False,
            return_complex=True,
        )
    )
    magnitude = torch.sqrt(spectrum.square().sum(dim=-1) + _POWER_FLOOR)
    bands = filter_bank(rate, window).to(wave.device) @ magnitude
    return torch.log(bands.clamp(min=_FLOOR)).T.contiguous()


@cache
def filter_bank(rate: int, window: int, bands: int = MEL_BINS) -> Tensor:
    """Triangles of equal area on Slaney's mel scale up to 8 kHz: float32 [bands, frequencies]."""
    top = _mel_of(torch.tensor(_TOP_HZ, dtype=torch.float64))
    corners = _hz_of(torch.linspace(0.0, float(top), bands + 2, dtype=torch.float64))
    bins = torch.linspace(0.0, rate / 2, window // 2 + 1, dtype=torch.float64)
    width = corners.diff()
    rising = (bins - corners[:-2, None]) / width[:-1, None]
    falling = (corners[2:, None] - bins) / width[1:, None]
    area = 2.0 / (corners[2:] - corners[:-2])
    return (torch.minimum(rising, falling).clamp(min=0.0) * area[:, None]).float()


def _mel_of(hz: Tensor) -> Tensor:
    above = _KNEE_MEL + torch.log(hz / _KNEE_HZ) * _LOG_STEP
    return torch.where(hz < _KNEE_HZ, hz / _HZ_PER_MEL, above)


def _hz_of(mels: Tensor) -> Tensor:
    above = _KNEE_HZ * torch.exp((mels - _KNEE_MEL) / _LOG_STEP)
    return torch.where(mels < _KNEE_MEL, mels * _HZ_PER_MEL, above)
