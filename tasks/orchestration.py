"""The order of work: batches, waves, retries and stop rules, for every runner the same.

Given a plan, the steps and a runner, these functions decide what is submitted and when.
They know neither Prefect nor engines. Three chapters are open at a time, so that no batch
drains at a chapter's end; a batch holds what keeps the engine full; whatever failed in a
batch is then submitted alone, by name, with retries.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

from castbook.errors import CastbookError, EnvironmentFault, TransientFailure
from tasks.assemble import ChapterFiles
from tasks.plan import BookPlan, ChapterPlan, Line
from tasks.runners import Policy, Runner
from tasks.synthesize import BatchReport, LineFailure
from tts.engine import FailureKind

RETRIES = 3  # tries of a failed segment after the batch and its own first try
RETRY_DELAY_S = 1.0
WAVE_LIMIT = 500  # more failures than this in a chapter are systemic: the chapter stops
PATIENCE = 40  # rounds of waiting for segments that another process has claimed


class Steps(Protocol):
    """What can be done. Each method is one step that a runner may run anywhere in time."""

    def speak(self, lines: Sequence[Line]) -> BatchReport: ...

    def speak_alone(self, line: Line) -> BatchReport: ...

    def assemble(self, chapter: ChapterPlan) -> ChapterFiles: ...

    def refresh(self, lines: Iterable[Line]) -> tuple[Line, ...]: ...

    def wait_for_others(self) -> None:
        """Sleeps a moment while another process works on segments this one needs."""

    def width(self, line: Line) -> tuple[int, int]:
        """(batch size, requests worked on at once) of the engine that speaks ``line``."""


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


class Gate:
    """How many steps may be queued at the engine, over all open chapters."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queued = 0
        self.stopped: str | None = None  # the reason, once an engine is gone

    def enter(self, width: int) -> bool:
        """Waits until fewer than ``width`` steps are queued; False when work has stopped."""
        with self._changed:
            while self._queued >= width and self.stopped is None:
                self._changed.wait()
            if self.stopped is not None:
                return False
            self._queued += 1
            return True

    def leave(self) -> None:
        """A step has ended."""
        with self._changed:
            self._queued -= 1
            self._changed.notify_all()

    def stop(self, reason: str) -> None:
        """Nothing further can succeed: no step enters any more."""
        with self._changed:
            self.stopped = self.stopped or reason
            self._changed.notify_all()


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
    progress = _Progress(chapter, observer, missing=len(chapter.open))
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


def synthesise(
    lines: Sequence[Line],
    chapter: ChapterPlan,
    steps: Steps,
    runner: Runner,
    gate: Gate,
    progress: _Progress | None = None,
) -> BatchReport:
    """Batches through the gate, then the second wave: each failure as its own named step."""
    policies = _batches(lines, chapter.number, steps)
    reports = _through_gate(policies, steps, runner, gate, progress)
    failures = [f for report in reports for f in report.failures]
    made = sum(report.made for report in reports)
    waiting = [line for report in reports for line in report.waiting]
    made += _wait_for_others(waiting, chapter.number, steps, runner, failures)
    for failure in failures:
        if failure.kind == "dead":
            gate.stop(failure.reason)
    if gate.stopped is not None or len(failures) > WAVE_LIMIT:
        if gate.stopped is None:
            gate.stop(
                f"{len(failures)} segments of chapter {chapter.number} failed, the first with:"
                f" {failures[0].reason}"
            )
        return BatchReport(made=made, failures=tuple(failures))
    remaining, made_alone = _one_by_one(failures, chapter.number, steps, runner, gate, progress)
    return BatchReport(made=made + made_alone, failures=tuple(remaining))


def is_transient(error: BaseException) -> bool:
    """The retry condition of a segment: only what may pass by itself is tried again."""
    return isinstance(error, TransientFailure)


