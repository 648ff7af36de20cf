"""Two devices against one: an engine that only waits, as a processor waits for its GPU.

    python -m benchmarks.fleet [--segments 400] [--devices 2] [--json]

Each simulated device is a real engine process (``tts/host.py``) that works on four requests at
once and sleeps for as long as a request is long. Requests are sentences of a book, handed in by
several threads in batches, as the tasks of a run do. One device and several speak the same
requests in turns; printed are both times, their ratio and whether every byte was equal. What
is measured is the dealing (``tts/fleet.py``), not an engine.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.espeak_pool import read_sentences
from tts.engine import Capabilities, Engine, Failure, Preset, Request, Speech, Voice
from tts.fleet import Fleet
from tts.host import Host

SLOTS = 4
SECONDS_PER_CHARACTER = 0.0008
BATCH, CALLERS = 32, 4
TARGET = 1.8
VOICES = {"it": Voice("it", preset="it")}


class SleepingEngine(Engine):
    """Answers each request after a time that its length decides, four at once."""

    name = "sleeping"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(rate=8000, languages=("*",), limit=999, unit="characters", slots=SLOTS)

    def fingerprint(self) -> str:
        return "sleeping 1"

    def presets(self) -> Sequence[Preset]:
        return (Preset("it", ("*",), "x"),)

    def load(self) -> None:
        self._free = [0.0] * SLOTS  # when each slot is free again, monotonic seconds

    def synthesize(self, requests: Sequence[Request]) -> Iterator[tuple[str, Speech | Failure]]:
        due = []
        for request in requests:
            begins = max(heapq.heappop(self._free), time.monotonic())
            ends = begins + SECONDS_PER_CHARACTER * len(request.text)
            heapq.heappush(self._free, ends)
            due.append((ends, request))
        return self._answers(sorted(due, key=lambda pair: pair[0]))

    def _answers(
        self, due: Sequence[tuple[float, Request]]
    ) -> Iterator[tuple[str, Speech | Failure]]:
        for ends, request in due:
            time.sleep(max(0.0, ends - time.monotonic()))
            pcm = np.full(len(request.text), request.seed % 1000, np.int16)
            yield request.id, Speech(pcm, 8000)


def speak(crew: Host | Fleet, requests: Sequence[Request]) -> tuple[float, dict[str, bytes]]:
    """(seconds, samples by request id) of all requests, in batches from several threads."""
    batches = [requests[i : i + BATCH] for i in range(0, len(requests), BATCH)]

    def call(batch: Sequence[Request]) -> dict[str, bytes]:
        return {
            i: result.pcm.tobytes() if isinstance(result, Speech) else result.reason.encode()
            for i, result in crew.synthesize(VOICES, batch)
        }

    began = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as pool:
        found = list(pool.map(call, batches))
    return time.monotonic() - began, {i: pcm for part in found for i, pcm in part.items()}


def _registered(folder: Path) -> None:
    """Makes the engine one that an installed package brings, here and in child processes."""
    info = folder / "sleeping-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sleeping\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[castbook.engines]\nsleeping = benchmarks.fleet:SleepingEngine\n"
    )
    root = str(Path(__file__).resolve().parent.parent)
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), root])


def main() -> int:
    """Measures and prints; exit code 1 when the bytes differ or the ratio is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--segments", type=int, default=400)
    parser.add_argument("--devices", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sentences = read_sentences(None, options.segments)
    requests = [Request(str(i), text, "en", "it", i * 7919) for i, text in enumerate(sentences)]
    with tempfile.TemporaryDirectory(prefix="castbook-fleet-") as folder:
        _registered(Path(folder))
        with (
            Host("sleeping") as one,
            Fleet([Host("sleeping") for _ in range(options.devices)], _length) as several,
        ):
            for crew in (one, several):  # started before the clock
                speak(crew, requests[: 2 * options.devices])
            one_s, alone = speak(one, requests)
            several_s, together = speak(several, requests)
    ratio, equal = one_s / several_s, alone == together
    figures = {"one_s": one_s, "several_s": several_s, "ratio": ratio, "equal": equal}
    if options.json:
        print(json.dumps({"devices": options.devices, "segments": len(requests), **figures}))
    else:
        print(
            f"{len(requests)} segments: one device {one_s:.2f} s, {options.devices} devices"
            f" {several_s:.2f} s, {ratio:.2f} times; bytes {'equal' if equal else 'DIFFER'}"
        )
    return 0 if equal and ratio >= TARGET * options.devices / 2 else 1


def _length(text: str, language: str) -> int:
    return len(text)


if __name__ == "__main__":
    sys.exit(main())
