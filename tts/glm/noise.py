"""Randomness as a pure function: the same numbers for a segment in any batch, slot or run.

Every number is a block of the counter-based generator Philox4x32-10 (Salmon, Moraes, Dror and
Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), addressed by (seed, stage, step,
lane). No generator has a state, so nothing depends on what was drawn before, or for whom. The
integers are equal on every device; uniforms are too. Normals pass through ``log`` and ``cos``,
which may differ in the last bit between kinds of devices, as everything after them does.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import torch
from torch import Tensor

Stage = Literal["nucleus", "full", "flow", "phase", "source"]

_STAGES: Final = {"nucleus": 1, "full": 2, "flow": 3, "phase": 4, "source": 5}
_ROUNDS: Final = 10
_MULTIPLIERS: Final = (0xD2511F53, 0xCD9E8D57)
_WEYL: Final = (0x9E3779B9, 0xBB67AE85)
_LOW: Final = 0xFFFFFFFF


def philox(counter: tuple[Tensor, ...], key: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
    """Four words for each counter.

    Args:
        counter: four int64 tensors of values below 2**32, of shapes that broadcast.
        key: two such tensors.

    Returns:
        Four int64 tensors of values below 2**32, of the broadcast shape.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for number in range(_ROUNDS):
        if number:
            k0, k1 = (k0 + _WEYL[0]) & _LOW, (k1 + _WEYL[1]) & _LOW
        # int64 products wrap; their bits are those of the unsigned product
        left, right = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            ((right >> 32) & _LOW) ^ c1 ^ k0,
            right & _LOW,
            ((left >> 32) & _LOW) ^ c3 ^ k1,
            left & _LOW,
        )
    return c0, c1, c2, c3


def uniforms(seeds: Tensor, stage: Stage, step: Tensor | int, count: int) -> Tensor:
    """Numbers in (0, 1), never 0 and never 1.

    Args:
        seeds: int64 [B], 63 bits each.
        stage: what they are for: stages never share numbers.
        step: the number of the draw within the stage, one for all or int64 [B].
        count: numbers for each seed; the first ones do not depend on it.

    Returns:
        float32 [B, count].
    """
    words = _words(seeds, stage, step, -(-count // 4)).reshape(len(seeds), -1)[:, :count]
    # 23 bits and a half: exact in float32, symmetric about 1/2
    return ((words >> 9).to(torch.float32) + 0.5) * 2.0**-23


def exponentials(seeds: Tensor, stage: Stage, step: Tensor | int, count: int) -> Tensor:
    """Exp(1) variates, float32 [B, count]; arguments as ``uniforms``.

    The argmax of weights divided by them draws with these weights (the exponential race).
    """
    return -torch.log(uniforms(seeds, stage, step, count))


def normals(seeds: Tensor, stage: Stage, step: Tensor | int, count: int) -> Tensor:
    """Standard normal variates by Box and Muller, float32 [B, count]; as ``uniforms``."""
    pairs = uniforms(seeds, stage, step, 4 * -(-count // 4)).reshape(len(seeds), -1, 2)
    radius = torch.sqrt(-2.0 * torch.log(pairs[..., 0]))
    angle = (2.0 * math.pi) * pairs[..., 1]
    both = torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=-1)
    return both.reshape(len(seeds), -1)[:, :count]


def _words(seeds: Tensor, stage: Stage, step: Tensor | int, blocks: int) -> Tensor:
    """int64 [B, blocks, 4] of 32-bit words."""
    device = seeds.device
    lane = torch.arange(blocks, device=device)[None, :]
    steps = torch.as_tensor(step, dtype=torch.int64, device=device).reshape(-1, 1)
    zero = torch.zeros((), dtype=torch.int64, device=device)
    key = ((seeds & _LOW)[:, None], ((seeds >> 32) & _LOW)[:, None])
    words = philox((lane, steps & _LOW, zero + _STAGES[stage], zero), key)
    shape = (len(seeds), blocks)
    return torch.stack([word.expand(shape) for word in words], dim=-1)