def _batches(
    lines: Sequence[Line], chapter: int, steps: Steps
) -> list[tuple[Policy, tuple[Line, ...], int]]:
    """(policy, lines, how many may be queued) of each batch, one engine per batch."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.speaker.setup.identity, []).append(line)
    cut: list[tuple[tuple[Line, ...], int]] = []
    for group in groups.values():
        size, slots = steps.width(group[0])
        # Enough batches queued for twice the engine's slots, and never fewer than two: while
        # one ends, the next is already there.
        queued = max(2, -(-2 * slots // size))
        cut += [(tuple(group[i : i + size]), queued) for i in range(0, len(group), size)]
    total = len(cut)
    return [
        (Policy("batch", f"{_label(chapter)} batch {number} of {total}", chapter), batch, queued)
        for number, (batch, queued) in enumerate(cut, 1)
    ]


def _label(chapter: int) -> str:
    """``ch03``, or ``voices`` for the calibration sentences, which belong to no chapter."""
    return f"ch{chapter:02d}" if chapter >= 0 else "voices"


def _through_gate(
    batches: Iterable[tuple[Policy, tuple[Line, ...], int]],
    steps: Steps,
    runner: Runner,
    gate: Gate,
    progress: _Progress | None,
) -> list[BatchReport]:
    futures: list[tuple[Future[BatchReport], tuple[Line, ...]]] = []
    for policy, batch, queued in batches:
        if not gate.enter(queued):
            break
        future = runner.submit(steps.speak, batch, policy)
        future.add_done_callback(_leave(gate))
        if progress is not None:
            future.add_done_callback(progress.batch(len(batch)))
        futures.append((future, batch))
    return [_batch_result(future, batch, gate) for future, batch in futures]


def _leave(gate: Gate) -> Callable[[Future[BatchReport]], None]:
    """Frees a place at the gate; closes it at once when nothing further can succeed."""

    def left(future: Future[BatchReport]) -> None:
        error = None if future.cancelled() else future.exception()
        if isinstance(error, EnvironmentFault):
            gate.stop(str(error))
        elif error is None and not future.cancelled():
            for failure in future.result().failures:
                if failure.kind == "dead":
                    gate.stop(failure.reason)
        gate.leave()

    return left


def _batch_result(future: Future[BatchReport], batch: tuple[Line, ...], gate: Gate) -> BatchReport:
    """A batch that raised failed as a whole: the disk is full, or castbook is wrong."""
    try:
        return future.result()
    except EnvironmentFault as error:
        gate.stop(str(error))
        return BatchReport(failures=tuple(LineFailure(x, "dead", str(error)) for x in batch))
    except CastbookError as error:
        return BatchReport(failures=tuple(LineFailure(x, "permanent", str(error)) for x in batch))


def _wait_for_others(
    waiting: Sequence[Line],
    chapter: int,
    steps: Steps,
    runner: Runner,
    failures: list[LineFailure],
) -> int:
    """Segments another process has claimed: looked at again until they are there or free."""
    made = 0
    for _ in range(PATIENCE):
        if not waiting:
            break
        steps.wait_for_others()
        policy = Policy("batch", f"{_label(chapter)} claimed elsewhere", chapter)
        report = runner.submit(steps.speak, tuple(waiting), policy).result()
        made += report.made
        failures += report.failures
        waiting = report.waiting
    failures += [
        LineFailure(line, "transient", "another process kept it claimed and did not finish it")
        for line in waiting
    ]
    return made


def _one_by_one(
    failures: Sequence[LineFailure],
    chapter: int,
    steps: Steps,
    runner: Runner,
    gate: Gate,
    progress: _Progress | None,
) -> tuple[list[LineFailure], int]:
    """The second wave; returns what still failed and how many takes were made."""
    futures = []
    for failure in failures:
        policy = Policy(
            kind="segment",
            name=failure.line.name,
            chapter=chapter,
            retries=RETRIES,
            delay_s=RETRY_DELAY_S,
            retry_on=is_transient,
        )
        futures.append((runner.submit(steps.speak_alone, failure.line, policy), failure))
    remaining, made = [], 0
    for future, failure in futures:
        try:
            made += future.result().made
            if progress is not None:
                progress.mended()
        except EnvironmentFault as error:
            gate.stop(str(error))
            remaining.append(LineFailure(failure.line, "dead", str(error)))
        except CastbookError as error:
            kind: FailureKind = "transient" if is_transient(error) else "permanent"
            remaining.append(LineFailure(failure.line, kind, str(error)))
    return remaining, made


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


class _Progress:
    """Counts of one chapter, told to the observer as they change."""

    def __init__(self, chapter: ChapterPlan, observer: Observer, missing: int) -> None:
        self._chapter = chapter
        self._observer = observer
        self._lock = threading.Lock()
        self._done = len(chapter.lines) - missing
        self._failed = 0
        self._tell()

    def batch(self, size: int) -> Callable[[Future[BatchReport]], None]:
        """A callback for a batch of ``size`` lines."""

        def ended(future: Future[BatchReport]) -> None:
            if future.cancelled() or future.exception() is not None:
                return
            report = future.result()
            with self._lock:
                self._failed += len(report.failures)
                self._done += size - len(report.failures) - len(report.waiting)
            self._tell()

        return ended

    def mended(self) -> None:
        """A failed segment has its take after all."""
        with self._lock:
            self._failed -= 1
            self._done += 1
        self._tell()

    def _tell(self) -> None:
        self._observer.chapter_progress(self._chapter, self._done, self._failed)


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
