"""Hand-written lists of what a book's chapters and skipped parts are, and what differs from them.

``benchmarks/expected/FILE.yaml``::

    file: 2166_king_solomons_mines.txt
    language: en
    chapters: [titles, in order]     # or refused: true
    skips:                           # runs of skipped text, ornaments and silences apart
      - {reason: notes, part: notes, begins: "[1] Vulture."}
    parts: [notes, copyright]        # or only which parts are skipped, in any order
    ornaments: 2                     # scene breaks that are marks
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

import yaml

from book.manuscript import Manuscript

_MARKS = {"ornament", "silence"}  # not parts of a book: counted, not listed


@dataclass(frozen=True, slots=True)
class Run:
    """Skipped text with one reason and nothing but white space inside."""

    reason: str
    part: str
    text: str  # single spaces


@dataclass(frozen=True, slots=True)
class Expectation:
    """One hand-written list."""

    file: str
    language: str
    chapters: tuple[str, ...]
    skips: tuple[tuple[str, str, str], ...] | None  # reason, part, first words; None: not listed
    parts: frozenset[str] | None
    ornaments: int | None
    refused: bool


def load_expectations(folder: Path) -> dict[str, Expectation]:
    """The lists of a folder, by the name of the book's file."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        skips = raw.get("skips")
        found[raw["file"]] = Expectation(
            file=raw["file"],
            language=raw.get("language", "en"),
            chapters=tuple(map(str, raw.get("chapters", ()))),
            skips=None
            if skips is None
            else tuple((s["reason"], s.get("part", ""), str(s.get("begins", ""))) for s in skips),
            parts=frozenset(raw["parts"]) if "parts" in raw else None,
            ornaments=raw.get("ornaments"),
            refused=bool(raw.get("refused", False)),
        )
    return found


def skip_runs(manuscript: Manuscript) -> list[Run]:
    """The skips of a book, those of one reason that adjoin each other joined."""
    runs: list[Run] = []
    last = None
    for skip in sorted(manuscript.skips, key=lambda s: s.slice):
        text = manuscript.sources[skip.slice.document].text
        words = " ".join(text[skip.slice.start : skip.slice.end].split())
        if last and last.reason == skip.reason and last.title == skip.title:
            same = last.slice.document == skip.slice.document
            if same and not text[last.slice.end : skip.slice.start].strip():
                runs[-1] = Run(skip.reason, skip.title, f"{runs[-1].text} {words}")
                last = skip
                continue
        runs.append(Run(skip.reason, skip.title, words))
        last = skip
    return runs


def compare(manuscript: Manuscript, expected: Expectation) -> list[str]:
    """The differences, as lines of a diff; none when all is right."""
    got = [chapter.title for chapter in manuscript.chapters]
    lines = list(_diff(list(expected.chapters), got, "chapters"))
    runs = skip_runs(manuscript)
    if expected.skips is not None:
        lines += _skip_differences(expected, [run for run in runs if run.reason not in _MARKS])
    if expected.parts is not None:
        found = {run.part for run in runs} - {""}
        lines += [f"skipped, but not expected: {part}" for part in sorted(found - expected.parts)]
        lines += [f"expected, but not skipped: {part}" for part in sorted(expected.parts - found)]
    marks = sum(skip.reason == "ornament" for skip in manuscript.skips)
    if expected.ornaments is not None and marks != expected.ornaments:
        lines.append(f"ornaments: expected {expected.ornaments}, got {marks}")
    return lines


def _skip_differences(expected: Expectation, runs: list[Run]) -> Iterator[str]:
    wanted = [f"{reason} [{part}] {begins}" for reason, part, begins in expected.skips or ()]
    got = []
    for i, run in enumerate(runs):
        begins = expected.skips[i][2] if expected.skips and i < len(expected.skips) else ""
        words = begins if begins and run.text.startswith(begins) else run.text[:60]
        got.append(f"{run.reason} [{run.part}] {words if begins or not wanted else ''}".rstrip())
    yield from _diff([line.rstrip() for line in wanted], got, "skips")


def _diff(wanted: list[str], got: list[str], what: str) -> Iterator[str]:
    for line in unified_diff(wanted, got, f"expected {what}", f"found {what}", "", "", 0, ""):
        if not line.startswith("@@"):
            yield line
