"""Labelled rows of sentences, and how well a splitter finds them.

A row is ``{lang, text, sentences}``: a paragraph and what it should be split into.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONG = 250  # characters: about 15 s of speech


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled paragraph."""

    language: str
    text: str
    sentences: tuple[str, ...]


@dataclass(slots=True)
class Score:
    """Counts of one splitter on one file."""

    hits: int = 0
    extra: int = 0
    missed: int = 0
    rows: int = 0
    exact: int = 0
    longest: int = 0
    over: int = 0
    pieces: int = 0
    seconds: float = 0.0
    bytes: int = 0
    exact_by_language: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: Row, found: Sequence[str]) -> None:
        """Counts the sentence ends of one row."""
        gold, seen = ends_of(row.sentences), ends_of(found)
        self.hits += len(gold & seen)
        self.extra += len(seen - gold)
        self.missed += len(gold - seen)
        self.rows += 1
        self.exact += gold == seen
        self.exact_by_language[row.language].append(gold == seen)
        lengths = [len(sentence) for sentence in found]
        self.longest = max(self.longest, *lengths) if lengths else self.longest
        self.over += sum(length > LONG for length in lengths)
        self.pieces += len(lengths)

    def facts(self) -> dict[str, Any]:
        """The figures, rounded as they are printed."""
        languages = {
            tag: share(sum(rows), len(rows)) for tag, rows in sorted(self.exact_by_language.items())
        }
        return {
            "precision": share(self.hits, self.hits + self.extra),
            "recall": share(self.hits, self.hits + self.missed),
            "f1": share(2 * self.hits, 2 * self.hits + self.extra + self.missed),
            "exact": share(self.exact, self.rows),
            "rows": self.rows,
            "pieces": self.pieces,
            f"over {LONG} characters": self.over,
            "longest": self.longest,
            "MB/s": round(self.bytes / self.seconds / 1e6, 2) if self.seconds else None,
            "exact by language": languages,
        }


def read_rows(path: Path) -> list[Row]:
    """The rows of one file."""
    rows = []
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            raw = json.loads(line)
            rows.append(Row(raw["lang"], raw["text"], tuple(raw["sentences"])))
    return rows


def ends_of(sentences: Iterable[str]) -> set[int]:
    """Ends inside a paragraph, counted in characters that are not white space.

    So a row whose sentences were joined with other white space than its text still fits.
    """
    at, ends = 0, set()
    for sentence in sentences:
        at += len("".join(sentence.split()))
        ends.add(at)
    ends.discard(at)
    ends.discard(0)
    return ends


def share(part: int, whole: int) -> float | None:
    """Percent, or None of nothing."""
    return round(100 * part / whole, 2) if whole else None
