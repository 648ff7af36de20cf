"""``report.json``: every value of the report, computed once; the page shows the same. Pure.

Schema 1, in the order of the file. Seconds, decibels and shares are numbers; what is not
known is null. ``run`` is what ``castbook make --json`` prints.

| key | holds |
|---|---|
| schema, title, author, language, profile | what it is about |
| run | what this run did: made, failed, doubtful, problems, files, message |
| chapters | ``files.ChapterRow``: state, master, files with figures and rules, spark |
| files | ``files.FileRow`` of files that hold the whole book |
| course | ``course.Course``: loudness over the whole book |
| durations | points (letters, seconds, character), outliers with the expected seconds |
| cast | ``cast.CastRow`` |
| coverage, skipped | the manuscript: explained, spoken, left out and why |
| troubles | ``troubles.Trouble``: doubtful and failed segments with their attempts |
| notes | flags of the whole book, warnings, orphans, kept takes |
| heard | takes in use, those a machine heard, what it said |
| costs, versions | time, engines, what made it |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from audio.profiles import load_profile
from tasks.hearing import hearing_row
from tasks.reporting.cast import CastRow, cast_rows
from tasks.reporting.costs import Costs, costs_of, versions
from tasks.reporting.course import Course, course_of
from tasks.reporting.durations import Outlier, Spoken, outliers, spoken_lines
from tasks.reporting.facts import Facts
from tasks.reporting.files import ChapterRow, FileRow, chapter_rows, file_row
from tasks.reporting.troubles import Trouble, troubles
from tasks.summary import summarise_run

SCHEMA: Final = 1  # of report.json; raised when a key changes its meaning


@dataclass(frozen=True, slots=True)
class SkippedPart:
    """A part of the manuscript that is not read."""

    reason: str
    title: str  # empty when ``include:`` cannot turn it on
    characters: int


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How much of the manuscript the script accounts for."""

    share: float  # explained
    spoken_share: float
    characters: int
    spoken: int
    skipped: int
    markup: int
    unexplained: int


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about the book that is no single take's fault."""

    kind: str  # "problem", "warning", "jump", …
    text: str
    segment: str = ""  # id, where there is one
    key: str = ""  # of its take, worth a player


@dataclass(frozen=True, slots=True)
class Values:
    """See the module."""

    title: str
    author: str
    language: str
    profile: str
    run: Mapping[str, Any]
    chapters: tuple[ChapterRow, ...]
    files: tuple[FileRow, ...]
    course: Course
    spoken: tuple[Spoken, ...]
    outliers: tuple[Outlier, ...]
    cast: tuple[CastRow, ...]
    coverage: CoverageRow
    skipped: tuple[SkippedPart, ...]
    troubles: tuple[Trouble, ...]
    notes: tuple[Note, ...]
    costs: Costs
    versions: Mapping[str, str]
    heard: Mapping[str, Any]  # tasks.hearing.hearing_row
    target_db: float | None = None  # RMS that the profile masters chapters to
    sounds: Mapping[str, str] = field(default_factory=dict)  # key of a take -> MP3 in base64

    @property
    def seconds(self) -> float:
        """Length of all finished chapters."""
        return sum(chapter.seconds or 0 for chapter in self.chapters)

    def plain(self) -> dict[str, Any]:
        """``report.json``; players are left to the page."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "author": self.author,
            "language": self.language,
            "profile": self.profile,
            "run": dict(self.run),
            "chapters": [asdict(row) for row in self.chapters],
            "files": [asdict(row) for row in self.files],
            "course": asdict(self.course),
            "durations": {
                "points": [[row.letters, row.seconds, row.character] for row in self.spoken],
                "outliers": [
                    {**asdict(o.spoken), "expected_s": o.expected_s} for o in self.outliers
                ],
            },
            "cast": [asdict(row) for row in self.cast],
            "coverage": asdict(self.coverage),
            "skipped": [asdict(row) for row in self.skipped],
            "troubles": [asdict(row) for row in self.troubles],
            "notes": [asdict(row) for row in self.notes],
            "heard": dict(self.heard),
            "costs": asdict(self.costs),
            "versions": dict(self.versions),
        }


def values_of(facts: Facts, folder: Path) -> Values:
    """Everything a report says.

    Args:
        folder: of the book files, which are named from there.
    """
    report, plan = facts.report, facts.plan
    book = plan.project.book
    profile = load_profile(book.profile)
    files = [file_row(file, folder) for file in report.files]
    spoken = spoken_lines(facts.lines)
    coverage = plan.coverage
    return Values(
        title=book.title,
        author=book.author,
        language=book.language,
        profile=book.profile,
        run={key: value for key, value in summarise_run(report).items() if key != "report"},
        chapters=chapter_rows(report.whole, files, facts.courses),
        files=tuple(file for file in files if file.chapter is None),
        course=course_of(facts.courses, {c.number: c.title for c in plan.chapters}),
        spoken=spoken,
        outliers=outliers(spoken),
        cast=cast_rows(plan.project, facts.lines, report.levels),
        coverage=CoverageRow(
            share=coverage.share,
            spoken_share=coverage.spoken_share,
            characters=coverage.characters,
            spoken=coverage.spoken,
            skipped=coverage.skipped,
            markup=coverage.markup,
            unexplained=sum(s.end - s.start for s in coverage.unexplained),
        ),
        skipped=tuple(
            SkippedPart(skip.reason, skip.title, skip.slice.end - skip.slice.start)
            for skip in plan.skips
        ),
        troubles=troubles(facts),
        notes=notes_of(facts),
        costs=costs_of(facts),
        versions=versions(facts),
        heard=hearing_row(facts.lines),
        target_db=profile.rms_target_db if profile.lufs_target is None else None,
    )


def notes_of(facts: Facts) -> tuple[Note, ...]:
    """What a person should know beside single takes: problems first, then warnings."""
    plan = facts.plan
    kept = sum(line.kept is not None for line in facts.lines)
    notes = [Note("problem", text) for text in facts.report.problems]
    notes += [
        Note("failed", f"{failure.line.name}: {failure.reason}")
        for failure in facts.report.failed
        if failure.line.segment.chapter < 0  # of no chapter: a sentence voices are levelled by
    ]
    notes += [Note("warning", text) for text in (*facts.report.warnings, *plan.warnings)]
    keys = {line.segment.id: line.take.key for line in facts.lines if line.take is not None}
    notes += [
        Note(flag.kind, flag.sentence, flag.id, keys.get(flag.id, ""))
        for flag in facts.report.flags
    ]
    notes += [Note("no longer fits", text) for text in facts.orphans]
    if kept:
        notes.append(
            Note("kept", f"{kept} finished takes are used as they are, older than the project")
        )
    return tuple(notes)
