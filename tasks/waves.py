"""Waves of synthesis: batches through a gate, then every failure alone, by name.

The retry policy and the stop rules of synthesis stand here, pure over the ports ``Steps``
(what can be done) and ``Runner`` (where it is done): no Prefect, no engine, no disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Protocol

from castbook.errors import CastbookError, EnvironmentFault, TransientFailure
from tasks.assemble import ChapterFiles
from tasks.plan import ChapterPlan, Line
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


class Heard(Protocol):
    """Is told how a chapter's synthesis goes on. Called from several threads."""

    def chapter_progress(self, chapter: ChapterPlan, done: int, failed: int) -> None: ...


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


def synthesise(
    lines: Sequence[Line],
    chapter: ChapterPlan,
    steps: Steps,
    runner: Runner,
    gate: Gate,
    progress: Progress | None = None,
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
    progress: Progress | None,
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
    progress: Progress | None,
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


class Progress:
    """Counts of one chapter, told to the observer as they change."""

    def __init__(self, chapter: ChapterPlan, observer: Heard, missing: int) -> None:
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
