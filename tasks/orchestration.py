"""The order of work: chapters, their synthesis and their assembly, for every runner the same.

Given a plan, the steps and a runner, these functions decide what is submitted and when.
They know neither Prefect nor engines. Three chapters are open at a time, so that no batch
drains at a chapter's end; a chapter is assembled once every line has a take, and one that
cannot be finished never stops another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

from castbook.errors import CastbookError
from tasks.assemble import ChapterFiles
from tasks.plan import BookPlan, ChapterPlan, Line
from tasks.runners import Policy, Runner
from tasks.synthesize import LineFailure
from tasks.waves import Gate, Progress, Steps, synthesise


class Observer(Protocol):
    """Who watches. Called from several threads."""

    def chapter_progress(self, chapter: ChapterPlan, done: int, failed: int) -> None: ...

    def chapter_finished(self, report: ChapterReport) -> None: ...


@dataclass(frozen=True, slots=True)
class ChapterReport:
    """How a chapter stands after a run."""

    number: int
    title: str
    segments: int
    made: int  # takes synthesised in this run
    failed: tuple[LineFailure, ...]
    open: int  # segments without audio, failed or not tried
    doubtful: tuple[Line, ...]
    files: ChapterFiles | None
    problem: str | None = None  # why assembly, or the whole chapter, stopped

    @property
    def complete(self) -> bool:
        """Whether its master stands."""
        return self.files is not None

    @property
    def message(self) -> str:
        """One sentence for a person: ``2 of 412 segments failed``."""
        if self.problem:
            return self.problem
        if self.failed:
            return f"{len(self.failed)} of {self.segments} segments failed"
        if self.open:
            return f"{self.open} of {self.segments} segments have no audio yet"
        if self.doubtful:
            return f"{self.segments} segments, {len(self.doubtful)} doubtful"
        return f"{self.segments} segments"


class Owners:
    """Which chapter speaks a line that several chapters contain.

    Equal lines share a take. The first chapter that has one speaks it; the others wait for
    that chapter's synthesis to end, so that no take is made twice.
    """

    def __init__(self, chapters: Sequence[ChapterPlan]) -> None:
        self._owner: dict[str, int] = {}
        for chapter in chapters:
            for line in chapter.lines:
                self._owner.setdefault(line.identity, chapter.number)
        self._ended = {chapter.number: threading.Event() for chapter in chapters}
        self.failures: dict[str, LineFailure] = {}

    def owns(self, chapter: int, line: Line) -> bool:
        """Whether ``chapter`` is to speak ``line``."""
        return self._owner[line.identity] == chapter

    def wait(self, lines: Iterable[Line]) -> None:
        """Until every chapter that speaks one of ``lines`` has ended its synthesis."""
        for number in {self._owner[line.identity] for line in lines}:
            self._ended[number].wait()

    def end(self, chapter: int, failures: Iterable[LineFailure]) -> None:
        """A chapter's synthesis has ended, well or not."""
        self.failures.update({f.line.identity: f for f in failures})
        self._ended[chapter].set()


def run_chapters(
    plan: BookPlan,
    steps: Steps,
    runner: Runner,
    observer: Observer,
    only: frozenset[str] | None = None,
) -> tuple[ChapterReport, ...]:
    """Works on every selected chapter; a chapter that fails never stops another.

    Args:
        only: identities of the lines to synthesise (None: all that are missing).
    """
    gate, owners = Gate(), Owners(plan.working)

    def one(chapter: ChapterPlan) -> ChapterReport:
        return run_chapter(chapter, steps, runner, observer, gate, owners, only)

    def ended(chapter: ChapterPlan) -> Callable[[Future[ChapterReport]], None]:
        # However a chapter ends, even before it began, nobody may wait for it for ever.
        return lambda _: owners.end(chapter.number, ())

    futures = [
        runner.submit(one, chapter, Policy("chapter", f"chapter {chapter.number}", chapter.number))
        for chapter in plan.working
    ]
    for future, chapter in zip(futures, plan.working, strict=True):
        future.add_done_callback(ended(chapter))
    return tuple(
        _chapter_result(future, chapter)
        for future, chapter in zip(futures, plan.working, strict=True)
    )


def run_chapter(
    chapter: ChapterPlan,
    steps: Steps,
    runner: Runner,
    observer: Observer,
    gate: Gate,
    owners: Owners,
    only: frozenset[str] | None = None,
) -> ChapterReport:
    """One chapter: batches, then every failure alone, then assembly when it is complete."""
    wanted = [line for line in chapter.open if only is None or line.identity in only]
    own = [line for line in wanted if owners.owns(chapter.number, line)]
    progress = Progress(chapter, observer, missing=len(chapter.open))
    failures: tuple[LineFailure, ...] = ()
    made = 0
    try:
        outcome = synthesise(own, chapter, steps, runner, gate, progress)
        failures, made = outcome.failures, outcome.made
    finally:
        owners.end(chapter.number, failures)
    owners.wait(line for line in wanted if not owners.owns(chapter.number, line))
    shared = [owners.failures[line.identity] for line in wanted if line.identity in owners.failures]
    failed = tuple({f.line.identity: f for f in (*failures, *shared)}.values())
    lines = steps.refresh(chapter.lines)
    fresh = replace(chapter, lines=lines)
    files, problem = None, gate.stopped if fresh.open else None
    if fresh.complete:
        try:
            files = runner.submit(
                steps.assemble, fresh, Policy("assemble", "master", chapter.number)
            ).result()
        except CastbookError as error:
            problem = str(error)
    report = ChapterReport(
        number=chapter.number,
        title=chapter.title,
        segments=len(chapter.lines),
        made=made,
        failed=tuple(f for f in failed if _still_open(f, lines)),
        open=len(fresh.open),
        doubtful=fresh.doubtful,
        files=files,
        problem=problem,
    )
    observer.chapter_finished(report)
    return report


def _chapter_result(future: Future[ChapterReport], chapter: ChapterPlan) -> ChapterReport:
    """A chapter that raised is reported, and never stops another chapter."""
    try:
        return future.result()
    except CastbookError as error:
        return ChapterReport(
            number=chapter.number,
            title=chapter.title,
            segments=len(chapter.lines),
            made=0,
            failed=(),
            open=len(chapter.open),
            doubtful=chapter.doubtful,
            files=None,
            problem=str(error),
        )


def _still_open(failure: LineFailure, lines: Sequence[Line]) -> bool:
    return any(line.open and line.identity == failure.line.identity for line in lines)


def failure_rows(reports: Iterable[ChapterReport]) -> list[Mapping[str, str]]:
    """What is stored about failures: by anchor, with the reason."""
    return [
        {
            "anchor": str(failure.line.segment.anchor),
            "chapter": str(report.number),
            "kind": failure.kind,
            "reason": failure.reason,
            "text": failure.line.segment.printed[:80],
        }
        for report in reports
        for failure in report.failed
    ]
