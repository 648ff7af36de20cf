"""How a book stands after a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tasks.flags import Flag
from tasks.levels import Level, VoiceStyle, level_warnings
from tasks.orchestration import ChapterReport
from tasks.plan import BookPlan, Line
from tasks.publish import Published
from tasks.synthesize import BatchReport, LineFailure


@dataclass(frozen=True, slots=True)
class BookReport:
    """How the book stands after a run."""

    plan: BookPlan
    chapters: tuple[ChapterReport, ...]
    calibration: BatchReport  # takes of the sentences voices are levelled by
    files: tuple[Published, ...]
    total: int  # chapters the whole book has
    finished: int  # chapters whose master stands
    seconds: float  # wall time of the run
    steps: int  # submitted to the runner
    problems: tuple[str, ...] = ()
    others: tuple[ChapterReport, ...] = ()  # chapters this run did not work on, as they stand
    levels: Mapping[VoiceStyle, Level] = field(default_factory=dict)  # of every voice and style
    stages: tuple[tuple[str, float], ...] = ()  # (what, wall seconds), in order
    page: Path | None = None  # report.html of this run
    remarks: tuple[str, ...] = ()  # about the book files
    flags: tuple[Flag, ...] = ()  # what only the whole book shows of its takes

    @property
    def whole(self) -> tuple[ChapterReport, ...]:
        """Every chapter of the book, in order."""
        return tuple(sorted((*self.chapters, *self.others), key=lambda c: c.number))

    @property
    def failed(self) -> tuple[LineFailure, ...]:
        """Every segment without usable audio that this run tried."""
        return (*self.calibration.failures, *(f for c in self.chapters for f in c.failed))

    @property
    def doubtful(self) -> tuple[Line, ...]:
        """Every segment whose take a verdict complains about."""
        return tuple(line for c in self.chapters for line in c.doubtful)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know, although nothing failed: voices out of their gain's reach,
        chapter lists that are longer than their format."""
        return (*level_warnings(self.levels), *self.remarks)

    @property
    def kept(self) -> tuple[Line, ...]:
        """Segments whose finished take is used although it should be made anew (``--keep``)."""
        return tuple(line for c in self.plan.working for line in c.lines if line.kept is not None)

    @property
    def made(self) -> int:
        """Takes synthesised in this run, those of calibration sentences included."""
        return self.calibration.made + sum(c.made for c in self.chapters)

    @property
    def clean(self) -> bool:
        """Nothing failed, nothing doubtful, every selected chapter finished: exit code 0."""
        return not (
            self.failed
            or self.doubtful
            or self.problems
            or any(not c.complete for c in self.chapters)
        )

    @property
    def message(self) -> str:
        """One sentence for a person."""
        segments = sum(c.segments for c in self.chapters)
        if self.failed:
            return f"{len(self.failed)} of {segments} segments failed"
        if self.problems:
            return self.problems[0]
        stopped = [c for c in self.chapters if not c.complete]
        if stopped:
            return f"chapter {stopped[0].number}: {stopped[0].message}"
        if self.doubtful:
            return f"{len(self.doubtful)} of {segments} segments are doubtful"
        return f"{segments} segments in {self.finished} of {self.total} chapters"
