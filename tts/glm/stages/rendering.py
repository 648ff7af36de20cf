"""Second stage: speech tokens to sound, by flow and vocoder, in batches of equal shape.

A batch waits for company only while there may be some: when nothing is being sampled, or enough
pieces of one shape are here, it goes. Which batch a piece goes with changes none of its bytes.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor

from tts.engine import Failure
from tts.glm.flow.batching import Flow, FlowJob
from tts.glm.stages.stage import Stage, failure_of
from tts.glm.stages.work import Work, flow_job, vocoder_job
from tts.glm.vocoder.hift import Unspeakable, VocoderJob

_PATIENCE_S = 0.02  # between two looks at whether more may come


@dataclass(frozen=True, slots=True)
class Render:
    """How the flow is solved."""

    steps: int
    guidance: float | None  # the checkpoint's own when None


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    work: Work
    number: int
    job: FlowJob
    bucket: int


class Rendering(Stage):
    """Owns flow and vocoder.

    Args:
        vocode: mels to samples, float32 on any device, in the order of the jobs.
        more: whether anything is being sampled that may still come here.
        models: held while flow and vocoder work; does nothing where several may use them.
        passed: takes a request and the samples of its pieces, float32 on the CPU.
    """

    def __init__(
        self,
        flow: Flow,
        vocode: Callable[[Sequence[VocoderJob]], list[Tensor]],
        how: Render,
        *,
        more: Callable[[], bool],
        models: AbstractContextManager[object],
        passed: Callable[[Work, list[Tensor]], None],
        fail: Callable[[Work, Failure], None],
        threads: int | None,
    ) -> None:
        super().__init__("glm rendering", flow.dit.device, fail, threads)
        self._flow, self._vocode, self._how = flow, vocode, how
        self._more, self._models, self._passed = more, models, passed
        self._waiting: list[_Piece] = []
        self._sounds: dict[str, dict[int, Tensor]] = {}  # by request, of pieces that are done
        self._most: dict[int, int] = {}  # rows of a bucket that memory allowed, if fewer
        self._owed: dict[str, int] = {}  # by request: speech tokens that have no sound yet
        self._count = threading.Lock()  # guards _owed

    @property
    def owed(self) -> int:
        """Speech tokens of all requests that were put here and are not passed on yet."""
        with self._count:
            return sum(self._owed.values())

    def put(self, work: Work) -> None:
        """See ``Stage.put``."""
        with self._count:
            self._owed[work.id] = sum(len(one.tokens) for one in work.spoken.values())
        super().put(work)

    def _settle(self, work: Work) -> None:
        with self._count:
            self._owed.pop(work.id, None)

    def _held(self) -> list[Work]:
        return list({piece.work.id: piece.work for piece in self._waiting}.values())

    def _idle(self) -> bool:
        return not self._waiting

    def _take(self, work: Work) -> None:
        self._sounds[work.id] = {}
        for number in range(len(work.pieces)):
            job = flow_job(work, number)
            self._flow.check(job)
            self._waiting.append(_Piece(work, number, job, self._flow.bucket_of(job)))

    def _drop(self, work: Work) -> None:
        self._settle(work)
        self._sounds.pop(work.id, None)
        self._waiting = [piece for piece in self._waiting if piece.work is not work]

    def _advance(self) -> None:
        for work in [work for work in self._held() if work.cancelled]:
            self._drop(work)
        batch = self._choose()
        if not batch:
            self._wait()
            return
        try:
            sounds = self._try(batch)
        except Unspeakable as error:  # one of them; the others go again without it
            [piece] = [
                piece for piece in batch if f"{piece.work.id}/{piece.number}" == error.job.id
            ]
            self._drop(piece.work)
            self._fail(piece.work, failure_of(error))
            return
        if sounds is None:
            self._most[batch[0].bucket] = len(batch) // 2
            torch.cuda.empty_cache()
            return
        self._waiting = [piece for piece in self._waiting if piece not in batch]
        for piece, sound in zip(batch, sounds, strict=True):
            self._finished(piece, sound)

    def _choose(self) -> list[_Piece]:
        """The pieces of one bucket that go now: a full batch, or the largest there is when
        nothing more can come."""
        by_bucket: dict[int, list[_Piece]] = {}
        for piece in self._waiting:
            by_bucket.setdefault(piece.bucket, []).append(piece)
        largest: list[_Piece] = []
        for bucket, pieces in by_bucket.items():
            rows = min(self._flow.rows_of(bucket), self._most.get(bucket, len(self._waiting)))
            if len(pieces) >= rows:
                return pieces[:rows]
            if len(pieces) > len(largest):
                largest = pieces
        return [] if self._more() else largest

    def _wait(self) -> None:
        try:
            work = self._inbox.get(timeout=_PATIENCE_S)
        except queue.Empty:
            return
        self._inbox.put(work)  # behind nothing that matters: order changes no byte

    def _try(self, batch: Sequence[_Piece]) -> list[Tensor] | None:
        """None: out of memory, and there is less to try."""
        try:
            return self._render(batch)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise
            return None  # and not here: the error still holds what it could not finish

    def _render(self, batch: Sequence[_Piece]) -> list[Tensor]:
        with self._models:
            mels = self._flow.sample(
                [piece.job for piece in batch], steps=self._how.steps, guidance=self._how.guidance
            )
            jobs = [
                vocoder_job(piece.work, piece.number, mel)
                for piece, mel in zip(batch, mels, strict=True)
            ]
            return [sound.cpu() for sound in self._vocode(jobs)]

    def _finished(self, piece: _Piece, sound: Tensor) -> None:
        done = self._sounds.get(piece.work.id)
        if done is None:
            return
        done[piece.number] = sound
        if len(done) == len(piece.work.pieces):
            del self._sounds[piece.work.id]
            self._settle(piece.work)
            self._passed(piece.work, [done[number] for number in sorted(done)])
