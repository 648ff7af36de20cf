"""What a report is written from: the book as it stands on disk after the run.

The only reader here: everything else in this room is pure over ``Facts``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from audio.timeline import Timeline
from castbook.errors import StorageError
from tasks.assemble import read_mark
from tasks.orchestration import ChapterReport
from tasks.orphans import orphan_lines
from tasks.outcome import BookReport
from tasks.plan import BookPlan, Line
from tasks.takes import Take, TakeStore
from tasks.timetable import read_timeline


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How one take came about; no digest covers it."""

    made: str  # UTC, ISO 8601
    host: str
    seconds: float  # wall time the engine spent
    castbook: str


@dataclass(frozen=True)
class Facts:
    """Everything a report tells, read once."""

    report: BookReport
    lines: tuple[Line, ...]  # of the whole book, as the store stands now
    chains: Mapping[str, tuple[Take | None, ...]]  # by identity: of lines that need attention
    circumstances: Mapping[str, Circumstances]  # by key of every take that lines or chains name
    courses: Mapping[int, tuple[float, ...]]  # by chapter: RMS in dB of windows of 2 s
    timelines: Mapping[int, Timeline]
    orphans: tuple[str, ...] = ()  # stored anchors that fit nothing any more, with what is near

    @property
    def plan(self) -> BookPlan:
        """The plan that the run worked from."""
        return self.report.plan

    @cached_property
    def reasons(self) -> Mapping[str, str]:
        """Id of every segment without usable audio -> why, of this run or an earlier one."""
        now = {
            f.line.segment.id: f.reason for f in self.report.failed if f.line.segment.chapter >= 0
        }
        earlier = {
            line.segment.id: self.plan.failures[line.segment.id]
            for line in self.lines
            if line.open and line.segment.id in self.plan.failures
        }
        return {**earlier, **now}

    @cached_property
    def troubled(self) -> tuple[Line, ...]:
        """Doubtful lines and those that failed, in the order of the book."""
        return tuple(
            line
            for line in self.lines
            if line.decision.state == "doubtful" or (line.open and line.segment.id in self.reasons)
        )

    @property
    def takes(self) -> Mapping[str, Take]:
        """Every take named here, by key."""
        tried = [take for chain in self.chains.values() for take in chain if take is not None]
        used = [line.take for line in self.lines if line.take is not None]
        return {take.key: take for take in (*tried, *used)}

    def title_of(self, number: int) -> str:
        """The title of a chapter."""
        return next(c.title for c in self.plan.chapters if c.number == number)

    def second(self, line: Line) -> tuple[float, float | None] | None:
        """Where a line begins: second of its chapter, and of the book if all before it stand."""
        start = self._starts.get((line.segment.chapter, str(line.segment.anchor)))
        if start is None:
            return None
        before = 0.0
        for chapter in self.plan.chapters:
            if chapter.number == line.segment.chapter:
                return start, before + start
            timeline = self.timelines.get(chapter.number)
            if timeline is None:
                return start, None
            before += timeline.frames / timeline.rate
        return start, None

    @cached_property
    def _starts(self) -> Mapping[tuple[int, str], float]:
        return {
            (number, cue.anchor): cue.start / timeline.rate
            for number, timeline in self.timelines.items()
            for cue in timeline.cues
        }


def gather(report: BookReport) -> Facts:
    """Reads what the report needs: sidecars, chapter marks, timelines."""
    plan = report.plan
    store = TakeStore(plan.build.takes)
    lines = tuple(line.refreshed(store) if line.open else line for line in plan.lines)
    facts = Facts(report, lines, {}, {}, {}, {})
    chains = {line.identity: tuple(store.get(key) for key in line.keys) for line in facts.troubled}
    facts = replace(facts, chains=chains)
    return replace(
        facts,
        circumstances=_circumstances(store, facts.takes),
        courses={c.number: course for c in report.whole if (course := _course(c))},
        timelines=_timelines(plan, report.whole),
        orphans=tuple(orphan_lines(plan)),
    )


def _circumstances(store: TakeStore, keys: Iterable[str]) -> dict[str, Circumstances]:
    found = {}
    for key in keys:
        try:
            block: Mapping[str, Any] = store.sidecar(key).get("circumstances", {})
        except (OSError, ValueError):
            continue  # another process has just discarded it
        found[key] = Circumstances(
            made=str(block.get("made", "")),
            host=str(block.get("host", "")),
            seconds=float(block.get("seconds", 0.0)),
            castbook=str(block.get("castbook", "")),
        )
    return found


def _course(chapter: ChapterReport) -> tuple[float, ...]:
    """A chapter's course from its mark; masters of an older castbook have none."""
    if chapter.files is None:
        return ()
    mark = read_mark(chapter.files.timeline.with_name(f"{chapter.files.audio.stem}.json"))
    return tuple(mark["master"].get("course_db", ())) if mark else ()


def _timelines(plan: BookPlan, chapters: Sequence[ChapterReport]) -> dict[int, Timeline]:
    standing = {c.number for c in chapters if c.files is not None}
    found = {}
    for chapter in plan.chapters:
        if chapter.number in standing:
            try:
                timeline = read_timeline(plan, chapter)
            except StorageError:
                continue  # the report can do without; the next assembly mends it
            if timeline is not None:
                found[chapter.number] = timeline
    return found
