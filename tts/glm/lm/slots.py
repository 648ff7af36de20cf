"""The state of every slot as tensors that live as long as the decoder, and one token's advance.

Nothing here asks the device for a value, so ``advance`` is what a CUDA graph records. A slot
that is done goes through the layers like any other, but its state stands still.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tts.glm.lm.cache import SlotCache
from tts.glm.lm.llama import LanguageModel
from tts.glm.lm.sampling import WINDOW, Drawn, Noise, Sampler, noise, ras, topk

Draw = Callable[[Tensor, int, Tensor, Tensor, Noise], Drawn]
_DRAWS: dict[Sampler, Draw] = {"ras": ras, "topk": topk}


class Slots:
    """Rows of sequences in the making.

    Args:
        ticks: tokens for which ``prepare`` lays out variates.
        sampler: how tokens are drawn.
    """

    def __init__(
        self, model: LanguageModel, cache: SlotCache, *, ticks: int, sampler: Sampler
    ) -> None:
        self._model, self._cache, self._ticks = model, cache, ticks
        self._draw = _DRAWS[sampler]
        count, device = cache.slots, model.device

        def integers(*shape: int, fill: int = 0) -> Tensor:
            return torch.full((count, *shape), fill, dtype=torch.int64, device=device)

        self.ids, self.positions = integers(), integers()
        self.steps, self.counts = integers(), integers()  # draws made, tokens kept
        self.least, self.most, self.seeds = integers(), integers(), integers()
        self.recent = integers(WINDOW, fill=-1)
        self.tokens = integers(cache.context + 1)  # one more: where a done row writes
        self.resampled = integers()
        self.log_probs = torch.zeros(count, dtype=torch.float64, device=device)
        self.done = torch.ones(count, dtype=torch.bool, device=device)
        self.ended = torch.zeros_like(self.done)
        self._tick = torch.zeros(1, dtype=torch.int64, device=device)
        ahead = noise(self.seeds, self.steps, ticks, model.width)
        self._nucleus, self._full = ahead.nucleus.clone(), ahead.full.clone()

    @torch.inference_mode()
    def prepare(self) -> None:
        """Lay out the variates of the next ``ticks`` tokens."""
        ahead = noise(self.seeds, self.steps, self._ticks, self._model.width)
        self._nucleus.copy_(ahead.nucleus)
        self._full.copy_(ahead.full)
        self._tick.zero_()

    @torch.inference_mode()
    def advance(self, blocks: int) -> None:
        """One more token in every slot that is not done; ``blocks`` as in ``SlotCache.attend``."""
        model = self._model
        rows = model.step(self.ids, self.positions, self._cache, blocks)
        chance = Noise(
            self._nucleus.index_select(1, self._tick)[:, 0],
            self._full.index_select(1, self._tick)[:, 0],
        )
        early = self.steps < self.least
        drawn = self._draw(model.speech(rows), model.codes, early, self.recent, chance)
        live = ~self.done
        end = drawn.token == model.codes
        kept = live & ~end
        # rounded to float32: the last bits of a logarithm may depend on the place in the tensor
        log_prob = drawn.probability.double().log().float().double()
        self.log_probs.add_(log_prob.masked_fill(self.done, 0.0))
        self.resampled.add_(drawn.again & live)
        self.tokens.scatter_(1, self.counts[:, None], drawn.token[:, None])
        self.recent.scatter_(1, (self.steps % WINDOW)[:, None], drawn.token[:, None])
        self.ids.copy_(torch.where(kept, drawn.token + model.special.ats, self.ids))
        self.steps.add_(live)
        self.counts.add_(kept)
        self.positions.add_(kept)
        self.ended.logical_or_(live & end)
        self.done.logical_or_(end | (self.counts >= self.most))
        self._tick.add_(1)
