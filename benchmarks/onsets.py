"""How well rests tell where the sentences of a take begin.

    python -m benchmarks.onsets PROJECT [--build DIR]

espeak says when each word begins, so its takes judge ``audio/joins/onsets.py``, which is not
told: for every take of several sentences of a finished project, where each sentence but the
first was found and where its first word is. Beside it what the share of the text alone says.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio.joins.onsets import sentence_words
from audio.pcm import read_flac
from audio.readalong.words import printed_words
from book.sentences import split_sentences
from flows.commands.mending import read_plan
from tasks.plan import BookPlan


@dataclass(frozen=True)
class Row:
    """One sentence. Seconds."""

    found: float | None  # from the truth; None: not found
    share: float  # from the truth


def rows(plan: BookPlan, spent: list[float]) -> Iterator[Row]:
    """Every sentence whose truth is known; the CPU seconds of each take go to ``spent``."""
    for line in plan.lines:
        segment, take = line.segment, line.take
        if take is None:
            continue
        edits = [(r.start, r.end, r.spoken) for r in segment.replacements]
        words = printed_words(take.words, segment.printed, segment.spoken, edits)
        spans = split_sentences(segment.printed, segment.language)
        if not words or len(spans) < 2:
            continue
        pcm, rate = read_flac(take.audio)
        began = time.process_time()
        found = {a: frame for a, _, frame in sentence_words(pcm, rate, segment.printed, spans)}
        spent.append(time.process_time() - began)
        for start, end in spans[1:]:
            truth = next((frame for a, _, frame in words if start <= a < end), None)
            if truth is None:
                continue
            guess = len(pcm) * start / len(segment.printed)
            at = found.get(start)
            yield Row(None if at is None else (at - truth) / rate, (guess - truth) / rate)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("project", type=Path)
    parser.add_argument("--build", type=Path)
    options = parser.parse_args()
    spent: list[float] = []
    table = list(rows(read_plan(options.project, options.build), spent))
    if not table:
        raise SystemExit("no take of several sentences with word times: castbook make it first")
    kinds = {
        "rests": [abs(row.found) for row in table if row.found is not None],
        "share of the text": [abs(row.share) for row in table],
    }
    print(
        f"{len(table)} sentences in {len(spent)} takes, {sum(spent) / len(spent) * 1e3:.2f} ms each"
    )
    print(f"{'seconds off':18} {'found':>6} {'median':>7} {'95 %':>7} {'worst':>7}")
    for name, off in kinds.items():
        low, high, worst = np.percentile(off, [50, 95, 100])
        print(f"{name:18} {len(off):6} {low:7.3f} {high:7.3f} {worst:7.3f}")


if __name__ == "__main__":
    main()
