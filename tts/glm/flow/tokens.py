"""The token path: speech tokens at 25 Hz to features at 50 mel frames a second.

It depends neither on the noise nor on the time, so it runs once for a job, not once a step.
Padding leaves no trace: what lies behind a row's last frame is zeroed before every convolution
and left out of the norm over time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from tts.glm.checkpoint.configs import FlowConfig

POSITIONS: Final = 4096  # rows of the position table; later frames share the last
_EPSILON: Final = 1e-6


def frames_of(tokens: int) -> int:
    """Mel frames of so many tokens, the prompt's among them.

    Nearly always two each. The published model calculates in double precision and cuts, which
    loses a frame for 287 of the counts below 5000 (29, 57, 58, …); so do we.
    """
    return int(tokens / 25 * 50)


def nearest(tokens: int, frames: int) -> Tensor:
    """For each frame the token it belongs to, int64 [frames].

    The nearest neighbour as torch's ``interpolate`` picks it, in single precision.
    """
    scale = torch.tensor(tokens, dtype=torch.float32) / frames
    picked = (torch.arange(frames, dtype=torch.float32) * scale).floor().to(torch.int64)
    return picked.clamp_(max=tokens - 1)


@dataclass(frozen=True, slots=True)
class _ConvNext:
    depthwise: tuple[Tensor, Tensor]
    norm: tuple[Tensor, Tensor]
    widen: tuple[Tensor, Tensor]
    gamma: Tensor
    beta: Tensor
    narrow: tuple[Tensor, Tensor]


class TokenPath:
    """Embedding, positions and ConvNeXt V2 blocks.

    Args:
        weights: by their stored names; all are copied to ``device`` in ``dtype``.
    """

    def __init__(
        self,
        config: FlowConfig,
        weights: Mapping[str, Tensor],
        *,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        def take(name: str) -> Tensor:
            return weights[f"estimator.text_emb_layer.{name}"].to(device, dtype)

        def pair(name: str) -> tuple[Tensor, Tensor]:
            return take(f"{name}.weight"), take(f"{name}.bias")

        self._table = take("text_embed.weight")
        width = config.text_width
        exponents = torch.arange(0, width, 2, dtype=torch.float32)[: width // 2] / width
        angles = torch.outer(torch.arange(POSITIONS), 1.0 / 10000.0**exponents)
        self._positions = torch.cat((angles.cos(), angles.sin()), -1).to(device, dtype)
        self._blocks = [
            _ConvNext(
                depthwise=pair(f"text_blocks.{number}.dwconv"),
                norm=pair(f"text_blocks.{number}.norm"),
                widen=pair(f"text_blocks.{number}.pwconv1"),
                gamma=take(f"text_blocks.{number}.grn.gamma"),
                beta=take(f"text_blocks.{number}.grn.beta"),
                narrow=pair(f"text_blocks.{number}.pwconv2"),
            )
            for number in range(config.text_blocks)
        ]

    def __call__(self, ids: Tensor, valid: Tensor | None) -> Tensor:
        """Features of every frame.

        Args:
            ids: int64 [R, T], the token of each frame (see ``nearest``).
            valid: [R, T, 1], 1 for a row's own frames and 0 behind them; None when every
                frame of every row is its own.

        Returns:
            [R, T, text width]; what lies behind a row's frames means nothing.
        """
        last = POSITIONS - 1
        positions = torch.arange(ids.shape[1], device=ids.device).clamp_(max=last)
        hidden = functional.embedding(ids, self._table) + self._positions[positions]
        for block in self._blocks:
            hidden = self._block(block, hidden, valid)
        return hidden

    def _block(self, block: _ConvNext, hidden: Tensor, valid: Tensor | None) -> Tensor:
        weight, bias = block.depthwise
        shown = hidden if valid is None else hidden * valid
        mixed = functional.conv1d(
            shown.transpose(1, 2), weight, bias, padding=weight.shape[-1] // 2, groups=len(weight)
        ).transpose(1, 2)
        mixed = functional.layer_norm(mixed, (mixed.shape[-1],), *block.norm, eps=_EPSILON)
        mixed = functional.gelu(functional.linear(mixed, *block.widen))
        if valid is not None:
            mixed = mixed * valid
        # global response norm: each channel's energy over time, against the mean of channels
        energy = mixed.square().sum(1, keepdim=True).sqrt()
        share = energy / (energy.mean(-1, keepdim=True) + _EPSILON)
        mixed = block.gamma * (mixed * share) + block.beta + mixed
        return hidden + functional.linear(mixed, *block.narrow)
