"""Speech tokens for many prompts at once: slots, refilled as soon as their sequence ends.

One thread owns a decoder. All shapes are fixed: the number of slots, the room of each, and the
length that a prompt is filled up to, which follows from the prompt alone. So a prompt with its
seed gives the same tokens whatever else is spoken with it, and in whichever slot.

The device runs ``TICKS`` tokens at a time and is then asked once who has finished.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch

from castbook.errors import BrokenPromise, PermanentFailure
from tts.glm.lm.cache import SlotCache
from tts.glm.lm.graphs import recorded
from tts.glm.lm.llama import LanguageModel
from tts.glm.lm.prompts import Generated, Prompt, layout
from tts.glm.lm.sampling import Sampler
from tts.glm.lm.slots import Slots

TICKS = {"cpu": 8, "cuda": 16}  # tokens between two looks at who has finished
BUCKET = 32  # prompts are filled up to a multiple of it
ROWS = {"cpu": 1, "cuda": 4}  # prompts of equal filled length read in one call


@dataclass(slots=True)
class _Sitting:
    prompt: Prompt
    reached: int  # the furthest position that its slot may have come to


class SlotDecoder:
    """Decodes up to ``slots`` prompts together.

    Args:
        slots: rows of every step, used or not.
        context: positions of a slot: a prompt with its ``max_tokens`` must fit.
        sampler: ``ras`` as upstream's command line, or ``topk``.
        cache_dtype: of keys and values; the model's if None.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        slots: int,
        context: int,
        sampler: Sampler = "ras",
        cache_dtype: torch.dtype | None = None,
    ) -> None:
        if slots < 1:
            raise BrokenPromise(f"a decoder of {slots} slots")
        self.model, self.slots = model, slots
        kind = model.device.type
        self.ticks, self._rows = TICKS.get(kind, 16), ROWS.get(kind, 1)
        self._cache = SlotCache(
            model.config,
            slots,
            min(context, model.config.max_positions),
            device=model.device,
            dtype=cache_dtype or model.dtype,
            blocked=kind == "cpu",
        )
        self._state = Slots(model, self._cache, ticks=self.ticks, sampler=sampler)
        self._queue: list[tuple[int, int, Prompt]] = []
        self._arrivals = 0
        self._sitting: dict[int, _Sitting] = {}  # by slot
        # recorded now: nobody is seated, so the warm-up changes nothing
        self._whole = recorded(lambda: self._state.advance(self._cache.blocks), model.device)

    @property
    def context(self) -> int:
        """Positions of a slot."""
        return self._cache.context

    @property
    def free(self) -> int:
        """Slots that neither hold a prompt nor have one waiting for them; never below 0."""
        return max(0, self.slots - len(self._sitting) - len(self._queue))

    @property
    def busy(self) -> bool:
        """Whether a prompt is waiting or being decoded."""
        return bool(self._sitting or self._queue)

    def submit(self, prompt: Prompt) -> None:
        """Put a prompt in the queue; the longest texts come first.

        Raises:
            PermanentFailure: it does not fit into a slot.
        """
        length = len(prompt.prompt_text) + len(prompt.text) + 1 + len(prompt.prompt_speech)
        if length + prompt.max_tokens > self.context:
            raise PermanentFailure(
                f"{prompt.id}: {length} tokens of prompt and up to {prompt.max_tokens} of speech "
                f"do not fit into the {self.context} positions of a slot; "
                "shorten the reference or the text, or raise `context`"
            )
        if prompt.max_tokens < 1:
            raise PermanentFailure(
                f"{prompt.id}: max_tokens is {prompt.max_tokens}; expected 1 or more"
            )
        heapq.heappush(self._queue, (-len(prompt.text), self._arrivals, prompt))
        self._arrivals += 1

    @torch.inference_mode()
    def cancel(self, name: str) -> bool:
        """Forget a prompt, waiting or being decoded; False if there is none of this id."""
        waiting = [entry for entry in self._queue if entry[2].id != name]
        if len(waiting) < len(self._queue):
            self._queue = waiting
            heapq.heapify(self._queue)
            return True
        slot = self._slot_of(name)
        if slot is None:
            return False
        self._state.done[slot] = True
        del self._sitting[slot]
        return True

    def so_far(self, name: str) -> tuple[int, ...]:
        """The tokens of a prompt that is being decoded; none while it waits."""
        slot = self._slot_of(name)
        return () if slot is None else self._tokens(slot, int(self._state.counts[slot]))

    @torch.inference_mode()
    def step(self) -> list[Generated]:
        """Fill free slots from the queue, decode a few tokens, return what has finished."""
        self._admit()
        if not self._sitting:
            return []
        self._state.prepare()
        for _ in range(self.ticks):
            self._advance()
        return self._collect()

    def generate(self, prompts: Iterable[Prompt]) -> Iterator[Generated]:
        """Decode all, each yielded as it finishes, longest expected first."""
        for prompt in prompts:
            self.submit(prompt)
        while self.busy:
            yield from self.step()

    def _advance(self) -> None:
        if self._cache.blocks == 1:
            return self._whole()
        deepest = max(sitting.reached for sitting in self._sitting.values())
        self._state.advance(min(deepest // self._cache.block + 1, self._cache.blocks))
        for sitting in self._sitting.values():
            sitting.reached += 1
        return None

    def _admit(self) -> None:
        empty = [slot for slot in range(self.slots) if slot not in self._sitting]
        by_length: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
        for slot in empty[: len(self._queue)]:
            prompt = heapq.heappop(self._queue)[2]
            ids = layout(prompt.prompt_text, prompt.text, prompt.prompt_speech, self.model.special)
            # the last id is the first step's: its row is the only one that a head looks at
            filled = -(-(len(ids) - 1) // BUCKET) * BUCKET
            by_length.setdefault(filled, []).append((slot, ids))
            self._seat(slot, prompt, ids)
        for filled, group in by_length.items():
            for at in range(0, len(group), self._rows):
                self._read(group[at : at + self._rows], filled)

    def _read(self, group: list[tuple[int, tuple[int, ...]]], filled: int) -> None:
        """Prefill; rows that are missing repeat the first, which writes the same twice."""
        if not filled:
            return
        padded = group + group[:1] * (self._rows - len(group))
        device = self.model.device
        ids = torch.zeros(self._rows, filled, dtype=torch.int64)
        for row, (_, prompt_ids) in enumerate(padded):
            ids[row, : len(prompt_ids) - 1] = torch.tensor(prompt_ids[:-1], dtype=torch.int64)
        slots = torch.tensor([slot for slot, _ in padded], device=device)
        self.model.prefill(ids.to(device), slots, self._cache)

    def _seat(self, slot: int, prompt: Prompt, ids: tuple[int, ...]) -> None:
        state = self._state
        self._sitting[slot] = _Sitting(prompt, len(ids) - 1)
        for tensor, value in (
            (state.ids, ids[-1]),
            (state.positions, len(ids) - 1),
            (state.least, prompt.min_tokens),
            (state.most, prompt.max_tokens),
            (state.seeds, prompt.seed),
        ):
            tensor[slot] = value
        for tensor in (state.steps, state.counts, state.resampled, state.log_probs):
            tensor[slot] = 0
        state.recent[slot] = -1
        state.ended[slot] = False
        state.done[slot] = False

    def _collect(self) -> list[Generated]:
        state = self._state
        done, ended, counts, steps, resampled = torch.stack(
            (state.done.long(), state.ended.long(), state.counts, state.steps, state.resampled)
        ).tolist()
        finished = [slot for slot in self._sitting if done[slot]]
        sums = state.log_probs.tolist() if finished else []
        return [
            Generated(
                id=self._sitting.pop(slot).prompt.id,
                tokens=self._tokens(slot, counts[slot]),
                ended=bool(ended[slot]),
                log_prob=sums[slot] / steps[slot],
                resampled=resampled[slot],
            )
            for slot in finished
        ]

    def _tokens(self, slot: int, count: int) -> tuple[int, ...]:
        return tuple(self._state.tokens[slot, :count].tolist())

    def _slot_of(self, name: str) -> int | None:
        return next((s for s, sitting in self._sitting.items() if sitting.prompt.id == name), None)
