"""HiFT's two networks: mel to pitch, and mel and excitation to samples.

Both take rows of one shape, each a stretch of some job: its left edge is the beginning of the job
or lies ``HALO`` frames or more before what is wanted of it, and so does its right edge
unless ``valid`` frames, and with them the job, end inside the row. Then what is wanted of a row
depends on nothing outside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from tts.glm.vocoder.layers import (
    Convolution,
    Downsampling,
    Residual,
    Upsampling,
    Weights,
    folded,
    masked,
    placed,
)
from tts.glm.vocoder.source import HOP, Mixer

HALO: Final = 15  # frames; what a sample depends on is less than 14 away (see the tests)
EDGE: Final = 8  # samples of the excitation before and after a row: half a window of the STFT
PITCH_HALO: Final = 5
_WINDOW: Final = 16
_STEP: Final = 4
_BINS: Final = _WINDOW // 2 + 1
_RATES: Final = (8, 5, 3)
_DILATIONS: Final = (1, 3, 5)
_KERNELS: Final = 3  # residual blocks after each upsampling
_SLOPE: Final = 0.1
_LAST_SLOPE: Final = 0.01
_LOUDEST: Final = 100.0
_LIMIT: Final = 0.99


class HiftNetwork:
    """Weights on a device, and the two forward passes.

    Args:
        weights: the stored tensors by their names, checked.
        device: where it computes.
    """

    def __init__(self, weights: Weights, device: torch.device) -> None:
        self.device = device
        self.mixer = Mixer(
            placed(weights, "m_source.l_linear.weight", device).flatten(),
            placed(weights, "m_source.l_linear.bias", device),
        )
        # on a CPU float32 gives the published numbers to the bit; on a GPU float64, for 1 % of
        # the work, keeps the pitch free of whatever the matrix units are set to
        self._exact = torch.float32 if device.type == "cpu" else torch.float64
        self._pitch_layers = [
            (
                folded(weights, name).to(device, self._exact),
                placed(weights, f"{name}.bias", device).to(self._exact),
            )
            for name in (f"f0_predictor.condnet.{number}" for number in range(0, 10, 2))
        ]
        self._pitch_head = (
            placed(weights, "f0_predictor.classifier.weight", device).to(self._exact),
            placed(weights, "f0_predictor.classifier.bias", device).to(self._exact),
        )
        self._before = Convolution.load(weights, "conv_pre", device)
        self._after = Convolution.load(weights, "conv_post", device)
        self._ups: list[Upsampling] = []
        self._downs: list[Convolution | Downsampling] = []
        self._entries: list[Residual] = []
        self._blocks: list[list[Residual]] = []
        stride = math.prod(_RATES)
        for stage, rate in enumerate(_RATES):
            stride //= rate
            down = f"source_downs.{stage}"
            self._ups.append(Upsampling.load(weights, f"ups.{stage}", device, rate))
            self._downs.append(
                Downsampling.load(weights, down, device, stride)
                if stride > 1
                else Convolution.load(weights, down, device)
            )
            entry = Residual.load(weights, f"source_resblocks.{stage}", device, _DILATIONS)
            self._entries.append(entry)
            self._blocks.append(
                [
                    Residual.load(weights, f"resblocks.{number}", device, _DILATIONS)
                    for number in range(stage * _KERNELS, (stage + 1) * _KERNELS)
                ]
            )
        self._window = torch.hann_window(_WINDOW, device=device)
        self._there, self._back = _transforms(device)

    @torch.inference_mode()
    def pitch(self, mel: Tensor, valid: Sequence[int]) -> Tensor:
        """The pitch of each frame.

        Args:
            mel: float32 [R, 80, L], zeros from ``valid`` on.
            valid: frames of each row.

        Returns:
            float32 [R, L], Hz.
        """
        mask = self._mask(valid, mel.shape[2], mel.shape[2])
        x = mel.to(self._exact)
        for weight, bias in self._pitch_layers:
            x = masked(functional.elu(functional.conv1d(x, weight, bias, padding=1)), mask)
        return functional.linear(x.transpose(1, 2), *self._pitch_head)[..., 0].abs().float()

    @torch.inference_mode()
    def samples(self, mel: Tensor, excitation: Tensor, valid: Sequence[int]) -> Tensor:
        """The sound.

        Args:
            mel: float32 [R, 80, L], zeros from ``valid`` on.
            excitation: float32 [R, 480 L + 16]: from 8 samples before a row to 8 after, mirrored
                at the ends of a job.
            valid: frames of each row.

        Returns:
            float32 [R, 480 L], within ±0.99.
        """
        frames = mel.shape[2]
        columns = frames * HOP // _STEP + 1
        spectrum = self._spectrum(excitation)
        spectrum = masked(spectrum, self._mask(valid, frames, columns))
        x = masked(self._before(mel), self._mask(valid, frames, frames))
        length = frames
        for stage, rate in enumerate(_RATES):
            length *= rate
            last = stage == len(_RATES) - 1
            mask = self._mask(valid, frames, length + last)
            x = self._ups[stage](functional.leaky_relu(x, _SLOPE))
            if last:  # one step more, as the short-time spectrum has
                x = torch.cat((x[..., 1:2], x), dim=2)
            entering = masked(self._downs[stage](spectrum), mask)
            x = masked(x, mask).add_(self._entries[stage](entering, mask))
            first, *others = (block(x, mask) for block in self._blocks[stage])
            for other in others:
                first = first.add_(other)
            x = first.div_(_KERNELS)
        shape = self._after(functional.leaky_relu(x, _LAST_SLOPE))
        return self._overlapped(shape, self._mask(valid, frames, columns))

    def _mask(self, valid: Sequence[int], frames: int, length: int) -> Tensor | None:
        """float32 [R, 1, length]; ``length`` is a multiple of ``frames``, or one more."""
        if min(valid) == frames:
            return None
        rate, more = divmod(length, frames)
        ends = torch.tensor([count * rate + more for count in valid], device=self.device)
        steps = torch.arange(length, device=self.device)
        return (steps < ends[:, None]).float()[:, None]

    def _spectrum(self, excitation: Tensor) -> Tensor:
        """float32 [R, 18, 120 L + 1]: real parts, then imaginary parts."""
        pieces = excitation.unfold(1, _WINDOW, _STEP).double()
        return (pieces @ self._there).float().transpose(1, 2).contiguous()

    def _overlapped(self, shape: Tensor, mask: Tensor | None) -> Tensor:
        """The inverse: float32 [R, 480 L] of [R, 18, 120 L + 1] log magnitudes and phases."""
        magnitude = torch.exp(shape[:, :_BINS]).clamp(max=_LOUDEST)
        phase = torch.sin(shape[:, _BINS:])
        spectrum = torch.cat((magnitude * torch.cos(phase), magnitude * torch.sin(phase)), dim=1)
        pieces = (spectrum.transpose(1, 2).double() @ self._back).float()
        weights = self._window.square().expand(pieces.shape[0], pieces.shape[1], _WINDOW)
        if mask is not None:
            pieces, weights = pieces * mask.transpose(1, 2), weights * mask.transpose(1, 2)
        sound = _added(pieces) / _added(weights).clamp(min=1e-8)
        return sound[:, EDGE:-EDGE].clamp(-_LIMIT, _LIMIT)


def _transforms(device: torch.device) -> tuple[Tensor, Tensor]:
    """A windowed Fourier transform of 16 samples and its windowed inverse, as matrices.

    In float64, 0.1 % of the work: the library's transforms round otherwise with another number
    of CPU threads, and float32 products on a GPU may be set to fewer bits.

    Returns:
        [16, 18] to real and imaginary parts, [18, 16] back.
    """
    window = torch.hann_window(_WINDOW, dtype=torch.float64)
    whole = torch.fft.rfft(torch.diag(window))
    both = torch.eye(_BINS, dtype=torch.float64)
    parts = torch.cat((both.to(torch.complex128), both * 1j))
    back = torch.fft.irfft(parts, n=_WINDOW) * window
    return torch.cat((whole.real, whole.imag), dim=1).to(device), back.to(device)


def _added(pieces: Tensor) -> Tensor:
    """Pieces [R, n, 16] laid over one another every 4 samples: [R, 4 (n + 3)]."""
    rows, count, _ = pieces.shape
    layers = _WINDOW // _STEP
    parts = pieces.reshape(rows, count, layers, _STEP)
    total = pieces.new_zeros(rows, count + layers - 1, _STEP)
    for layer in range(layers):
        total[:, layer : layer + count] += parts[:, :, layer]
    return total.flatten(1)
