"""Finished files and chapters in figures, each rule of the profile beside its figure. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasks.orchestration import ChapterReport
from tasks.publish import Published
from tasks.reporting.course import spark_of
from tasks.summary import chapter_row, chapter_state

# figure of a measured file -> the rules of a profile (audio/measuring/check.py) that judge it
RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "duration_s": ("length", "sample length"),
    "rms_db": ("rms",),
    "peak_db": ("peak", "clipping"),
    "true_peak_db": ("true peak",),
    "lufs": ("loudness",),
    "loudness_range_lu": (),
    "floor_db": ("noise floor", "room tone"),
    "head_s": ("silence at the start",),
    "tail_s": ("silence at the end",),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One finding of ``check``."""

    rule: str
    measured: str
    wanted: str
    ok: bool
    advice: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """One finished file."""

    name: str  # relative to the book's folder
    bytes: int
    made: bool  # by this run
    chapter: int | None
    passed: bool | None  # None: nobody measured it
    profile: str | None
    corrected_db: float
    figures: Mapping[str, float]
    rules: tuple[Rule, ...]

    @property
    def failures(self) -> tuple[Rule, ...]:
        """What the profile complains about."""
        return tuple(rule for rule in self.rules if not rule.ok)

    def verdict(self, figure: str) -> Rule | None:
        """The rule that judges a figure, a broken one first; None where there is no rule."""
        own = [rule for rule in self.rules if rule.rule in RULES.get(figure, ())]
        return min(own, key=lambda rule: rule.ok, default=None)


@dataclass(frozen=True, slots=True)
class ChapterRow:
    """One chapter: its segments, its master, its files."""

    number: int
    title: str
    state: str  # done, doubtful, failed, open
    complete: bool
    segments: int
    made: int
    failed: int
    doubtful: int
    mastered_now: bool
    seconds: float | None
    message: str
    master: Mapping[str, float]  # figures of the master, before encoding
    files: tuple[FileRow, ...]  # those that hold this chapter alone
    spark: tuple[float, ...]  # its course in a few points, dB


def file_row(file: Published, folder: Path) -> FileRow:
    """One published file; ``folder`` is the book's."""
    check: Mapping[str, Any] = file.check or {}
    measured = check.get("measured", {})
    name = file.path.relative_to(folder) if file.path.is_relative_to(folder) else file.path
    return FileRow(
        name=name.as_posix(),
        bytes=file.bytes,
        made=file.made,
        chapter=file.chapter,
        passed=bool(check["passed"]) if "passed" in check else None,
        profile=check.get("profile"),
        corrected_db=file.corrected_db,
        figures={name: float(measured[name]) for name in RULES if _number(measured.get(name))},
        rules=tuple(
            Rule(
                str(finding["rule"]),
                str(finding["measured"]),
                str(finding["wanted"]),
                bool(finding["ok"]),
                str(finding.get("advice", "")),
            )
            for finding in check.get("findings", ())
        ),
    )


def chapter_rows(
    chapters: Sequence[ChapterReport],
    files: Sequence[FileRow],
    courses: Mapping[int, Sequence[float]],
) -> tuple[ChapterRow, ...]:
    """Every chapter of the book, in order."""
    rows = []
    for chapter in chapters:
        plain = chapter_row(chapter)
        measured = chapter.files.measured if chapter.files else {}
        rows.append(
            ChapterRow(
                number=chapter.number,
                title=chapter.title,
                state=chapter_state(chapter),
                complete=chapter.complete,
                segments=chapter.segments,
                made=chapter.made,
                failed=len(chapter.failed),
                doubtful=len(chapter.doubtful),
                mastered_now=plain["mastered_now"],
                seconds=plain["seconds"],
                message=chapter.message,
                master={name: round(value, 2) for name, value in measured.items()},
                files=tuple(file for file in files if file.chapter == chapter.number),
                spark=spark_of(courses[chapter.number]) if chapter.number in courses else (),
            )
        )
    return tuple(rows)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
