"""The book path beside the engine alone: what share of the engine's speed a book gets.

    python -m benchmarks.glm_book [--segments 192] [--size small] [--slots 32] [--rounds 2] [--json]

The same segments, with a checkpoint of random weights on the CPU, in turns:

1. **engine**: handed to the engine all at once, in a process that does nothing else: what
   ``benchmarks.glm_speed`` calls batched, with the front end and the engine's own signals;
2. **book**: through the whole line, ``Production`` on the ``LocalRunner`` as ``castbook make``
   has it: the engine in its host process, a verdict on every take, takes in the store. Without
   stitching, mastering and book files, which other benchmarks measure.

Random weights murmur, and a verdict that complains would make every take three times over; so
the verdict is calculated in full, counted, and then taken for good. Calibration takes are made
before the clock. What is printed are seconds of sound for each second, and for each second of
CPU of all processes together: on a machine that others use, the latter says more.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

from audio.pcm import pcm_sha256
from audio.verdicts.verdict import Verdict, judge
from benchmarks.glm_checkpoint import write
from benchmarks.glm_projects import lines, plan_of, write_project
from benchmarks.glm_speed import SIZES
from tasks.keys import sampling_key, seed_of
from tasks.plan import ChapterPlan, Line
from tasks.production import Production
from tasks.runners import LocalRunner, Policy
from tasks.synthesize import BatchReport
from tasks.waves import Gate, synthesise
from tts.engine import Request, Speech, Voice
from tts.host import Host
from tts.registry import make_engine

CHAPTERS = 2
TARGET = 0.8  # of the engine alone


@dataclass(frozen=True, slots=True)
class Run:
    """One way, once."""

    wall_s: float
    cpu_s: float  # of all processes
    audio_s: float
    digest: str  # of all samples, by key

    @property
    def rate(self) -> float:
        """Seconds of sound for each second."""
        return self.audio_s / self.wall_s

    @property
    def cpu_rate(self) -> float:
        """Seconds of sound for each second of CPU."""
        return self.audio_s / self.cpu_s


def requests_of(wanted: Sequence[Line], sampling: str) -> tuple[dict[str, Voice], list[Request]]:
    """What the book path asks the engine for at the first attempt.

    Args:
        sampling: the engine's ``sampling_fingerprint``.
    """
    voices = {line.speaker.voice.digest: line.speaker.voice for line in wanted}
    asked = [
        Request(
            line.keys[0], line.ingredients.spoken, line.ingredients.language,
            line.speaker.voice.digest, seed_of(line.keys[0], 0),
            sampling_seed=seed_of(sampling_key(line.ingredients, 0, sampling), 0),
        )
        for line in wanted
    ]  # fmt: skip
    return voices, asked


def engine_alone(
    options: dict[str, Any], voices: dict[str, Voice], asked: Sequence[Request]
) -> Run:
    """Runs in a process of its own; loading and reading the voices stand before the clock."""
    from tts.glm.engine import GlmEngine

    engine = GlmEngine(options)
    engine.load()
    for voice in voices.values():
        engine.prepare(voice)
    for _ in engine.synthesize(asked[:4]):
        pass
    began, cpu = time.perf_counter(), time.process_time()
    found: dict[str, tuple[str, float]] = {}
    for name, result in engine.synthesize(asked):
        if not isinstance(result, Speech):
            raise SystemExit(f"{name}: {result.reason}")
        found[name] = pcm_sha256(result.pcm), len(result.pcm) / result.rate
    run = Run(
        time.perf_counter() - began,
        time.process_time() - cpu,
        sum(seconds for _, seconds in found.values()),
        _digest({name: sha for name, (sha, _) in found.items()}),
    )
    engine.unload()
    return run


def book_path(project: Path, build: Path, keys: Sequence[str]) -> Run:
    """The same segments by the line; the engine's process and the voices stand before the clock."""
    gate, workers = Gate(), max(2, os.cpu_count() or 2)
    with Production(project, build=build) as production, LocalRunner(workers) as runner:
        production.calibrate(runner)
        host = production.pool.host(production.plan.lines[0].speaker.setup)
        if not isinstance(host, Host) or host.pid is None:
            raise SystemExit("the engine has no process, or several")
        pid = host.pid

        def chapter(plan: ChapterPlan) -> BatchReport:
            return synthesise(plan.open, plan, production, runner, gate)

        began, cpu = time.perf_counter(), time.process_time() + _process_s(pid)
        futures = [
            runner.submit(chapter, plan, Policy("chapter", plan.title, plan.number))
            for plan in production.plan.working
        ]
        failures = [failure for future in futures for failure in future.result().failures]
        wall_s = time.perf_counter() - began
        cpu_s = time.process_time() + _process_s(pid) - cpu
        takes = [production.store.get(key) for key in keys]
    if failures:
        raise SystemExit(failures[0].reason)
    found = [take for take in takes if take is not None]
    return Run(
        wall_s,
        cpu_s,
        sum(take.frames / take.rate for take in found),
        _digest({take.key: take.pcm_sha256 for take in found}),
    )


