"""Who speaks: how often the rules are right, how well they know it, and what a listener hears.

    python -m benchmarks.speakers DATA [--json]

DATA holds ``speakers_en_pdnc/*.json``, ``speakers_en_litbank/*.json`` and
``speakers_zh_luxun/*.json``, each only if it is there (format: ``benchmarks/goldquotes.py``).
The quotations are given, and so is the cast; asked is the speaker. Quotations without a known
speaker are left out and counted. The curve answers what a threshold (``casting.confidence``)
means for the listener: the share of all quotations in the right character's voice, in a wrong
character's, and in the narrator's. Quotation detection is measured apart, from the raw text.
Calibration: ten bins of equal width, each weighted by the quotations in it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.goldquotes import GoldBook, lay_out, load_books
from book.project import Casting
from book.readers import read_manuscript
from book.spans import chapter_spans, dialogue_marks
from book.speakers import attribute, english
from book.speakers.english import Scale

STEP = 0.01  # between two thresholds of the curve
THRESHOLD = Casting().confidence
LIMITS = (0.03, 0.05, 0.10)  # shares of quotations that may be in a wrong character's voice
BINS = 10


@dataclass(frozen=True, slots=True)
class Scored:
    """One quotation, answered."""

    gold: str
    speaker: str | None
    confidence: float
    rule: str
    type: str
    length: int = 1  # characters

    @property
    def right(self) -> bool:
        """Whether the likeliest speaker is the one."""
        return self.speaker == self.gold


def answer(book: GoldBook, scale: Scale | None = None) -> tuple[list[Scored], dict[str, Any]]:
    """Every quotation with a known speaker, answered; and what else is to be told of the book.

    ``scale``: weights other than those that ship, for a book in English.
    """
    laid = lay_out(book)
    began = time.perf_counter()
    if scale:
        found = english.attribute(laid.chapters, book.names, book.words, scale)
    else:
        found = attribute(laid.chapters, book.names, book.words)
    seconds = time.perf_counter() - began
    scored, unknown = [], 0
    for quote, who in zip(book.quotes, laid.answers(found), strict=True):
        if quote.speaker is None:
            unknown += 1
        elif who is None:
            scored.append(Scored(quote.speaker, None, 0.0, "not found", quote.type, quote.length))
        else:
            row = (who.speaker, who.confidence, who.rule, quote.type, quote.length)
            scored.append(Scored(quote.speaker, *row))
    return scored, {"seconds": round(seconds, 2), "without_speaker": unknown}


def measure(rows: Sequence[Scored]) -> dict[str, Any]:
    """All figures of some quotations."""
    types, rules = defaultdict(list), defaultdict(list)
    for row in rows:
        types[row.type].append(row.right)
        rules[row.rule].append(row.right)
    curve = risk(rows)
    return {
        "quotations": len(rows),
        "accuracy": _percent(r.right for r in rows),
        "by_type": {t: {"n": len(v), "accuracy": _percent(v)} for t, v in sorted(types.items())},
        "by_rule": {
            rule: {"n": len(v), "precision": _percent(v)}
            for rule, v in sorted(rules.items(), key=lambda item: (-len(item[1]), item[0]))
        },
        "calibration_error": round(calibration_error(rows), 4),
        "characters": heard_characters(rows),
        "at_most_wrong": {f"{100 * limit:g} %": best(curve, limit) for limit in LIMITS},
        "curve": curve,
    }


def risk(rows: Sequence[Scored]) -> list[dict[str, float]]:
    """What a listener hears at each threshold, in percent of all quotations."""
    steps = round(1 / STEP)
    curve = []
    for step in range(steps + 1):
        threshold = step / steps
        heard = [r for r in rows if r.speaker is not None and r.confidence >= threshold]
        right = sum(r.right for r in heard)
        total = len(rows) or 1
        curve.append(
            {
                "threshold": threshold,
                "right": round(100 * right / total, 2),
                "wrong": round(100 * (len(heard) - right) / total, 2),
                "narrator": round(100 * (len(rows) - len(heard)) / total, 2),
            }
        )
    return curve


def heard_characters(rows: Sequence[Scored]) -> dict[str, float]:
    """What a listener hears at the default of ``casting.confidence``, in percent of all text.

    Long speeches count for what they are: a told story in a wrong voice is minutes of it.
    """
    total = sum(r.length for r in rows) or 1
    heard = [r for r in rows if r.speaker is not None and r.confidence >= THRESHOLD]
    right = sum(r.length for r in heard if r.right)
    wrong = sum(r.length for r in heard if not r.right)
    return {
        "right": round(100 * right / total, 2),
        "wrong": round(100 * wrong / total, 2),
        "narrator": round(100 * (total - right - wrong) / total, 2),
    }


def best(curve: Sequence[dict[str, float]], limit: float) -> dict[str, float] | None:
    """The lowest threshold from which on at most ``limit`` is in a wrong character's voice."""
    fitting = [point for point in curve if point["wrong"] <= 100 * limit]
    return fitting[0] if fitting else None


