"""Does comparing what was heard with what was to be said find what is wrong, and only that?

    python -m benchmarks.hearing [TEXT…] [--sentences 300] [--rates 3,5,8] [--sweep] [--json]

Sentences of books (default: two of projects/) are "spoken" with and without faults, "heard" by
a simulated recogniser with 3, 5 and 8 % of substitutions (``benchmarks/hearingnoise.py``), and
compared by the shipped policy (``audio/hearing``). No audio and no model: measured is the
comparison alone, what a real recogniser misses comes on top. Reported, per language and rate:
false alarms and doubts among clean takes; takes caught, by fault; two rows that nobody can ask
for (one wrong word, the last word missing), for honesty. ``--sweep`` compares under other
limits instead, to set them: run it on other books than those reported.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

from audio.hearing import transcripts
from audio.hearing.alignment import align
from audio.hearing.soundalikes import HAN
from audio.hearing.tokens import fold
from audio.hearing.transcripts import CHARACTERS, WORDS, Limits, compare
from benchmarks.hearingnoise import FAULTS, UNHEARABLE, Vocabulary, hear, split
from book.sentences import split_sentences

ROOT = Path(__file__).resolve().parent.parent
BOOKS = tuple(ROOT / "projects" / name / "manuscript.md" for name in ("scandal", "kong-yiji"))
RATES = (3, 5, 8)  # %
CAUGHT, ALARMS = 0.98, 0.01  # what is asked of all verdicts together
CLEAN = "clean"
_TRIED: Mapping[str, Sequence[float]] = {
    "run": (3, 4, 5, 6),
    "run_at_end": (2, 3, 4),
    "replaced": (4, 5, 6, 7),
    "share": (0.3, 0.4, 0.5),
}


@dataclass(frozen=True, slots=True)
class Book:
    """The sentences of one file."""

    name: str
    han: bool
    sentences: tuple[str, ...]
    names: frozenset[str]  # capitalised inside a sentence, as a cast would list them

    @classmethod
    def read(cls, path: Path) -> Book:
        """Sentences of at least 6 words or characters."""
        text = path.read_text("utf-8-sig")
        han = len(HAN.findall(text)) > len(text) / 4
        found = []
        for paragraph in text.split("\n\n"):
            flat = ("" if han else " ").join(paragraph.split())
            if flat and not flat.startswith(("#", "*", "<", "[")):
                spans = split_sentences(flat, "zh" if han else "en")
                found += [flat[a:b] for a, b in spans if len(split(flat[a:b], han)) >= 6]
        inside = [word for text in found for word in split(text, han)[1:]]
        small = {word for word in inside if word.islower()}
        counted = Counter(word for word in inside if word[:1].isupper() and len(word) > 3)
        names = frozenset(
            fold(word) for word, n in counted.items() if n >= 3 and word.lower() not in small
        )
        return cls(path.stem if path.stem != "manuscript" else path.parent.name, han,
                   tuple(dict.fromkeys(found)), names)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """Outcomes of the takes of one kind."""

    language: str
    rate: int  # % of words that the recogniser exchanges
    kind: str
    takes: int
    differs: int
    inconclusive: int

    @property
    def share(self) -> float:
        """Takes that were found to differ."""
        return self.differs / self.takes if self.takes else 0.0


def measure(
    books: Sequence[Book], count: int, rates: Sequence[int], limits: Limits | None = None
) -> list[Row]:
    """One row for each language, rate and kind of take."""
    rows = []
    for han, rate in itertools.product((False, True), rates):
        outcomes: dict[str, Counter[str]] = {}
        for book in (b for b in books if b.han == han):
            for kind, outcome in _outcomes(book, count, rate / 100, limits):
                outcomes.setdefault(kind, Counter())[outcome] += 1
        for kind, found in outcomes.items():
            rows.append(
                Row("zh" if han else "en", rate, kind, found.total(), found["differs"],
                    found["inconclusive"])
            )  # fmt: skip
    return rows


def _outcomes(
    book: Book, count: int, rate: float, limits: Limits | None
) -> Sequence[tuple[str, str]]:
    language = "zh" if book.han else "en"
    rng = random.Random(f"{book.name} {rate}")
    vocabulary = Vocabulary.of(book.sentences, book.han)
    chosen = rng.sample(book.sentences, min(count, len(book.sentences)))
    others = [split(text, book.han) for text in book.sentences]
    found = []
    for text in chosen:
        words = split(text, book.han)
        spoken = {CLEAN: words} | {
            kind: fault(words, others, rng)
            for kind, fault in (*FAULTS.items(), *UNHEARABLE.items())
        }
        for kind, said in spoken.items():
            if said is not None:
                heard = hear(said, vocabulary, rate, book.han, rng)
                outcome = compare(text, heard, language, names=book.names, limits=limits).outcome
                found.append((kind, outcome))
    return found


def sweep(books: Sequence[Book], count: int, rates: Sequence[int]) -> list[str]:
    """Caught and false alarms with one limit after another changed, a line each."""
    lines = []
    with mock.patch.object(transcripts, "align", functools.cache(align)):
        for han, limits in ((False, WORDS), (True, CHARACTERS)):
            for name, values in _TRIED.items():
                for value in values:
                    change: dict[str, Any] = {name: value}
                    changed = replace(limits, **change)
                    rows = measure([b for b in books if b.han == han], count, rates, changed)
                    caught, alarms = totals(rows)
                    shipped = " (shipped)" if changed == limits else ""
                    lines.append(
                        f"{'zh' if han else 'en'} {name} {value}: caught {caught:.2%}, "
                        f"false alarms {alarms:.2%}{shipped}"
                    )
    return lines


def totals(rows: Sequence[Row]) -> tuple[float, float]:
    """(share of faults caught, share of clean takes that differ)."""
    faults = [row for row in rows if row.kind in FAULTS]
    clean = [row for row in rows if row.kind == CLEAN]
    caught = sum(r.differs for r in faults) / max(1, sum(r.takes for r in faults))
    return caught, sum(r.differs for r in clean) / max(1, sum(r.takes for r in clean))


def table(rows: Sequence[Row]) -> str:
    """For people."""
    lines = [f"{'':4}{'noise':>6}  {'take':32}{'takes':>6}{'differs':>9}{'unsure':>8}"]
    for row in rows:
        unsure = row.inconclusive / row.takes
        lines.append(
            f"{row.language:4}{row.rate:>5}%  {row.kind:32}{row.takes:>6}{row.share:>9.1%}"
            f"{unsure:>8.1%}"
        )
    for language in dict.fromkeys(row.language for row in rows):
        caught, alarms = totals([row for row in rows if row.language == language])
        lines.append(f"{language}: {caught:.2%} of the faults caught, {alarms:.2%} false alarms")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """0: at least 98 % caught with at most 1 % false alarms, in every language."""
    parser = argparse.ArgumentParser(description="comparing heard with spoken text, measured")
    parser.add_argument("texts", nargs="*", type=Path, default=BOOKS)
    parser.add_argument("--sentences", type=int, default=300, help="of each text")
    parser.add_argument("--rates", default=",".join(map(str, RATES)), help="%% of substitutions")
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    books = [Book.read(path) for path in options.texts]
    rates = [int(rate) for rate in options.rates.split(",")]
    if options.sweep:
        print("\n".join(sweep(books, options.sentences, rates)))
        return 0
    rows = measure(books, options.sentences, rates)
    languages = list(dict.fromkeys(row.language for row in rows))
    results = {x: totals([row for row in rows if row.language == x]) for x in languages}
    if options.json:
        print(json.dumps({"books": [b.name for b in books], "rows": [
            {name: getattr(row, name) for name in row.__slots__} for row in rows
        ], "totals": results}, ensure_ascii=False))  # fmt: skip
    else:
        print(f"books: {', '.join(book.name for book in books)}")
        print(table(rows))
    return 0 if all(c >= CAUGHT and a <= ALARMS for c, a in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
