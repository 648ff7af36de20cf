"""The order of work against scripted steps: no engine, no disk, no Prefect."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from lines import book_plan, chapter_plan, take

from castbook.errors import (
    CastbookError,
    PermanentFailure,
    StorageError,
    TransientFailure,
)
from tasks.assemble import ChapterFiles
from tasks.attempts import Decision
from tasks.orchestration import ChapterReport, failure_rows, run_chapters
from tasks.plan import BookPlan, ChapterPlan, Line
from tasks.runners import LocalRunner, current_try
from tasks.synthesize import BatchReport, LineFailure
from tasks.waves import RETRIES, WAVE_LIMIT


class Scripted:
    """Steps that do as their script says.

    ``faults`` maps a text to (kind, how many tries fail); everything else succeeds.
    """

    def __init__(self, faults: dict[str, tuple[str, int]] | None = None, size: int = 4) -> None:
        self.faults = faults or {}
        self.size = size
        self.done: set[str] = set()
        self.spoken: Counter[str] = Counter()
        self.batches: list[tuple[str, ...]] = []
        self.alone: list[tuple[str, int]] = []
        self.assembled: list[int] = []
        self.queued = self.most_queued = 0
        self.lock = threading.Lock()

    def speak(self, lines: Sequence[Line]) -> BatchReport:
        with self.lock:
            self.batches.append(tuple(line.segment.printed for line in lines))
            self.queued += 1
            self.most_queued = max(self.most_queued, self.queued)
        failures = tuple(f for line in lines if (f := self._one(line, 0)) is not None)
        with self.lock:
            self.queued -= 1
        return BatchReport(made=len(lines) - len(failures), failures=failures)

    def speak_alone(self, line: Line) -> BatchReport:
        self.alone.append((line.segment.printed, current_try.value))
        failure = self._one(line, current_try.value + 1)
        if failure is None:
            return BatchReport(made=1)
        kinds = {"transient": TransientFailure, "permanent": PermanentFailure}
        raise kinds[failure.kind](failure.reason)

    def _one(self, line: Line, number: int) -> LineFailure | None:
        text = line.segment.printed
        kind, times = self.faults.get(text, ("", 0))
        with self.lock:
            self.spoken[text] += 1
            if number < times:
                return LineFailure(line, kind, f"{kind} fault")  # type: ignore[arg-type]
            self.done.add(line.identity)
        return None

    def assemble(self, chapter: ChapterPlan) -> ChapterFiles:
        assert chapter.complete
        self.assembled.append(chapter.number)
        here = Path("x")
        return ChapterFiles(chapter.number, chapter.title, "k", here, here, 9, 9, {}, True)

    def refresh(self, lines: Iterable[Line]) -> tuple[Line, ...]:
        return tuple(
            replace(line, decision=Decision("done", take(line.identity)))
            if line.identity in self.done
            else line
            for line in lines
        )

    def wait_for_others(self) -> None:
        pass

    def width(self, line: Line) -> tuple[int, int]:
        return self.size, 1


class Watcher:
    def __init__(self) -> None:
        self.progress: list[tuple[int, int, int]] = []
        self.finished: list[ChapterReport] = []

    def chapter_progress(self, chapter: ChapterPlan, done: int, failed: int) -> None:
        self.progress.append((chapter.number, done, failed))

    def chapter_finished(self, report: ChapterReport) -> None:
        self.finished.append(report)


def run(
    plan: BookPlan, steps: Scripted, only: frozenset[str] | None = None
) -> tuple[tuple[ChapterReport, ...], Watcher]:
    watcher = Watcher()
    with LocalRunner(4, sleep=lambda _: None) as runner:
        return run_chapters(plan, steps, runner, watcher, only), watcher


def texts(chapter: int, count: int) -> list[str]:
    return [f"chapter {chapter} sentence {number}" for number in range(count)]


def test_everything_missing_is_spoken_once_and_assembled() -> None:
    plan = book_plan(*(chapter_plan(n, texts(n, 10)) for n in range(1, 6)))
    steps = Scripted()
    reports, watcher = run(plan, steps)
    assert [r.complete for r in reports] == [True] * 5
    assert set(steps.spoken.values()) == {1}
    assert sorted(steps.assembled) == [1, 2, 3, 4, 5]
    assert max(len(batch) for batch in steps.batches) == 4
    assert {(n, done) for n, done, _ in watcher.progress} >= {(n, 10) for n in range(1, 6)}


def test_finished_segments_are_never_submitted() -> None:
    plan = book_plan(chapter_plan(1, texts(1, 10), done=texts(1, 10)[:7]))
    steps = Scripted()
    steps.done = {line.identity for line in plan.lines if not line.open}
    run(plan, steps)
    assert sorted(steps.spoken) == texts(1, 10)[7:]


def test_a_finished_book_submits_nothing_but_assembly() -> None:
    plan = book_plan(chapter_plan(1, texts(1, 3), done=texts(1, 3)))
    steps = Scripted()
    reports, _ = run(plan, steps)
    assert not steps.batches
    assert reports[0].complete


def test_a_failure_is_redone_alone_with_retries() -> None:
    wanted = texts(1, 10)
    steps = Scripted({wanted[3]: ("transient", 3)})
    reports, watcher = run(book_plan(chapter_plan(1, wanted)), steps)
    assert reports[0].complete
    assert steps.alone == [(wanted[3], 0), (wanted[3], 1), (wanted[3], 2)]
    assert watcher.progress[-1] == (1, 10, 0)


def test_what_still_fails_is_named_and_holds_back_only_its_chapter() -> None:
    bad = texts(2, 10)[5]
    steps = Scripted({bad: ("transient", 99)})
    reports, _ = run(book_plan(*(chapter_plan(n, texts(n, 10)) for n in (1, 2, 3))), steps)
    assert [r.complete for r in reports] == [True, False, True]
    assert reports[1].message == "1 of 10 segments failed"
    assert reports[1].failed[0].line.segment.printed == bad
    assert len(steps.alone) == RETRIES + 1
    assert failure_rows(reports)[0]["reason"] == "transient fault"


def test_a_permanent_failure_is_tried_alone_but_not_again() -> None:
    bad = texts(1, 5)[0]
    steps = Scripted({bad: ("permanent", 99)})
    reports, _ = run(book_plan(chapter_plan(1, texts(1, 5))), steps)
    assert steps.alone == [(bad, 0)]
    assert reports[0].failed[0].kind == "permanent"


def test_a_dead_engine_stops_the_work_with_its_reason() -> None:
    plan = book_plan(*(chapter_plan(n, texts(n, 40)) for n in (1, 2, 3, 4)))
    steps = Scripted({texts(1, 1)[0]: ("dead", 99)})
    reports, _ = run(plan, steps)
    assert reports[0].problem == "dead fault"
    assert not steps.alone
    assert len(steps.batches) < 40


def test_equal_lines_of_several_chapters_are_spoken_once() -> None:
    shared = ["“No.”", "“Yes.”"]
    plan = book_plan(*(chapter_plan(n, [*texts(n, 6), *shared]) for n in range(1, 8)))
    steps = Scripted()
    reports, _ = run(plan, steps)
    assert steps.spoken["“No.”"] == steps.spoken["“Yes.”"] == 1
    assert all(r.complete for r in reports)


def test_a_shared_line_that_fails_is_named_in_every_chapter() -> None:
    plan = book_plan(*(chapter_plan(n, [*texts(n, 2), "“No.”"]) for n in (1, 2)))
    reports, _ = run(plan, Scripted({"“No.”": ("permanent", 99)}))
    assert [len(r.failed) for r in reports] == [1, 1]


def test_only_the_chosen_lines_are_spoken() -> None:
    plan = book_plan(chapter_plan(1, texts(1, 10)))
    chosen = plan.lines[4]
    steps = Scripted()
    reports, _ = run(plan, steps, only=frozenset({chosen.identity}))
    assert list(steps.spoken) == [chosen.segment.printed]
    assert reports[0].open == 9
    assert reports[0].message == "9 of 10 segments have no audio yet"


def test_a_systemic_failure_is_not_tried_one_by_one() -> None:
    wanted = texts(1, WAVE_LIMIT + 20)
    steps = Scripted(dict.fromkeys(wanted, ("transient", 99)), size=64)
    reports, _ = run(book_plan(chapter_plan(1, wanted)), steps)
    assert not steps.alone
    assert "segments of chapter 1 failed" in (reports[0].problem or "")


def test_a_full_disk_stops_everything() -> None:
    class Full(Scripted):
        def speak(self, lines: Sequence[Line]) -> BatchReport:
            self.batches.append(())
            raise StorageError("no space left")

    steps = Full()
    reports, _ = run(book_plan(*(chapter_plan(n, texts(n, 40)) for n in (1, 2, 3, 4))), steps)
    assert all("no space left" in (r.problem or "") for r in reports)
    assert len(steps.batches) <= 8
    assert not steps.alone


def test_a_broken_assembly_is_a_problem_of_its_chapter_only() -> None:
    class Damaged(Scripted):
        def assemble(self, chapter: ChapterPlan) -> ChapterFiles:
            if chapter.number == 2:
                raise StorageError("takes/ab/cd.flac is damaged")
            return super().assemble(chapter)

    reports, _ = run(book_plan(*(chapter_plan(n, texts(n, 3)) for n in (1, 2, 3))), Damaged())
    assert [r.complete for r in reports] == [True, False, True]
    assert "damaged" in reports[1].message


def test_a_chapter_that_never_starts_lets_the_others_go_on() -> None:
    class Refusing(LocalRunner):
        def submit(self, step, argument, policy):  # type: ignore[no-untyped-def]
            if policy.kind == "chapter" and policy.chapter == 1:

                def refuse(_: object) -> None:
                    raise CastbookError("chapter 1 did not start")

                return super().submit(refuse, argument, policy)
            return super().submit(step, argument, policy)

    plan = book_plan(*(chapter_plan(n, [*texts(n, 2), "“No.”"]) for n in (1, 2)))
    with Refusing(2, sleep=lambda _: None) as runner:
        reports = run_chapters(plan, Scripted(), runner, Watcher())
    assert reports[0].problem == "chapter 1 did not start"
    assert reports[1].open == 1  # its shared line belonged to chapter 1


def test_a_bug_is_not_hidden() -> None:
    class Buggy(Scripted):
        def speak(self, lines: Sequence[Line]) -> BatchReport:
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        run(book_plan(chapter_plan(1, texts(1, 3))), Buggy())


def test_the_queue_is_bounded() -> None:
    steps = Scripted(size=2)
    run(book_plan(*(chapter_plan(n, texts(n, 40)) for n in range(1, 5))), steps)
    assert steps.most_queued <= 4
