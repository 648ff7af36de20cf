"""First stage: text to speech tokens, the pieces of many requests at once."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from tts.engine import Failure
from tts.glm.lm.chain import Chain, Spoken
from tts.glm.lm.decoder import SlotDecoder
from tts.glm.lm.prompts import Generated
from tts.glm.stages.stage import Stage
from tts.glm.stages.work import Work, prompt_of

MakeDecoder = Callable[[int], SlotDecoder]  # of that many slots


class Sampling(Stage):
    """Owns the decoder.

    A request that is streamed has ``heard``: it is called with (piece, the tokens of the piece
    so far, whether they are all) after every few steps.

    Args:
        slots: to begin with; halved each time the device runs out of memory.
        chained: whether a piece continues what the pieces before it said.
        passed: takes a request whose tokens are complete.
        began: told when the first piece of a request is handed to the decoder, and again
            whenever a piece is done.
    """

    def __init__(
        self,
        make_decoder: MakeDecoder,
        slots: int,
        *,
        chained: bool,
        passed: Callable[[Work], None],
        began: Callable[[Work], None],
        fail: Callable[[Work, Failure], None],
        threads: int | None,
    ) -> None:
        decoder = make_decoder(slots)
        super().__init__("glm sampling", decoder.model.device, fail, threads)
        self._make_decoder = make_decoder
        self._chained = chained
        self._passed, self._began = passed, began
        self._decoder = decoder
        self._open: dict[str, tuple[Work, int]] = {}  # by the id of the prompt
        self._chains: dict[str, Chain] = {}  # by the id of the request

    @property
    def slots(self) -> int:
        """As many pieces as are spoken at once now."""
        return self._decoder.slots

    @property
    def busy(self) -> bool:
        """Whether tokens are being drawn that are still to be passed on."""
        return bool(self._open) or not self._inbox.empty()

    def _held(self) -> list[Work]:
        return list({work.id: work for work, _ in self._open.values()}.values())

    def _idle(self) -> bool:
        return not self._open

    def _take(self, work: Work) -> None:
        if not work.left:  # its tokens were drawn before
            if work.heard is not None:
                for piece, generated in work.spoken.items():
                    work.heard(piece, generated.tokens, True)
            self._passed(work)
            return
        work.began = time.monotonic()
        self._began(work)
        if self._chained:
            self._chains[work.id] = Chain(work.reference)
            self._submit(work, work.left[0])
        else:
            for piece in work.left:
                self._submit(work, piece)

    def _submit(self, work: Work, piece: int) -> None:
        chain = self._chains.get(work.id)
        if chain is not None:
            chain = self._chains[work.id] = chain.pruned(len(work.pieces[piece]))
        before = work.reference if chain is None else Spoken(chain.text, chain.speech)
        prompt = prompt_of(work, piece, self._decoder.context, before)
        self._decoder.submit(prompt)
        self._open[prompt.id] = work, piece

    def _drop(self, work: Work) -> None:
        self._chains.pop(work.id, None)
        for name in [name for name, (one, _) in self._open.items() if one is work]:
            del self._open[name]
            self._decoder.cancel(name)

    def _advance(self) -> None:
        for work in [work for work in self._held() if work.cancelled]:
            self._drop(work)
        finished = self._step()
        if finished is None:
            self._shrink()
            return
        for generated in finished:
            self._finished(generated)
        for name, (work, piece) in self._open.items():
            if work.heard is not None:
                work.heard(piece, self._decoder.so_far(name), False)

    def _step(self) -> list[Generated] | None:
        """None: out of memory, and there are fewer slots to try."""
        try:
            return self._decoder.step()
        except torch.OutOfMemoryError:
            if self._decoder.slots == 1:
                raise
            return None  # and not here: the error still holds what it could not finish

    def _finished(self, generated: Generated) -> None:
        work, piece = self._open.pop(generated.id)
        work.spoken[piece] = generated
        self._began(work)
        if work.heard is not None:
            work.heard(piece, generated.tokens, True)
        if not work.left:
            self._chains.pop(work.id, None)
            self._passed(work)
        elif work.id in self._chains:
            said = self._chains[work.id].followed(work.pieces[piece], generated.tokens)
            self._chains[work.id] = said
            self._submit(work, work.left[0])

    def _shrink(self) -> None:
        """Half the slots; what was being decoded begins anew, from the same seeds."""
        slots = max(1, self._decoder.slots // 2)
        again = list(self._open.values())
        self._open.clear()
        del self._decoder  # its memory goes before the next one's comes
        torch.cuda.empty_cache()
        self._decoder = self._make_decoder(slots)
        for work, piece in again:
            self._submit(work, piece)
