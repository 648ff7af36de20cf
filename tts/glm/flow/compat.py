"""The published ``token2wav_stream``, reproduced for parity: never used to make a book.

It was scaled for another model (12.5 tokens and 86 frames a second, not 25 and 50), so its
blocks are 3.4 times too long, and it takes the number of its batches for the length of the
reference. ``streaming`` is what the engine itself streams with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tts.glm.flow.batching import Flow, FlowJob


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk as upstream makes it."""

    frames: int  # solved, the reference's included
    held: int | None  # frames that were held at the path of the chunk before
    mel: Tensor  # [T, 80], of all tokens so far
    wave: Tensor  # float32 [n], what this chunk adds


def block_frames(blocks: Sequence[int]) -> tuple[int, ...]:
    """Lengths of the blocks of the mask, in frames as upstream counts them."""
    return tuple(int(block / 12.5 * 22050 / 256) for block in blocks)


def block_mask(frames: int, blocks: Sequence[int]) -> Tensor:
    """Who sees whom, bool [T, T] by row and column.

    A row sees its own block and what came before, and near the block's end some of the next.

    Args:
        blocks: lengths in frames; the last one repeats.
    """
    seen = torch.zeros(frames, frames, dtype=torch.bool)
    start = number = 0
    while start < frames:
        length = blocks[min(number, len(blocks) - 1)]
        beyond = int(length / 2) if length <= 172 else int(length / 1.5)
        end = start + length
        for row in range(start, min(end, frames)):
            seen[row, : end + max(0, beyond - (end - 1 - row))] = True
        start, number = end, number + 1
    return seen


@dataclass(frozen=True, slots=True)
class UpstreamStream:
    """The settings of a stream.

    Args:
        blocks: tokens of the chunks; the last one repeats.
        ahead: tokens at the end of each chunk that are not given away yet; likewise.
        fade: seconds of the linear cross-fade between chunks.
        vocoder: mel [T, 80] to samples [n].
    """

    blocks: tuple[int, ...]
    ahead: tuple[int, ...]
    fade: float
    rate: int
    vocoder: Callable[[Tensor], Tensor]

    def chunks(
        self, flow: Flow, job: FlowJob, noises: Sequence[Tensor], *, steps: int, guidance: float
    ) -> Iterator[Chunk]:
        """The chunks of a job whose tokens are all known, each from its own noise."""
        hop = self.rate // 50
        pattern = block_frames((1, *self.blocks))
        path: tuple[Tensor, ...] = ()
        held: int | None = None
        given, tail, end, number = 0, torch.zeros(0), 0, 0
        while end < len(job.tokens):
            end += self.blocks[min(number, len(self.blocks) - 1)]
            part = replace(job, tokens=job.tokens[:end])
            solved = flow.solve_alone(
                part,
                steps=steps,
                guidance=guidance,
                fixed=tuple(state[:, :held] for state in path),
                seen=block_mask(part.frames, pattern),
                start=noises[number],
            )
            mel = solved.mel[0, part.prompt_frames :]
            wave = self.vocoder(mel)
            look = self.ahead[min(number, len(self.ahead) - 1)] / 25
            overlap = int(self.rate * (look + self.fade))
            until = len(wave) if end >= len(job.tokens) else max(given, len(wave) - overlap)
            fresh = wave[given:until].clone()
            ramp = torch.linspace(0, 1, len(tail))[: len(fresh)]
            fresh[: len(ramp)] = fresh[: len(ramp)] * ramp + tail[: len(ramp)] * (1 - ramp)
            yield Chunk(part.frames, held, mel, fresh)
            tail = wave[until : len(wave) - int(self.rate * look)]
            given = until
            # the 1 is upstream's length of the reference, in truth the size of a batch
            held = int((len(wave) / self.rate - look) * self.rate / hop) + 1 + 1
            path, number = solved.path, number + 1
