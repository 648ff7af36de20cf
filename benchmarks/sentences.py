"""Sentence ends against labelled rows and real books, beside other splitters.

    python -m benchmarks.sentences DATA [--texts FOLDER] [--json]

DATA holds ``segmentation/*.jsonl`` with rows ``{lang, text, sentences}``. Of each file: F1 of
the sentence ends inside its paragraphs, the share of rows that are exactly right, characters
in pieces of over 250, speed; for every splitter that is installed, in one run. Then pieces of
``cut_pieces`` under several limits: none may be over. ``--texts`` does the same with books.
Exit code 1 when a piece is over its limit.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.sentencerivals import Splitter, splitters
from benchmarks.sentencescores import LONG, Row, Score, read_rows
from book.languages import load_language
from book.manuscript import Manuscript
from book.readers import read_manuscript
from book.segments import Limit, Ruler, cut_pieces
from book.sentences import sentence_ends
from book.spans import Span, chapter_spans
from castbook.errors import CastbookError

LIMITS = (400, 100, 30)  # of cut_pieces: usual, small, smaller than many clauses
REPEATS = 3  # the fastest of so many passes counts as the speed
_BOOKS = {".txt", ".md"}


def main() -> int:
    """Prints the figures; 1 when a piece was over its limit or a target has no data."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder with segmentation/*.jsonl")
    parser.add_argument("--texts", type=Path, help="folder of books (.txt, .md)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    files = sorted((options.data / "segmentation").glob("*.jsonl"))
    if not files:
        parser.error(f"{options.data / 'segmentation'}: no .jsonl files here")
    measured = splitters()
    facts: dict[str, Any] = {"files": {}, "splitters": [s.name for s in measured]}
    over = 0
    for path in files:
        rows = read_rows(path)
        scores = {s.name: measure(s, rows).facts() for s in measured}
        limits = longest_pieces((row.text, row.language) for row in rows)
        over += sum(item["over"] for item in limits.values())
        facts["files"][path.stem] = {"splitters": scores, "limits": limits}
    if options.texts:
        facts["texts"] = measure_books(options.texts, measured)
        over += sum(item["over"] for item in facts["texts"]["limits"].values())
    facts["pieces over a limit"] = over
    if options.json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        print_table(facts)
    return 1 if over else 0


def measure(splitter: Splitter, rows: Sequence[Row]) -> Score:
    """One splitter on labelled rows."""
    score = Score()
    for row in rows:
        score.add(row, splitter.split(row.text, row.language))
    texts = [(row.text, row.language) for row in rows]
    score.bytes = sum(len(text.encode()) for text, _ in texts)
    passes = REPEATS if splitter.quick else 1
    score.seconds = min(seconds(splitter.split, texts) for _ in range(passes))
    return score


def seconds(split: Callable[[str, str], object], texts: Sequence[tuple[str, str]]) -> float:
    """Processor time of one pass."""
    begin = time.process_time()
    for text, language in texts:
        split(text, language)
    return time.process_time() - begin


def longest_pieces(texts: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """What ``cut_pieces`` makes of paragraphs under each limit, without their speakers."""
    laid = [(text, tag, (Span(0, len(text)),)) for text, tag in texts]
    return cut_under_limits(laid)


def cut_under_limits(
    paragraphs: Sequence[tuple[str, str, Sequence[Span]]],
) -> dict[str, dict[str, int]]:
    """Of (text, language, spans): longest piece, number of pieces, how many over the limit."""
    facts = {}
    for maximum in LIMITS:
        lengths: list[int] = []
        for text, tag, spans in paragraphs:
            words = load_language(tag)
            ruler = _ruler(text, tag, maximum)
            found = cut_pieces(text, spans, sentence_ends(text, words), words, ruler)
            lengths.extend(piece.end - piece.start for piece in found)
        facts[str(maximum)] = {
            "pieces": len(lengths),
            "longest": max(lengths, default=0),
            "over": sum(length > maximum for length in lengths),
        }
    return facts


def _ruler(text: str, tag: str, maximum: int) -> Ruler:
    """Lengths in characters."""
    limit = Limit(lambda part, _: len(part), maximum)
    return Ruler([limit], tag, lambda start, end: (text[start:end],), lambda start, end: ())


def measure_books(folder: Path, measured: Sequence[Splitter]) -> dict[str, Any]:
    """Speed and lengths on whole books, paragraph by paragraph as castbook reads them."""
    laid: list[tuple[str, str, Sequence[Span]]] = []
    unread = {}
    books = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _BOOKS:
            continue
        try:
            manuscript = read_manuscript((path,), language=_guess(path))
        except CastbookError as error:
            unread[path.name] = str(error)
            continue
        books += 1
        laid.extend(_paragraphs(manuscript, _guess(path)))
    texts = [(text, tag) for text, tag, _ in laid]
    size = sum(len(text.encode()) for text, _ in texts)
    speeds = {}
    for splitter in measured:
        if not splitter.quick:
            continue  # pysbd needs half an hour for what the others do in seconds
        lengths = [len(s) for text, tag in texts for s in splitter.split(text, tag)]
        speeds[splitter.name] = {
            "MB/s": round(size / seconds(splitter.split, texts) / 1e6, 2),
            "sentences": len(lengths),
            f"over {LONG} characters": sum(length > LONG for length in lengths),
            "longest": max(lengths, default=0),
        }
    return {
        "books": books,
        "unread": unread,
        "MB": round(size / 1e6, 2),
        "splitters": speeds,
        "limits": cut_under_limits(laid),
    }


def _guess(path: Path) -> str:
    """Chinese when the file's beginning is mostly Han, else English."""
    head = path.read_bytes()[:20_000].decode("utf-8", errors="replace")
    han = sum("\u3400" <= character <= "\u9fff" for character in head)
    return "zh" if han > len(head) / 5 else "en"


def _paragraphs(manuscript: Manuscript, tag: str) -> Iterable[tuple[str, str, Sequence[Span]]]:
    words = load_language(tag)
    for chapter in manuscript.chapters:
        spans = chapter_spans(chapter.paragraphs, words)
        for paragraph, parts in zip(chapter.paragraphs, spans, strict=True):
            yield paragraph.printed, tag, parts


def print_table(facts: dict[str, Any]) -> None:
    """The same for people."""
    columns = ("f1", "precision", "recall", "exact", f"over {LONG} characters", "longest", "MB/s")
    for name, file in facts["files"].items():
        print(f"\n{name:26}" + "".join(f"{column[:9]:>11}" for column in columns))
        for splitter, score in file["splitters"].items():
            print(f"{splitter:26}" + "".join(f"{score[column]!s:>11}" for column in columns))
        first = next(iter(file["splitters"].values()))
        languages = first["exact by language"]
        if len(languages) > 1:
            print("exact, castbook: " + "  ".join(f"{k} {v}" for k, v in languages.items()))
        for limit, item in file["limits"].items():
            print(f"limit {limit}: longest {item['longest']}, over {item['over']}")
    if "texts" in facts:
        print("\n" + json.dumps(facts["texts"], indent=1, ensure_ascii=False))
    print(f"\npieces over a limit: {facts['pieces over a limit']}")


if __name__ == "__main__":
    sys.exit(main())
