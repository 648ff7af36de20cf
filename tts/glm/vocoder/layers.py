"""The parts HiFT is built of, without ``nn.Module``: folded convolutions and residual blocks.

Everything takes a mask, 1 where a row has sound and 0 where it is filled up to the shape of its
batch, or None where all of it is sound. Each part gives zeros under the mask, so the next
convolution sees there what it would see beyond the end of a row alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

SNAKE_EPSILON: Final = 1e-9

Weights = Mapping[str, Tensor]


def placed(weights: Weights, name: str, device: torch.device) -> Tensor:
    """A stored tensor on the device, float32: a copy, for the stored one may be a mapped file."""
    return weights[name].to(device, torch.float32, copy=True)


@torch.no_grad()
def folded(weights: Weights, name: str) -> Tensor:
    """The weight ``name``; multiplied by torch itself where its norm and direction are stored
    apart, so that the bits are those that the published code computes with.

    Returns:
        float32, of the stored shape.
    """
    parts = f"{name}.parametrizations.weight.original"
    if f"{parts}0" not in weights:
        return weights[f"{name}.weight"].to(torch.float32, copy=True)
    module = nn.Module()
    module.weight = nn.Parameter(torch.ones_like(weights[f"{parts}1"], dtype=torch.float32))
    parametrizations.weight_norm(module)
    module.load_state_dict(
        {
            "parametrizations.weight.original0": weights[f"{parts}0"],
            "parametrizations.weight.original1": weights[f"{parts}1"],
        }
    )
    return module.weight.detach().clone()


def masked(x: Tensor, mask: Tensor | None) -> Tensor:
    """``x`` with zeros where the mask has them; in place."""
    return x if mask is None else x.mul_(mask)


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution over time, [R, in, L] to [R, out, L]."""

    weight: Tensor
    bias: Tensor
    padding: int
    dilation: int

    @classmethod
    def load(
        cls,
        weights: Weights,
        name: str,
        device: torch.device,
        *,
        dilation: int = 1,
    ) -> Convolution:
        """From stored tensors."""
        weight = folded(weights, name).to(device)
        if weight.shape[2] == 1:
            # zeros about the one sample: for kernels of one, oneDNN rounds otherwise with
            # another number of threads
            weight = functional.pad(weight, (1, 1))
        bias = placed(weights, f"{name}.bias", device)
        return cls(weight, bias, dilation * (weight.shape[2] - 1) // 2, dilation)

    def __call__(self, x: Tensor) -> Tensor:
        """Unmasked."""
        return functional.conv1d(
            x, self.weight, self.bias, padding=self.padding, dilation=self.dilation
        )


@dataclass(frozen=True, slots=True)
class Downsampling:
    """A convolution over time with a kernel of two strides, [R, in, stride * L + 1] to
    [R, out, L].

    Computed as a plain convolution of two steps on blocks of ``stride`` samples as channels:
    torch's own rounds otherwise with another number of CPU threads (seen at 256 channels).
    """

    weight: Tensor  # [out, in * stride, 2]
    bias: Tensor  # [out]
    stride: int

    @classmethod
    def load(cls, weights: Weights, name: str, device: torch.device, stride: int) -> Downsampling:
        """From stored tensors."""
        stored = folded(weights, name)
        outer, inner, _ = stored.shape
        blocks = stored.reshape(outer, inner, 2, stride).transpose(2, 3).flatten(1, 2)
        return cls(blocks.contiguous().to(device), placed(weights, f"{name}.bias", device), stride)

    def __call__(self, x: Tensor) -> Tensor:
        """Unmasked; half a stride of zeros stands before ``x``."""
        steps = x.shape[2] // self.stride
        before = self.stride // 2
        wide = functional.pad(x, (before, (steps + 1) * self.stride - x.shape[2] - before))
        blocks = wide.reshape(*x.shape[:2], steps + 1, self.stride).transpose(2, 3).flatten(1, 2)
        return functional.conv1d(blocks, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class Upsampling:
    """A transposed convolution over time, [R, in, L] to [R, out, L * stride].

    Computed as one plain convolution that gives all ``stride`` samples of a step as channels:
    torch's own rounds otherwise with another number of CPU threads (seen at 128 channels).
    """

    weight: Tensor  # [out * stride, in, 3]
    bias: Tensor  # [out]
    stride: int

    @classmethod
    def load(cls, weights: Weights, name: str, device: torch.device, stride: int) -> Upsampling:
        """From stored tensors; the kernel is longer than ``stride``, at most twice as long."""
        stored = folded(weights, name)
        inner, outer, kernel = stored.shape
        cut = (kernel - stride) // 2
        phases = stored.new_zeros(outer, stride, inner, 3)
        for sample in range(stride):
            for tap in range(3):
                place = stride * (1 - tap) + sample + cut
                if 0 <= place < kernel:
                    phases[:, sample, :, tap] = stored[:, :, place].T
        weight = phases.flatten(0, 1).to(device)
        return cls(weight, placed(weights, f"{name}.bias", device), stride)

    def __call__(self, x: Tensor) -> Tensor:
        """Unmasked."""
        steps = functional.conv1d(x, self.weight, padding=1)
        rows, _, length = steps.shape
        samples = steps.reshape(rows, -1, self.stride, length).transpose(2, 3).flatten(2)
        return samples.add_(self.bias[:, None])


@dataclass(frozen=True, slots=True)
class Snake:
    """x + sin(ax)² / a, each channel with its own a."""

    alpha: Tensor  # [C, 1]
    inverse: Tensor  # [C, 1]

    @classmethod
    def load(cls, weights: Weights, name: str, device: torch.device) -> Snake:
        """From the stored ``alpha``."""
        alpha = placed(weights, f"{name}.alpha", device)[:, None]
        return cls(alpha, 1.0 / (alpha + SNAKE_EPSILON))

    def __call__(self, x: Tensor) -> Tensor:
        """Gives zero for zero, so it keeps a mask."""
        return torch.addcmul(x, (x * self.alpha).sin_().square_(), self.inverse)


@dataclass(frozen=True, slots=True)
class Residual:
    """Three times snake, dilated convolution, snake, convolution, added to what came in."""

    steps: tuple[tuple[Snake, Convolution, Snake, Convolution], ...]

    @classmethod
    def load(
        cls, weights: Weights, name: str, device: torch.device, dilations: tuple[int, ...]
    ) -> Residual:
        """From stored tensors."""
        return cls(
            tuple(
                (
                    Snake.load(weights, f"{name}.activations1.{number}", device),
                    Convolution.load(weights, f"{name}.convs1.{number}", device, dilation=dilation),
                    Snake.load(weights, f"{name}.activations2.{number}", device),
                    Convolution.load(weights, f"{name}.convs2.{number}", device),
                )
                for number, dilation in enumerate(dilations)
            )
        )

    def __call__(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """[R, C, L] to the same; ``x`` itself stays as it is."""
        for snake, dilated, second, plain in self.steps:
            inner = masked(dilated(snake(x)), mask)
            x = masked(plain(second(inner)), mask).add_(x)
        return x
