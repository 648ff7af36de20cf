"""espeak alone, one worker against two: how much faster, and are the bytes equal?

    python -m benchmarks.espeak_pool [TEXT] [--segments 300] [--rounds 5]

Speaks sentences of a real book through the engine itself, without host process, takes or
stitching. Clocked is the time from the first request to the last answer, in rounds that
alternate between one and two workers, of which the best of each counts: another program that
runs beside it makes a round slower, never faster. Not clocked: starting the processes, done
once per book (printed by itself), and one sentence spoken before, which fills the disk cache.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tts.engine import Request, Speech, Voice
from tts.espeak import EspeakEngine

BOOK = Path(__file__).resolve().parent.parent / "projects/sign-of-the-four/manuscript.txt"
PRESETS = ("en-us", "en-us+f2", "en-us+m8", "en-us+Annie")
TARGET = 1.8
# Lewis Carroll, 1865: for a checkout without projects/.
FALLBACK = """Alice was beginning to get very tired of sitting by her sister on the bank.
Once or twice she had peeped into the book her sister was reading, but it had no pictures.
And what is the use of a book, thought Alice, without pictures or conversations?
There was nothing so very remarkable in that, nor did Alice think it so very much out of the way.
Burning with curiosity, she ran across the field after it, and was just in time to see it pop
down a large rabbit-hole under the hedge."""


def read_sentences(file: Path | None, count: int) -> list[str]:
    """``count`` sentences of 40-200 characters; repeated, with a number, if there are fewer."""
    path = file or (BOOK if BOOK.is_file() else None)
    text = path.read_text("utf-8", "replace") if path is not None else FALLBACK
    found = re.split(r"(?<=[.!?])\s+", " ".join(text.split()))
    fitting = [s for s in found if 40 <= len(s) <= 200] or [text[:200]]
    return [
        s if i < len(fitting) else f"{i}: {s}"
        for i, s in enumerate(fitting[i % len(fitting)] for i in range(count))
    ]


class Run:
    """An engine with its processes started, spoken to once, and ready for the clock."""

    def __init__(self, workers: int) -> None:
        began = time.perf_counter()
        self.engine = EspeakEngine({"workers": workers})
        self.engine.load()
        for preset in PRESETS:
            self.engine.prepare(Voice(preset, preset=preset))
        self.speak(["Ready."])
        self.start_s = time.perf_counter() - began
        self.best_s = float("inf")

    def speak(self, sentences: Sequence[str]) -> tuple[float, float, str]:
        """(seconds of audio, wall seconds, digest of all audio in order)."""
        requests = [
            Request(str(i), text, "en", PRESETS[i % len(PRESETS)], 1)
            for i, text in enumerate(sentences)
        ]
        began = time.perf_counter()
        results = dict(self.engine.synthesize(requests))
        wall = time.perf_counter() - began
        digest, seconds = hashlib.sha256(), 0.0
        for request in requests:
            speech = results[request.id]
            if not isinstance(speech, Speech):
                sys.exit(f"{request.text!r}: {speech.reason}")
            digest.update(speech.pcm.tobytes())
            seconds += len(speech.pcm) / speech.rate
        return seconds, wall, digest.hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the comparison; exit code 1 when bytes differ or the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("text", nargs="?", type=Path, help="a text file (default: a novel)")
    parser.add_argument("--segments", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    sentences = read_sentences(given.text, given.segments)
    runs = {workers: Run(workers) for workers in (1, 2)}
    digests, audio = set(), 0.0
    for _ in range(given.rounds):
        for run in runs.values():
            audio, wall, digest = run.speak(sentences)
            digests.add(digest)
            run.best_s = min(run.best_s, wall)
    for run in runs.values():
        run.engine.unload()
    print(
        f"{len(sentences)} segments, {audio:.0f} s of audio, {given.rounds} rounds, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
    )
    for workers, run in runs.items():
        print(
            f"{workers} worker{'s' * (workers > 1)}: {run.best_s:6.2f} s, "
            f"{1000 * run.best_s / len(sentences):5.2f} ms per segment, "
            f"{audio / run.best_s:5.0f} times real time; start {1000 * run.start_s:.0f} ms"
        )
    ratio = runs[1].best_s / runs[2].best_s
    equal = len(digests) == 1
    print(f"2 workers are {ratio:.2f} times as fast as 1 (target {TARGET})")
    if os.getloadavg()[0] > 2.5:
        print("other programs use this machine: the ratio says little, run it again")
    print(f"bytes: {'equal in all rounds' if equal else 'DIFFERENT'}")
    return 0 if equal and ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
