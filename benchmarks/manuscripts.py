"""Whole books: is every character accounted for, are chapters and skips those of a reader?

    python -m benchmarks.manuscripts DATA [--expected FOLDER] [--chapters-only] [--json]

DATA holds manuscripts at any depth (text, Markdown, EPUB, DOCX, PDF, HTML); the texts of
labelled speakers (``speakers_*/*.json``) are read as plain text. For each: time,
chapters, what is skipped, whether paragraphs, gaps and skips give back the source text
exactly, then the same for the segments of the script, made without a cast. Books with a
hand-written list (``benchmarks/expected/FILE.yaml``) are compared with it. Exit code 1 when a
round trip or a list fails; a file that is refused is reported with its one line.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.expectations import Expectation, compare, load_expectations, skip_runs
from book.languageguess import guess_language
from book.manuscript import Manuscript, Paragraph, Slice
from book.project import Book, Project, Voice
from book.readers import SUFFIXES, read_manuscript
from book.script import Script
from book.scripting import write_script
from book.segments import Limit
from book.spoken.lexicon import Lexicon
from castbook.errors import CastbookError, ManuscriptError

LIMIT = 1000  # characters of a segment; what is cut further is measured elsewhere
_NO_BOOKS = {"readme", "license", "licence", "notice", "changelog"}


@dataclass(slots=True)
class Result:
    """What one book showed."""

    file: str
    language: str
    seconds: float = 0.0  # reading; making the script is counted apart
    script_seconds: float = 0.0
    characters: int = 0
    chapters: list[str] = field(default_factory=list)
    skips: dict[str, int] = field(default_factory=dict)  # runs of each reason
    warnings: list[str] = field(default_factory=list)
    refused: str | None = None
    spoken_share: float | None = None
    unexplained: int = 0  # characters
    faults: list[str] = field(default_factory=list)  # of the round trip
    listed: bool = False  # there is a hand-written list
    differences: list[str] = field(default_factory=list)  # from that list

    @property
    def failed(self) -> bool:
        return bool(self.faults or self.differences or self.unexplained)


def books_in(folder: Path) -> list[Path]:
    """Manuscripts at any depth, in order of their paths."""
    if folder.is_file():
        return [folder]
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix.lower() in SUFFIXES
        and path.stem.lower() not in _NO_BOOKS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def texts_in(folder: Path, place: Path) -> list[Path]:
    """The texts of labelled speakers under ``folder``, written to ``place`` as plain text."""
    found = []
    for path in sorted(folder.glob("**/speakers_*/*.json")):
        text = json.loads(path.read_text(encoding="utf-8")).get("text")
        if isinstance(text, str):
            found.append(place / f"{path.parent.name}-{path.stem}.txt")
            found[-1].write_text(text, encoding="utf-8", newline="")
    return found


def measure(path: Path, expected: Expectation | None, chapters_only: bool) -> Result:
    """Reads one book, and proves or refutes that nothing of it was lost."""
    result = Result(path.name, expected.language if expected else "")
    result.listed = expected is not None
    try:
        manuscript = _read(path, result, expected)
    except ManuscriptError as error:
        result.refused = str(error)
        if expected and not expected.refused:
            result.differences.append(f"refused: {error}")
        return result
    result.characters = sum(len(source.text) for source in manuscript.sources)
    result.chapters = [chapter.title for chapter in manuscript.chapters]
    result.skips = dict(Counter(run.reason for run in skip_runs(manuscript)))
    result.warnings = list(manuscript.warnings)
    result.faults.extend(_paragraph_faults(manuscript))
    if expected:
        result.differences.extend(compare(manuscript, expected))
    if not chapters_only:
        started = time.perf_counter()
        try:
            script = _script(manuscript)
        except CastbookError as error:
            result.faults.append(f"no script: {error}")
            return result
        result.script_seconds = time.perf_counter() - started
        result.faults.extend(_script_faults(manuscript, script))
        result.unexplained = sum(s.end - s.start for s in script.coverage.unexplained)
        result.spoken_share = script.coverage.spoken_share
    return result


def _read(path: Path, result: Result, expected: Expectation | None) -> Manuscript:
    started = time.perf_counter()
    manuscript = read_manuscript((path,), language=result.language or "en")
    if not result.language:
        result.language = language_of(manuscript)
        if result.language != "en":
            started = time.perf_counter()
            manuscript = read_manuscript((path,), language=result.language)
    result.seconds = time.perf_counter() - started
    return manuscript


def language_of(manuscript: Manuscript) -> str:
    """By what the book says, else by its script and its small words."""
    text = "".join(source.text for source in manuscript.sources)
    return guess_language(text, manuscript.facts.language)


# -- the round trip, by another way than book/coverage.py ------------------------------------


def _paragraph_faults(manuscript: Manuscript) -> list[str]:
    paragraphs = [p for chapter in manuscript.chapters for p in chapter.paragraphs]
    slices = [p.slice for p in paragraphs] + [skip.slice for skip in manuscript.skips]
    faults = _gap_faults(manuscript, slices)
    for paragraph in paragraphs:
        text = manuscript.sources[paragraph.slice.document].text
        if not _is_derived(paragraph, text):
            faults.append(f"edits do not give {paragraph.printed[:40]!r}")
    return faults


def _is_derived(paragraph: Paragraph, text: str) -> bool:
    """Whether copies and replacements in order make the print, and cover the slice once."""
    out: list[str] = []
    covered: list[str] = []
    at = paragraph.slice.start
    for edit in paragraph.edits:
        if edit.start < at:
            return False
        out += [text[at : edit.start], edit.replacement]
        covered += [text[at : edit.start], text[edit.start : edit.end]]
        at = edit.end
    out.append(text[at : paragraph.slice.end])
    covered.append(text[at : paragraph.slice.end])
    whole = text[paragraph.slice.start : paragraph.slice.end]
    return "".join(out) == paragraph.printed and "".join(covered) == whole


def _script_faults(manuscript: Manuscript, script: Script) -> list[str]:
    segments = [s for chapter in script.chapters for s in chapter.segments]
    slices = [item for segment in segments for item in segment.slices]
    edits = [
        Slice(p.slice.document, e.start, e.end)
        for chapter in manuscript.chapters
        for p in chapter.paragraphs
        for e in p.edits
    ]
    return _gap_faults(manuscript, [*slices, *(s.slice for s in script.skips)], edits)


def _gap_faults(
    manuscript: Manuscript, slices: Sequence[Slice], edits: Iterable[Slice] = ()
) -> list[str]:
    """What the source has between and under the slices that must not be there."""
    faults: list[str] = []
    marked = [bytearray(len(source.text)) for source in manuscript.sources]
    for edit in edits:
        marked[edit.document][edit.start : edit.end] = b"\1" * (edit.end - edit.start)
    for document, source in enumerate(manuscript.sources):
        rebuilt: list[str] = []
        at = 0
        for item in sorted(s for s in slices if s.document == document):
            if item.start < at:
                faults.append(f"{source.name}: {source.text[item.start : at][:40]!r} twice")
                continue
            gap = source.text[at : item.start]
            rebuilt += [gap, source.text[item.start : item.end]]
            faults.extend(_lost(source.text, at, item.start, marked[document]))
            at = item.end
        rebuilt.append(source.text[at:])
        faults.extend(_lost(source.text, at, len(source.text), marked[document]))
        if "".join(rebuilt) != source.text:
            faults.append(f"{source.name}: the parts do not give the source back")
    return faults[:20]


def _lost(text: str, start: int, end: int, marked: bytearray) -> list[str]:
    """Words in a gap that no edit explains."""
    lost = "".join(
        c for c, m in zip(text[start:end], marked[start:end], strict=True) if not m
    ).strip()
    return [f"lost: {lost[:60]!r}"] if lost else []


def _script(manuscript: Manuscript) -> Script:
    book = Book(
        version=1,
        title=manuscript.title or "Untitled",
        author=manuscript.author or "Unknown",
        language=manuscript.language,
        manuscript="book",
        narrator="narrator",
        voices={"narrator": Voice(preset="any")},
    )
    project = Project(
        folder=Path(),
        slug="book",
        book=book,
        manuscripts=(),
        references={},
        lexicons=(),
    )
    return write_script(
        manuscript,
        project,
        limits=[Limit(lambda text, language: len(text), LIMIT)],
        normalises=lambda speaker: False,
        engine_of=lambda speaker: "none",
        lexicon=Lexicon(()),
    )


# -- the command ------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.manuscripts", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--expected", type=Path, default=Path(__file__).parent / "expected")
    parser.add_argument("--chapters-only", action="store_true", help="make no scripts")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    lists = load_expectations(given.expected)
    results = []
    with tempfile.TemporaryDirectory() as place:
        for path in (*books_in(given.data), *texts_in(given.data, Path(place))):
            result = measure(path, lists.get(path.name), given.chapters_only)
            results.append(result)
            if not given.json:
                print(_line(result), flush=True)
    totals = _totals(results)
    if given.json:
        json.dump({"books": [_row(r) for r in results], "totals": totals}, sys.stdout, indent=1)
        print()
    else:
        print(json.dumps(totals))
    return 1 if totals["failed"] else 0


def _row(result: Result) -> dict[str, Any]:
    names = result.__slots__
    return {name: getattr(result, name) for name in names} | {"failed": result.failed}


def _line(result: Result) -> str:
    if result.refused:
        return f"{result.file}: refused: {result.refused}"
    skips = ", ".join(f"{count} {reason}" for reason, count in sorted(result.skips.items()))
    verdict = "FAILED" if result.failed else "right" if result.listed else "whole"
    lines = [
        f"{result.file}: {verdict}, {len(result.chapters)} chapters, {result.seconds:.2f} s, "
        f"{result.characters:,} characters; skipped: {skips or 'nothing'}"
    ]
    lines += [f"  {fault}" for fault in (*result.faults, *result.differences)]
    lines += [f"  warning: {warning}" for warning in result.warnings]
    return "\n".join(lines)


def _totals(results: Sequence[Result]) -> dict[str, Any]:
    read = [result for result in results if not result.refused]
    return {
        "books": len(results),
        "refused": len(results) - len(read),
        "round_trips": sum(not (r.faults or r.unexplained) for r in read),
        "unexplained_characters": sum(r.unexplained for r in read),
        "listed": sum(r.listed for r in results),
        "lists_right": sum(r.listed and not r.differences for r in results),
        "formats": dict(Counter(Path(r.file).suffix.lower() for r in read)),
        "characters": sum(r.characters for r in read),
        "seconds": round(sum(r.seconds for r in read), 2),
        "script_seconds": round(sum(r.script_seconds for r in read), 2),
        "failed": sum(r.failed for r in results),
    }


if __name__ == "__main__":
    sys.exit(main())
