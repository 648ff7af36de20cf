"""What each precision of the flow costs in exactness, and what streaming does.

``python -m benchmarks.glm_flow_precision FOLDER [--device cuda] [--json]``

FOLDER holds ``flow.pt`` and ``config.yaml``: a checkpoint's ``flow``, or a golden set's. The same
jobs, of random tokens, are solved from the same noise in float64 and in every mode; printed are
the largest and the root mean square difference, the second also in decibels against the mel's own
deviation, and the time. Then streams of several patterns against whole solutions, likewise.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.glm_parity_flow import configured, unpickled
from tts.glm.checkpoint.configs import FlowConfig
from tts.glm.flow.batching import Flow, FlowJob
from tts.glm.flow.precision import PRECISIONS, Precision
from tts.glm.flow.streaming import WHOLE, Pattern, deviation


@dataclass(frozen=True, slots=True)
class Error:
    """One mode against float64."""

    precision: Precision
    effective: Precision  # what it comes to on this device
    largest: float
    rms: float
    decibels: float | None  # of the rms, against the mel's deviation from its mean; None: no error
    seconds: float


@dataclass(frozen=True, slots=True)
class Strayed:
    """Streams of one pattern against whole solutions."""

    blocks: tuple[int, ...]
    ahead: int
    deviation: float  # root mean square, in units of the mel's own deviation
    decibels: float | None


def errors(
    config: FlowConfig,
    weights: Mapping[str, Tensor],
    jobs: Sequence[FlowJob],
    *,
    device: str = "cpu",
    steps: int = 10,
) -> list[Error]:
    """Every mode's error over the mels of the jobs."""
    exact: list[Tensor] = []
    found = []
    for precision in sorted(PRECISIONS, key=lambda mode: mode != "fp64"):
        flow = Flow(config, weights, device=device, precision=precision)
        flow.sample(jobs[:1], steps=1)  # what only the first call pays
        began = time.perf_counter()
        mels = [
            flow.solve_alone(job, steps=steps).mel[0, job.prompt_frames :].cpu().double()
            for job in jobs
        ]
        seconds = time.perf_counter() - began
        exact = exact or mels
        apart = torch.cat(mels) - torch.cat(exact)
        rms = float(apart.square().mean().sqrt())
        spread = float(torch.cat([mel - mel.mean(0) for mel in exact]).square().mean().sqrt())
        largest = float(apart.abs().max())
        found.append(
            Error(precision, flow.precision, largest, rms, _decibels(rms / spread), seconds)
        )
    return found


def strayed(flow: Flow, jobs: Sequence[FlowJob]) -> list[Strayed]:
    """How far streams of several patterns are from whole solutions."""
    patterns = [Pattern((25,)), *(Pattern(ahead=ahead) for ahead in (0, 6, 12, 24)), WHOLE]
    found = []
    for pattern in patterns:
        apart = deviation(flow, jobs, pattern)
        found.append(Strayed(pattern.blocks, pattern.ahead, apart, _decibels(apart)))
    return found


def random_jobs(config: FlowConfig, lengths: Sequence[int], prompt: int = 60) -> list[FlowJob]:
    """Jobs of so many tokens behind a reference of ``prompt`` tokens, all of them noise."""
    generator = torch.Generator().manual_seed(5)

    def ids(count: int) -> Tensor:
        return torch.randint(0, config.vocab, (count,), generator=generator)

    return [
        FlowJob(
            id=f"random{number}",
            tokens=ids(length),
            prompt_tokens=ids(prompt),
            prompt_mel=torch.randn(2 * prompt - 1, config.mel, generator=generator),
            embedding=torch.randn(config.speaker, generator=generator),
            seed=number,
        )
        for number, length in enumerate(lengths)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="with flow.pt and config.yaml")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tokens", type=int, nargs="+", default=[120, 60])
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    weights = unpickled(chosen.folder / "flow.pt")
    config = configured(chosen.folder, weights)
    jobs = random_jobs(config, chosen.tokens)
    modes = errors(config, weights, jobs, device=chosen.device)
    streams = strayed(Flow(config, weights, device=chosen.device), jobs)
    if chosen.json:
        report = {
            "device": chosen.device,
            "config": asdict(config),
            "tokens": chosen.tokens,
            "precisions": [asdict(one) for one in modes],
            "streams": [asdict(one) for one in streams],
        }
        json.dump(report, sys.stdout, indent=2)
        print()
        return 0
    print(f"width {config.width}, depth {config.depth}, {chosen.device}, tokens {chosen.tokens}")
    for one in modes:
        came = "" if one.effective == one.precision else f"  (here {one.effective})"
        print(
            f"{one.precision:>10}  largest {one.largest:.1e}  rms {one.rms:.1e}"
            f"  {_shown(one.decibels)}  {one.seconds:6.2f} s{came}"
        )
    for stream in streams:
        print(
            f"stream {stream.blocks!s:>15} ahead {stream.ahead:2}"
            f"  {stream.deviation:.4f} of the mel's deviation  {_shown(stream.decibels)}"
        )
    return 0


def _decibels(ratio: float) -> float | None:
    return 20 * math.log10(ratio) if ratio > 0 else None


def _shown(decibels: float | None) -> str:
    return "      no error" if decibels is None else f"{decibels:11.1f} dB"


if __name__ == "__main__":
    raise SystemExit(main())
