"""Mel while the tokens still come: chunk by chunk, what is given away never changes.

Every chunk solves the whole prefix anew with full attention, as the model was trained, and holds
the frames already given away at the path they took then; the newest ``ahead`` tokens of a chunk
are solved with it and held back, for their frames do not know yet what follows. Noise is a
function of seed and frame, so no chunk redraws it. What a stream promises:

* a pure function of the job's tokens and the pattern: the same bytes however they are fed, and
  the same as ``streamed`` makes offline of all of them at once;
* a segment no longer than the first block is what ``Flow.solve`` makes of it alone;
* longer ones differ from ``Flow.sample``, which lets every frame hear the whole segment. By how
  much is a property of the weights, not of this code: ``deviation`` measures it. With the random
  weights of the golden set it is 2 % of the mel's own deviation (-34 dB) for the pattern that is
  the default, 9 % with nothing held back. ``WHOLE``, which gives nothing away before the end,
  is the pattern without any.

The other way, attention cut into blocks, would make stream and offline alike by making offline
worse: nobody says that the model was trained so. (``compat`` has upstream's blocks.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from castbook.errors import BrokenPromise
from tts.glm.flow.batching import Flow, FlowJob


@dataclass(frozen=True, slots=True)
class Pattern:
    """When a stream gives away what.

    Args:
        blocks: tokens of the chunks; the last one repeats; empty: one chunk at the end.
        ahead: tokens held back at the end of each, 25 to the second.
    """

    blocks: tuple[int, ...] = (25, 50, 100)
    ahead: int = 12

    def __post_init__(self) -> None:
        if any(block < 1 for block in self.blocks) or self.ahead < 0:
            raise BrokenPromise(f"blocks are of at least one token, ahead is from 0: {self}")

    def end(self, number: int) -> int | None:
        """Tokens that chunk ``number`` ends behind; None: it only ends with the segment."""
        if not self.blocks:
            return None
        last = len(self.blocks) - 1
        return sum(self.blocks[: number + 1]) + max(0, number - last) * self.blocks[last]


WHOLE: Final = Pattern(blocks=())


class FlowStream:
    """One segment's mel as its tokens come.

    Args:
        job: whatever tokens it has are taken as the first that came.
        steps, guidance: see ``Flow.sample``.
    """

    def __init__(
        self,
        flow: Flow,
        job: FlowJob,
        *,
        steps: int = 10,
        guidance: float | None = None,
        pattern: Pattern | None = None,
    ) -> None:
        self._flow, self._job = flow, job
        self._steps, self._guidance = steps, guidance
        self._pattern = pattern or Pattern()
        self._chunk = 0
        self._given = job.prompt_frames
        self._path: tuple[Tensor, ...] = ()
        self._ended = False

    @torch.inference_mode()
    def feed(self, tokens: Tensor, *, final: bool = False) -> Tensor:
        """Takes the tokens that came next and gives the frames that are final now.

        Args:
            tokens: int64 [n], n from 0.
            final: no more will come.

        Returns:
            float32 [k, 80] on the device; together all frames of the segment. k is 0 while a
            chunk still fills.

        Raises:
            PermanentFailure: see ``Flow.sample``.
            BrokenPromise: the stream has ended.
        """
        if self._ended:
            raise BrokenPromise(f"{self._job.id}: the stream has ended")
        self._ended = final
        self._job = replace(self._job, tokens=torch.cat((self._job.tokens, tokens)))
        fresh: list[Tensor] = []
        while (end := self._pattern.end(self._chunk)) is not None and len(self._job.tokens) > end:
            # one token more than the chunk needs: whether it is the last is known by then
            part = replace(self._job, tokens=self._job.tokens[:end])
            fresh.append(self._solve(part, part.frames - 2 * self._pattern.ahead))
            self._chunk += 1
        if final:
            fresh.append(self._solve(self._job, self._job.frames))
            self._path = ()
        if not fresh:
            return torch.zeros(0, self._flow.config.mel, device=self._flow.dit.device)
        return torch.cat(fresh)

    def _solve(self, part: FlowJob, until: int) -> Tensor:
        """Frames that part gives away beyond those that are given, up to ``until``."""
        until = max(until, self._given)
        self._flow.check(part)
        solved = self._flow.solve_alone(
            part, steps=self._steps, guidance=self._guidance, fixed=self._path
        )
        fresh = solved.mel[0, self._given : until].float().clone()
        if until > part.prompt_frames:
            # a copy: of every state, the frames that stay as they are
            self._path = tuple(state[:, :until].clone() for state in solved.path)
        self._given = until
        return fresh


def streamed(
    flow: Flow,
    job: FlowJob,
    *,
    steps: int = 10,
    guidance: float | None = None,
    pattern: Pattern | None = None,
) -> Tensor:
    """The whole mel [T, 80] as a stream would give it away."""
    stream = FlowStream(flow, job, steps=steps, guidance=guidance, pattern=pattern)
    return stream.feed(job.tokens[:0], final=True)


def deviation(flow: Flow, jobs: Iterable[FlowJob], pattern: Pattern) -> float:
    """How far streams stray from whole solutions: root mean square, in units of the mel's own
    deviation from its mean (0: not at all, 1.4: nothing in common).
    """
    apart = spread = 0.0
    for job in jobs:
        whole = flow.solve_alone(job).mel[0, job.prompt_frames :].double()
        apart += float((streamed(flow, job, pattern=pattern).double() - whole).square().sum())
        spread += float((whole - whole.mean(0)).square().sum())
    return float((apart / spread) ** 0.5) if spread else 0.0
