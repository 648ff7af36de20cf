"""Draws for all slots at once: what upstream draws token by token, with no host in between.

Every draw is an exponential race: the largest of the weights, each divided by its own Exp(1)
variate, is drawn with its weight's probability. The variates belong to (seed, stage, step), so
a row is drawn the same alone, in any batch, in any slot.

Repetition-aware sampling (RAS): the token is drawn from the nucleus, the most probable tokens
in order, at most 25, up to and including the one that brings their sum to 0.8. If it stands
among the last ten of its row, it is replaced by one from the whole distribution. That second
race is run in two heats, first among blocks of 128 tokens by their sums, then within the
block: the same distribution for 385 variates instead of 32,769.

Top-k: the 25 most probable; as long as no end is allowed, upstream draws again until it is not
the end, which is the same as leaving the end out of the race.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from tts.glm.noise import exponentials

Sampler = Literal["ras", "topk"]

TOP_P = 0.8
TOP_K = 25
WINDOW = 10  # last tokens among which a repetition is looked for
BLOCK = 128
_SPARE = 7  # candidates beyond the last: equal values across the cut are ordered by their ids


@dataclass(frozen=True, slots=True)
class Noise:
    """Exp(1) variates of one step: float32 [rows, 25] and [rows, blocks + 128]."""

    nucleus: Tensor
    full: Tensor


@dataclass(frozen=True, slots=True)
class Drawn:
    """What each row drew: int64 [rows], its probability float32 [rows], and whether it was
    drawn a second time, bool [rows]."""

    token: Tensor
    probability: Tensor
    again: Tensor


def noise(seeds: Tensor, first: Tensor, steps: int, width: int) -> Noise:
    """The variates of several steps of every row.

    Args:
        seeds: int64 [rows].
        first: int64 [rows], the number of each row's first step.
        width: columns of the scores, a multiple of 128.

    Returns:
        [rows, steps, …] of each kind.
    """
    rows = len(seeds)
    number = (first[:, None] + torch.arange(steps, device=first.device)).reshape(-1)
    each = seeds.repeat_interleave(steps)
    nucleus = exponentials(each, "nucleus", number, TOP_K)
    full = exponentials(each, "full", number, width // BLOCK + BLOCK)
    return Noise(nucleus.view(rows, steps, -1), full.view(rows, steps, -1))


def ras(scores: Tensor, end: int, early: Tensor, recent: Tensor, chance: Noise) -> Drawn:
    """Repetition-aware sampling.

    Args:
        scores: float32 [rows, width]; -inf is never drawn. Changed in place.
        end: the column of the end.
        early: bool [rows]: no end yet.
        recent: int64 [rows, 10], the last tokens, -1 for none.
        chance: of this step.
    """
    scores[:, end].masked_fill_(early, -torch.inf)
    weights = scores.softmax(dim=-1)
    values, tokens = candidates(weights)
    before = values.cumsum(dim=-1).roll(1, dims=-1)
    before[:, 0] = 0.0
    race = torch.where(before < TOP_P, values / chance.nucleus[:, : values.shape[1]], -1.0)
    first = tokens.gather(1, race.argmax(dim=-1, keepdim=True))
    again = (recent == first).any(dim=-1)
    token = torch.where(again, from_all(weights, chance.full), first[:, 0])
    return Drawn(token, weights.gather(1, token[:, None])[:, 0], again)


def topk(scores: Tensor, end: int, early: Tensor, recent: Tensor, chance: Noise) -> Drawn:
    """One of the 25 most probable; arguments as ``ras``, ``recent`` is not looked at."""
    weights = scores.softmax(dim=-1)
    values, tokens = candidates(weights)
    barred = early[:, None] & (tokens == end)
    race = torch.where(barred, -1.0, values / chance.nucleus[:, : values.shape[1]])
    token = tokens.gather(1, race.argmax(dim=-1, keepdim=True))[:, 0]
    return Drawn(token, weights.gather(1, token[:, None])[:, 0], torch.zeros_like(early))


def candidates(weights: Tensor) -> tuple[Tensor, Tensor]:
    """The 25 largest weights, in falling order, equal ones by their column: values, columns."""
    wide = min(TOP_K + _SPARE, weights.shape[1])
    columns = weights.topk(wide, dim=-1, sorted=False).indices.sort(dim=-1).values
    values, order = weights.gather(1, columns).sort(dim=-1, descending=True, stable=True)
    return values[:, :TOP_K], columns.gather(1, order)[:, :TOP_K]


def from_all(weights: Tensor, variates: Tensor) -> Tensor:
    """One column of each row, int64 [rows], in two heats: blocks, then columns of the block."""
    rows, width = weights.shape
    blocks = weights.view(rows, width // BLOCK, BLOCK)
    heats = blocks.sum(dim=-1) / variates[:, : width // BLOCK]
    block = heats.argmax(dim=-1)
    inside = blocks.gather(1, block[:, None, None].expand(rows, 1, BLOCK))[:, 0]
    return block * BLOCK + (inside / variates[:, width // BLOCK :]).argmax(dim=-1)