def calibration_error(rows: Sequence[Scored]) -> float:
    """Mean distance between confidence and share right, over bins of equal width."""
    bins: dict[int, list[Scored]] = defaultdict(list)
    for row in rows:
        bins[min(int(row.confidence * BINS), BINS - 1)].append(row)
    return sum(
        abs(sum(r.confidence for r in part) - sum(r.right for r in part)) for part in bins.values()
    ) / (len(rows) or 1)


def detect(book: GoldBook) -> Counter[str]:
    """Characters and starts of quotations that are found in the raw text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.txt"
        path.write_text(book.text, "utf-8")
        manuscript = read_manuscript([path], language=book.language)
    source = manuscript.sources[0].text
    paragraphs = [chapter.paragraphs for chapter in manuscript.chapters]
    marks = dialogue_marks((p.printed for chapter in paragraphs for p in chapter), book.words)
    spoken, starts = bytearray(len(source)), set()
    for chapter in paragraphs:
        spans = chapter_spans(chapter, book.words, marks)
        for paragraph, parts in zip(chapter, spans, strict=True):
            for part in parts:
                if part.quotation is not None:
                    begin, end = (paragraph.source_offset(at) for at in (part.start, part.end))
                    spoken[begin:end] = b"\1" * (end - begin)
                    starts.add(next((i for i in range(begin, end) if source[i].isalnum()), begin))
    counts: Counter[str] = Counter()
    gold = bytearray(len(source))
    for quote in book.quotes:
        for begin, end in quote.spans:
            gold[begin:end] = b"\1" * (end - begin)
            first = next((i for i in range(begin, end) if source[i].isalnum()), begin)
            counts["starts"] += 1
            counts["starts found"] += first in starts
    letters = [i for i, c in enumerate(source) if c.isalnum()]
    counts["gold"] = sum(gold[i] for i in letters)
    counts["spoken"] = sum(spoken[i] for i in letters)
    counts["both"] = sum(gold[i] & spoken[i] for i in letters)
    return counts


def _detection(counts: Counter[str]) -> dict[str, float]:
    def share(part: str, whole: str) -> float:
        return round(100 * counts[part] / (counts[whole] or 1), 2)

    return {
        "character_recall": share("both", "gold"),
        "character_precision": share("both", "spoken"),
        "start_recall": share("starts found", "starts"),
    }


def _percent(items: Iterable[bool]) -> float:
    flags = list(items)
    return round(100 * sum(flags) / len(flags), 2) if flags else 0.0


def run(data: Path) -> dict[str, Any]:
    """Every set under ``data``."""
    sets: dict[str, Any] = {}
    for folder in sorted(data.glob("speakers_*")):
        books, rows, found = {}, [], Counter[str]()
        for book in load_books(folder):
            scored, facts = answer(book)
            counts = detect(book)
            books[book.name] = {**facts, **measure(scored), "detection": _detection(counts)}
            rows.extend(scored)
            found.update(counts)
        if books:
            sets[folder.name] = {
                **measure(rows),
                "without_speaker": sum(b["without_speaker"] for b in books.values()),
                "slowest_seconds": max(b["seconds"] for b in books.values()),
                "detection": _detection(found),
                "books": books,
            }
    return {"sets": sets}


def _show(sets: dict[str, Any]) -> None:
    for name, figures in sets.items():
        print(f"\n{name}")
        for title, part in [*figures["books"].items(), ("all", figures)]:
            kinds = ", ".join(f"{t} {v['accuracy']} ({v['n']})" for t, v in part["by_type"].items())
            seconds = part.get("seconds", figures["slowest_seconds"])
            print(
                f"  {title[:28]:28} {part['accuracy']:6.2f} % of {part['quotations']:5}"
                f"  ECE {part['calibration_error']:.3f}  {seconds:5.2f} s  {kinds}"
            )
        print(f"  left out, without a speaker: {figures['without_speaker']}")
        for rule, v in figures["by_rule"].items():
            print(f"    {rule:26} {v['n']:5}  {v['precision']:6.2f} % right")
        print("  threshold   right   wrong  narrator")
        for point in figures["curve"][::10]:
            print("  {threshold:9.2f} {right:7.2f} {wrong:7.2f} {narrator:9.2f}".format(**point))
        for limit, point in figures["at_most_wrong"].items():
            if point:
                right, threshold = point["right"], point["threshold"]
                print(f"  at most {limit} wrong: {right} % right (threshold {threshold})")
            else:
                print(f"  at most {limit} wrong: at no threshold")
        print(f"  characters at {THRESHOLD:g}:", end=" ")
        print(", ".join(f"{part} {v} %" for part, v in figures["characters"].items()))
        print("  quotations found in the raw text:", end=" ")
        print(", ".join(f"{k.replace('_', ' ')} {v} %" for k, v in figures["detection"].items()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.speakers", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with speakers_*/*.json")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args(arguments)
    figures = run(options.data)
    if not figures["sets"]:
        print(f"{options.data}: no speakers_*/*.json in it", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(figures, ensure_ascii=False, indent=1))
    else:
        _show(figures["sets"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