@contextmanager
def taken_for_good() -> Iterator[None]:
    """Every verdict is calculated, and then good: see the module."""

    def judged(*args: Any, **kwargs: Any) -> Verdict:
        return replace(judge(*args, **kwargs), good=True, usable=True)

    with patch("tasks.judging.judge", judged):
        yield


def _digest(samples: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(samples, sort_keys=True).encode()).hexdigest()


def _process_s(pid: int) -> float:
    """Seconds of CPU of a process: fields 14 and 15 of proc(5), counted behind its name."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All figures of one run."""
    os.environ["CASTBOOK_CACHE"] = str(folder / "cache")
    checkpoint = write(folder / "checkpoint", SIZES[options.size], 1)
    settings = {"checkpoint": str(checkpoint), "device": "cpu", "slots": options.slots}
    each = options.segments // CHAPTERS
    chapters = [lines(number, each) for number in range(1, CHAPTERS + 1)]
    project = write_project(folder / "book", chapters, settings)
    voices, asked = requests_of(
        plan_of(project).lines, make_engine("glm", settings).sampling_fingerprint()
    )
    keys = [request.id for request in asked]
    alone: list[Run] = []
    book: list[Run] = []
    for number in range(options.rounds):
        with get_context("spawn").Pool(1) as pool:
            alone.append(pool.apply(engine_alone, (settings, voices, asked)))
        with taken_for_good():
            book.append(book_path(project, folder / f"build-{number}", keys))

    def median(runs: Sequence[Run], rate: str) -> float:
        return float(statistics.median(getattr(run, rate) for run in runs))

    rates = {
        name: {rate: median(runs, rate) for rate in ("rate", "cpu_rate")}
        for name, runs in (("engine", alone), ("book", book))
    }
    return {
        "segments": len(asked),
        "audio_s": alone[0].audio_s,
        "size": options.size,
        "slots": options.slots,
        "rounds": options.rounds,
        **rates,
        "share": rates["book"]["rate"] / rates["engine"]["rate"],
        "cpu_share": rates["book"]["cpu_rate"] / rates["engine"]["cpu_rate"],
        "equal": len({run.digest for run in (*alone, *book)}) == 1,
    }


def main() -> int:
    """Measures and prints; exit code 1 when bytes differ or the share is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--segments", type=int, default=192)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--slots", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="castbook-glm-") as folder:
        figures = measure(options, Path(folder))
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        print(
            f"{figures['segments']} segments, {figures['audio_s']:.0f} s of sound, weights of size"
            f" {options.size}, {options.slots} slots"
        )
        for name in ("engine", "book"):
            one = figures[name]
            print(f"{name:6} {one['rate']:7.2f} audio-s/s, {one['cpu_rate']:7.2f} per CPU second")
        print(
            f"share  {figures['share']:7.0%} of the engine alone, {figures['cpu_share']:.0%} by"
            f" CPU; bytes {'equal' if figures['equal'] else 'DIFFER'}"
        )
    return 0 if figures["equal"] and figures["share"] >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
