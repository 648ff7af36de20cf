"""What the line itself costs: CPU per segment besides the engine's own, and how it grows.

    python -m benchmarks.pipeline [--sizes 5000,20000] [--prefect] [--json]

Books of 3-second segments with the tone engine. Printed for each size:

- process CPU from plan to stitched PCM per segment, the engine's own process not counted
  (it is another process; its CPU is printed beside it), mastering and encoding apart;
- the ratio of totals between the sizes (linear: the ratio of the sizes);
- the highest memory of the process while chapters are assembled, for a first and a last
  chapter (flat: equal);
- with --prefect: task runs submitted, and task runs that Prefect's database holds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import numpy as np

from benchmarks.books import write_project
from flows.server import running_server

PER_CHAPTER = 250


@dataclass
class Cost:
    """One size's figures."""

    segments: int
    plan_s: float = 0.0
    synthesis_s: float = 0.0  # of this process: requests, verdicts, takes
    stitch_s: float = 0.0
    master_s: float = 0.0  # of this process: measuring before and after
    publish_s: float = 0.0  # of this process: feeding the encoder
    children_s: float = 0.0  # of the engine's and ffmpeg's processes
    wall_s: float = 0.0
    memory_first_mb: float = 0.0
    memory_last_mb: float = 0.0
    submitted: int = 0
    recorded: int = 0

    @property
    def total_s(self) -> float:
        """From plan to stitched PCM."""
        return self.plan_s + self.synthesis_s + self.stitch_s

    @property
    def ms_per_segment(self) -> float:
        """The figure of merit."""
        return self.total_s * 1000 / self.segments


class Quiet:
    """Nobody watches a benchmark."""

    def chapter_progress(self, chapter: Any, done: int, failed: int) -> None:
        """Ignored."""

    def chapter_finished(self, report: Any) -> None:
        """Ignored."""


def measure(root: Path, segments: int) -> Cost:
    """Makes one book of ``segments`` lines and measures it."""
    from audio.joins.stitch import stitch
    from audio.mastering.master import master
    from tasks import assemble
    from tasks.production import Production
    from tasks.publish import Publication
    from tasks.runners import LocalRunner

    cost = Cost(segments)
    chapters = -(-segments // PER_CHAPTER)
    project = write_project(
        root / f"book-{segments}",
        chapters=chapters,
        segments=segments // chapters,
        options={"seconds": 3},
        extra={"outputs": ["m4b"], "profile": "draft"},
    )
    began = time.monotonic()
    children = _children()
    with clocked(cost, "plan_s"):
        production = Production(project)
    peaks: list[float] = []
    apart = {"master": 0.0, "publish": 0.0}

    def timed(name: str, call: Any) -> Any:
        """A call whose own thread's CPU is not the line's: it belongs to a later stage."""

        def called(*arguments: Any, **named: Any) -> Any:
            before = time.thread_time()
            result = call(*arguments, **named)
            apart[name] += time.thread_time() - before
            return result

        return called

    def stitching(*arguments: Any, **named: Any) -> Any:
        # chapters are stitched one at a time here, by one worker: its own clock is their CPU
        before = time.thread_time()
        result = stitch(*arguments, **named)
        cost.stitch_s += time.thread_time() - before
        peaks.append(_resident_mb())
        return result

    with (
        patch.object(assemble, "stitch", stitching),
        patch.object(assemble, "WORKERS", 1),
        patch.object(assemble, "master", timed("master", master)),
        patch.object(Publication, "publish", timed("publish", Publication.publish)),
        patch.object(Publication, "encode", timed("publish", Publication.encode)),
        production,
        LocalRunner(2, chapters=3) as runner,
    ):
        before = time.process_time()
        report = production.run(runner, Quiet())
        spent = time.process_time() - before
    if not report.clean or report.made < segments - chapters:
        raise SystemExit(f"the benchmark's own book failed: {report.message}")
    cost.master_s, cost.publish_s = apart["master"], apart["publish"]
    cost.synthesis_s = spent - cost.stitch_s - cost.master_s - cost.publish_s
    cost.wall_s = time.monotonic() - began
    cost.memory_first_mb, cost.memory_last_mb = peaks[0], float(np.max(peaks))
    cost.children_s = _children() - children
    cost.submitted = report.steps
    return cost


def recorded(root: Path, segments: int) -> tuple[int, int]:
    """(steps submitted, task runs the server holds) of a run of the same book on Prefect.

    A server of its own, with castbook's profile; the book is built anew.
    """
    project = root / f"book-{segments}"
    with running_server(free_port(), root / f"prefect-{segments}") as server:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "flows.cli", "make", str(project), "--prefect", "--json"),
                *("--build", str(root / f"on-prefect-{segments}")),
            ],
            env={**server.environment, "PREFECT_LOGGING_LEVEL": "ERROR"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(done.stderr or done.stdout)
        run = json.loads(done.stdout)
        deadline = time.monotonic() + 60
        found = 0
        while found < run["steps"] and time.monotonic() < deadline:
            time.sleep(1)
            count = httpx.post(
                f"{server.api_url}/task_runs/count",
                json={"task_runs": {"tags": {"all_": ["castbook"]}}},
            )
            found = int(count.json()) - len(run["chapters"])  # each subflow has one as well
        return run["steps"], found


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def clocked(cost: Cost, name: str) -> Iterator[None]:
    """Adds the process CPU of the block to one field."""
    before = time.process_time()
    yield
    setattr(cost, name, getattr(cost, name) + time.process_time() - before)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    """Measures every size and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", default="5000,20000")
    parser.add_argument("--prefect", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="castbook-pipeline-") as place:
        costs = [measure(Path(place), size) for size in sizes]
        if options.prefect:
            for cost in costs:
                cost.submitted, cost.recorded = recorded(Path(place), cost.segments)
    if options.json:
        rows = [{**asdict(c), "ms_per_segment": c.ms_per_segment} for c in costs]
        print(json.dumps({"costs": rows}, indent=1))
        return 0
    for cost in costs:
        print(
            f"{cost.segments} segments: {cost.ms_per_segment:.2f} ms CPU each from plan to stitched"
            f" PCM (plan {cost.plan_s:.1f} s, synthesis {cost.synthesis_s:.1f} s, stitch"
            f" {cost.stitch_s:.1f} s); beside it mastering {cost.master_s:.1f} s and publishing"
            f" {cost.publish_s:.1f} s here, engine and ffmpeg processes {cost.children_s:.1f} s;"
            f" {cost.wall_s:.0f} s wall; memory while assembling {cost.memory_first_mb:.0f} MB"
            f" first, {cost.memory_last_mb:.0f} MB highest; {cost.submitted} steps submitted"
            + (f", {cost.recorded} of them in Prefect's database" if options.prefect else "")
        )
    for small, large in itertools.pairwise(costs):
        print(
            f"ratio of totals {large.total_s / small.total_s:.2f} for"
            f" {large.segments / small.segments:.1f} times the segments"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
