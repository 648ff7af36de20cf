"""Many jobs through the flow: in shapes that depend on each job alone.

A job's bucket (its padded length) and the rows of a bucket follow from the job's own length,
the device and nothing else; missing rows are filled with dummies. So a job goes through the same
kernels at the same shapes whoever its neighbours are, and its mel is the same to the bit alone
or in company. On a CPU, which one job keeps busy, every job runs alone at its exact length; on a
GPU rows are added until a batch is worth its launches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from castbook.errors import PermanentFailure
from tts.glm import noise
from tts.glm.checkpoint.configs import FlowConfig
from tts.glm.flow import precision as modes
from tts.glm.flow.dit import Conditions, Dit
from tts.glm.flow.precision import Precision
from tts.glm.flow.solver import Schedule, Solution, schedule, solve
from tts.glm.flow.tokens import frames_of, nearest


@dataclass(frozen=True, slots=True, eq=False)
class FlowJob:
    """What the flow needs for one segment; its tensors stand on the CPU."""

    id: str
    tokens: Tensor  # int64 [N], generated
    prompt_tokens: Tensor  # int64 [P'], of the reference at 25 Hz
    prompt_mel: Tensor  # float32 [P, 80], of the reference at 50 Hz
    embedding: Tensor  # float32 [192], of the speaker, of any length
    seed: int

    @property
    def frames(self) -> int:
        """Frames of reference and segment together."""
        return frames_of(len(self.prompt_tokens) + len(self.tokens))

    @property
    def prompt_frames(self) -> int:
        """Frames at the start that are the reference's, not the segment's."""
        return len(self.prompt_mel)


@dataclass(frozen=True, slots=True)
class Batching:
    """Which shapes exist.

    Args:
        grain: lengths are padded to a multiple of it, in frames.
        budget: frames of a batch, all rows together.
        most: rows at most.
    """

    grain: int = 1
    budget: int = 1
    most: int = 1

    @classmethod
    def for_device(cls, device: torch.device) -> Self:
        """On a CPU one row, unpadded; on a GPU up to 32 rows of multiples of 64 frames."""
        # 16384 frames are 32768 rows of each product with both branches: 0.3 GB for the widest
        return cls(grain=64, budget=16384, most=32) if device.type == "cuda" else cls()

    def bucket(self, frames: int) -> int:
        """The padded length, in frames."""
        return -(-frames // self.grain) * self.grain

    def rows(self, bucket: int) -> int:
        """Rows of every batch of this length."""
        return max(1, min(self.most, self.budget // bucket))


class Flow:
    """The flow of a checkpoint on one device; on a CPU several threads may sample at once.

    Args:
        weights: the tensors of ``flow.pt`` by their stored names; not kept.
        batching: other shapes than the device's own, for tests and measurements.
        compiled: see ``Dit``; construction then takes minutes, and the bytes differ from
            those without, so it belongs in the engine's fingerprint.
    """

    def __init__(
        self,
        config: FlowConfig,
        weights: Mapping[str, Tensor],
        *,
        device: torch.device | str,
        precision: Precision = "fp32",
        batching: Batching | None = None,
        compiled: bool = False,
    ) -> None:
        where = torch.device(device)
        arithmetic = modes.arithmetic(precision, where)
        modes.settle(arithmetic, where)
        self.config = config
        self.precision = modes.effective(precision, where)
        self.batching = batching or Batching.for_device(where)
        self.dit = Dit(config, weights, device=where, arithmetic=arithmetic, compiled=compiled)
        self._plans: dict[int, Schedule] = {}
        if compiled:
            self._warm()

    def bucket_of(self, job: FlowJob) -> int:
        """The padded length of a job in frames; jobs of one bucket fill one another's rows."""
        return self.batching.bucket(job.frames)

    def rows_of(self, bucket: int) -> int:
        """How many jobs of a bucket make a full batch."""
        return self.batching.rows(bucket)

    @torch.inference_mode()
    def sample(
        self, jobs: Sequence[FlowJob], *, steps: int = 10, guidance: float | None = None
    ) -> list[Tensor]:
        """Mels of jobs of any lengths, in the order of the jobs.

        Args:
            steps: of the solver.
            guidance: the checkpoint's own (0.7) when None.

        Returns:
            float32 [T, 80] on the device for each: frames of the segment alone. T is what
            ``frames_of`` gives for all tokens less the frames of the reference's mel.

        Raises:
            PermanentFailure: a job has no tokens, or one that the model does not know; none
                was calculated.
        """
        for job in jobs:
            self.check(job)
        buckets: dict[int, list[int]] = defaultdict(list)
        for number, job in enumerate(jobs):
            buckets[self.bucket_of(job)].append(number)
        mels: dict[int, Tensor] = {}
        for bucket, numbers in buckets.items():
            rows = self.rows_of(bucket)
            for start in range(0, len(numbers), rows):
                some = numbers[start : start + rows]
                chosen = [jobs[number] for number in some]
                solved = self._solve(chosen, bucket, steps, guidance)
                for number, job, mel in zip(some, chosen, solved, strict=False):
                    # a copy: a view would keep the whole batch alive
                    mels[number] = mel[job.prompt_frames : job.frames].float().clone()
        return [mels[number] for number in range(len(jobs))]

    @torch.inference_mode()
    def solve_alone(
        self,
        job: FlowJob,
        *,
        steps: int = 10,
        guidance: float | None = None,
        fixed: tuple[Tensor, ...] = (),
        seen: Tensor | None = None,
        start: Tensor | None = None,
    ) -> Solution:
        """One job at its exact length, its reference included and its path kept.

        For streams and parity. On a CPU it is to the bit what ``sample`` calculates; on a GPU,
        where ``sample`` pads, it is so up to rounding.

        Args:
            fixed: see ``solver.solve``.
            seen: see ``Dit.condition``.
            start: [T, 80], instead of the noise of the job's seed.
        """
        return solve(
            self.dit,
            self._conditions([job], 1, job.frames, seen),
            self.noise([job.seed], job.frames) if start is None else start[None],
            self._plan(steps),
            self.config.guidance if guidance is None else guidance,
            fixed=fixed,
            keep=True,
        )

    def _solve(
        self, jobs: Sequence[FlowJob], bucket: int, steps: int, guidance: float | None
    ) -> Tensor:
        """Jobs of one bucket, padded: [rows, bucket, 80], references included."""
        rows = self.rows_of(bucket)
        seeds = [job.seed for job in jobs] + [0] * (rows - len(jobs))
        start = self.noise(seeds, bucket)
        return solve(
            self.dit,
            self._conditions(jobs, rows, bucket, None),
            start,
            self._plan(steps),
            self.config.guidance if guidance is None else guidance,
        ).mel

    def noise(self, seeds: Sequence[int], frames: int) -> Tensor:
        """The states that jobs start from, float32 [R, T, 80].

        Each number is a function of seed, frame and mel bin: the same in every bucket, and the
        same in every chunk of a stream.
        """
        drawn = torch.tensor(seeds, dtype=torch.int64, device=self.dit.device)
        numbers = noise.normals(drawn, "flow", 0, frames * self.config.mel)
        return numbers.view(len(seeds), frames, self.config.mel)

    def check(self, job: FlowJob) -> None:
        """Raises PermanentFailure when a job cannot be calculated."""
        if not len(job.tokens):
            raise PermanentFailure(f"{job.id}: there are no speech tokens to make sound of")
        ids = torch.cat((job.prompt_tokens, job.tokens))
        low, high = (int(extreme) for extreme in torch.aminmax(ids))
        if low < 0 or high >= self.config.vocab:
            wrong = low if low < 0 else high
            raise PermanentFailure(
                f"{job.id}: speech token {wrong} is unknown to the flow, "
                f"which has {self.config.vocab}"
            )

    def _warm(self) -> None:
        """Compiles for a shape whose numbers are all different.

        The compiler takes equal sizes for one and the same, and would make code for, say, 768
        frames of width 768 that no other length may use. What is compiled first serves all, so
        which job comes first must not decide it.
        """
        tokens = torch.zeros(5 * self.batching.grain + 78, dtype=torch.int64)
        empty = torch.zeros(0, dtype=torch.int64)
        mel, speaker = torch.zeros(0, self.config.mel), torch.ones(self.config.speaker)
        job = FlowJob("warm", tokens, empty, mel, speaker, seed=0)
        self.sample([job], steps=1)

    def _plan(self, steps: int) -> Schedule:
        if steps not in self._plans:
            self._plans[steps] = schedule(self.dit, steps)
        return self._plans[steps]

    def _conditions(
        self, jobs: Sequence[FlowJob], rows: int, bucket: int, seen: Tensor | None
    ) -> Conditions:
        ids = torch.zeros(rows, bucket, dtype=torch.int64)
        mel = torch.zeros(rows, bucket, self.config.mel)
        speakers = torch.zeros(rows, self.config.speaker)
        lengths = torch.full((rows,), bucket)  # dummies are full: a row must see something
        for row, job in enumerate(jobs):
            frames = job.frames
            both = torch.cat((job.prompt_tokens, job.tokens))
            ids[row, :frames] = both[nearest(len(both), frames)]
            shown = min(job.prompt_frames, frames)
            mel[row, :shown] = job.prompt_mel[job.prompt_frames - shown :]
            speakers[row] = functional.normalize(job.embedding.float(), dim=0)
            lengths[row] = frames
        # a mask changes the kernel: a lone row without padding may do without, a row with
        # neighbours may not, or they would decide for it
        alone = rows == 1 and int(lengths[0]) == bucket
        device = self.dit.device
        return self.dit.condition(
            ids.to(device),
            mel.to(device),
            speakers.to(device),
            None if alone else lengths,
            seen,
        )
