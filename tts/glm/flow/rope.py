"""Rotary positions, as the published model has them: on the first head alone.

The model was trained with a table as wide as one head applied to the projections *before* they
are split into heads, so only channels 0..63, which become head 0, carry a position. Pairs are
neighbours (2i, 2i + 1).
"""

from __future__ import annotations

import torch
from torch import Tensor


class Rotation:
    """Cosines and sines of as many positions as were ever asked for.

    Args:
        frequencies: the stored ``inv_freq`` [head_dim / 2].
    """

    def __init__(self, frequencies: Tensor) -> None:
        self._frequencies = frequencies
        empty = frequencies.new_empty((0, len(frequencies)))
        self._grown = empty, empty  # replaced as one: several threads may ask

    def table(self, length: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines [length, head_dim / 2] of positions 0, 1, …"""
        cos, sin = self._grown
        if length > len(cos):
            # grown at once to a power of two: a longer table has the same first rows
            rows = 1 << (length - 1).bit_length()
            positions = torch.arange(
                rows, device=self._frequencies.device, dtype=self._frequencies.dtype
            )
            angles = torch.outer(positions, self._frequencies)
            cos, sin = self._grown = angles.cos(), angles.sin()
        return cos[:length], sin[:length]


def rotate_first_head(projected: Tensor, cos: Tensor, sin: Tensor) -> None:
    """Rotates queries and keys of head 0 in place.

    Args:
        projected: [B, T, 3, heads, head_dim]: queries, keys, values.
        cos, sin: [T, head_dim / 2].
    """
    first = projected[:, :, :2, 0]
    even, odd = first[..., 0::2], first[..., 1::2]
    cos, sin = cos[:, None], sin[:, None]
    first.copy_(torch.stack((even * cos - odd * sin, odd * cos + even * sin), -1).flatten(-2))
