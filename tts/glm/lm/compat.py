"""Sampling as upstream does it on a CPU, draw for draw, to be compared with its numbers.

One sequence at a time, the whole vocabulary, and random numbers from a generator with a state,
in the order in which upstream takes them: each draw takes as many Exp(1) variates as it has
candidates. The variates may also be given, so that a recorded run is replayed without a
generator. For parity, and for nothing else: ids that are no speech token are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tts.glm.lm.cache import SlotCache
from tts.glm.lm.llama import LanguageModel
from tts.glm.lm.prompts import bounds
from tts.glm.lm.sampling import TOP_K, TOP_P, WINDOW, Sampler

Source = Callable[[int], Tensor]  # so many Exp(1) variates, float32


@dataclass(frozen=True, slots=True)
class Tokens:
    """What upstream returns: ids minus that of the first speech token, in or out of range."""

    tokens: tuple[int, ...]
    ended: bool


class Replay:
    """Recorded variates, draw by draw.

    Args:
        variates: of all draws, one after the other.
        lengths: of the draws.
    """

    def __init__(self, variates: Tensor, lengths: Sequence[int]) -> None:
        self._parts = torch.split(variates, list(lengths))
        self.drawn = 0

    def __call__(self, count: int) -> Tensor:
        """The next draw's variates.

        Raises:
            ValueError: the recorded draw had another number of candidates, or there is none.
        """
        if self.drawn == len(self._parts):
            raise ValueError(f"draw {self.drawn} was not recorded")
        part = self._parts[self.drawn]
        if len(part) != count:
            raise ValueError(f"draw {self.drawn}: {count} candidates; {len(part)} were recorded")
        self.drawn += 1
        return part

    @property
    def left(self) -> int:
        """Recorded draws that nobody asked for."""
        return len(self._parts) - self.drawn


def seeded(generator: torch.Generator) -> Source:
    """Variates from a CPU generator, each draw by one call of its length."""

    def draw(count: int) -> Tensor:
        return torch.empty(count).exponential_(1.0, generator=generator)

    return draw


@torch.inference_mode()
def sample(
    model: LanguageModel, ids: Sequence[int], text: int, sampler: Sampler, source: Source
) -> Tokens:
    """One segment.

    Args:
        model: on a CPU in float32.
        ids: the whole prompt, see ``prompts.layout``.
        text: how many of them are the segment's text: the bounds follow from it.
        source: of the variates.
    """
    least, most = bounds(text)
    special, device = model.special, model.device
    cache = SlotCache(
        model.config, 1, len(ids) + most, device=device, dtype=model.dtype, blocked=True
    )
    prompt = torch.tensor([list(ids)], dtype=torch.int64, device=device)
    if len(ids) > 1:
        model.prefill(prompt[:, :-1], torch.zeros(1, dtype=torch.int64, device=device), cache)
    last, found = int(ids[-1]), list[int]()
    for step in range(most):
        position = len(ids) - 1 + step
        rows = model.step(
            torch.tensor([last], device=device),
            torch.tensor([position], device=device),
            cache,
            position // cache.block + 1,
        )
        scores = model.anything(rows)[0].log_softmax(dim=-1)
        draw = _ras if sampler == "ras" else _topk
        last = draw(scores, special.eoa, step < least, found, source)
        if last == special.eoa:
            return Tokens(tuple(token - special.ats for token in found), True)
        found.append(last)
    return Tokens(tuple(token - special.ats for token in found), False)


def _ras(scores: Tensor, end: int, early: bool, found: list[int], source: Source) -> int:
    if early:
        scores[end] = -torch.inf
    weights = scores.softmax(dim=-1)
    values, order = weights.sort(descending=True, stable=True)
    total, count = torch.zeros(()), 0  # float32, added in order, looked at before each addition
    while count < TOP_K and count < len(values) and float(total) < TOP_P:
        total = total + values[count]
        count += 1
    token = int(order[_race(values[:count], source)])
    if token in found[-WINDOW:]:
        token = _race(weights, source)
    return token


def _topk(scores: Tensor, end: int, early: bool, found: list[int], source: Source) -> int:
    values, order = scores.softmax(dim=-1).topk(min(TOP_K, len(scores)))
    token = int(order[_race(values, source)])
    while early and token == end:
        token = int(order[_race(values, source)])
    return token


def _race(weights: Tensor, source: Source) -> int:
    return int((weights / source(len(weights))).argmax())
