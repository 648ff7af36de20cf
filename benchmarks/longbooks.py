"""A book of any length from the takes of a real one, for benchmarks of what comes after speech.

The chapters of a project are repeated, each round with pauses a few milliseconds longer, so that
every chapter is another master; the takes are those of the project, made once. Nothing is
synthesised while a benchmark runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tasks.plan import BookPlan, ChapterPlan, Line
from tasks.production import Production
from tasks.runners import LocalRunner

_BATCH = 64
_LONGER_MS = 3  # pauses of each further round


class Quiet:
    """Nobody watches a benchmark."""

    def chapter_progress(self, chapter: ChapterPlan, done: int, failed: int) -> None:
        """Ignored."""

    def chapter_finished(self, report: object) -> None:
        """Ignored."""


def speak_all(project: Path, build: Path) -> None:
    """Makes every take of the project, and no master."""
    with Production(project, build=build) as production, LocalRunner(2) as runner:
        production.calibrate(runner)
        lines = [line for chapter in production.plan.chapters for line in chapter.open]
        for first in range(0, len(lines), _BATCH):
            report = production.speak(lines[first : first + _BATCH])
            if report.failures:
                raise SystemExit(f"a take failed: {report.failures[0].reason}")


def lengthen(plan: BookPlan, hours: float) -> BookPlan:
    """The plan with its chapters repeated to ``hours`` of sound, the last one cut to fit.

    Raises:
        SystemExit: the plan has a line without a take.
    """
    wanted = hours * 3600
    chapters: list[ChapterPlan] = []
    for number, (chapter, longer_ms) in enumerate(_rounds(plan), 1):
        lines: list[Line] = []
        for line in chapter.lines:
            if wanted <= 0:
                break
            wanted -= _seconds(line)
            segment = replace(line.segment, chapter=number, number=len(lines) + 1)
            pause = line.segment.pause_ms + (longer_ms if line.segment.pause_ms else 0)
            lines.append(replace(line, segment=replace(segment, pause_ms=pause)))
        title = f"{chapter.title} {number}"
        chapters.append(ChapterPlan(number, title, tuple(lines)))
        if wanted <= 0:
            break
    return replace(
        plan,
        chapters=tuple(chapters),
        selected=frozenset(chapter.number for chapter in chapters),
    )


def _rounds(plan: BookPlan) -> Iterator[tuple[ChapterPlan, int]]:
    """The chapters again and again, and how much longer the pauses of the round are."""
    whole = [chapter for chapter in plan.chapters if len(chapter.lines) > 1]
    for round_ in itertools.count():
        for chapter in whole:
            yield chapter, round_ * _LONGER_MS


def _seconds(line: Line) -> float:
    if line.take is None:
        raise SystemExit(f"{line.name} has no take")
    return line.take.frames / line.take.rate + line.segment.pause_ms / 1000
