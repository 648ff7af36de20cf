"""Both runners keep the same port: the same steps, the same faults, the same answers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from itertools import pairwise
from typing import Any, NoReturn

import httpx
import pytest

from castbook.errors import CastbookError, PermanentFailure, TransientFailure
from flows.server import Server
from tasks.runners import LocalRunner, Policy, Runner, current_try

WORKERS = 2
CHAPTERS = (1, 2, 3, 4)
STEPS = 12  # of each chapter


class Opaque:
    """An argument that must arrive as it is: nobody may look inside, copy or pickle it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def _never(self, *_: object) -> NoReturn:
        raise AssertionError("an argument was walked, copied or serialised")

    __iter__ = __deepcopy__ = __copy__ = __reduce__ = __len__ = __eq__ = _never
    __hash__ = object.__hash__


class Bench:
    """Steps that fail as told, and what was seen of them."""

    def __init__(self) -> None:
        self.tries: dict[str, list[int]] = {}
        self.begun: dict[str, list[float]] = {}
        self.most = self._running = 0
        self._lock = threading.Lock()

    def step(self, argument: Opaque) -> str:
        name = argument.name
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
            self.tries.setdefault(name, []).append(current_try.value)
            self.begun.setdefault(name, []).append(time.monotonic())
        try:
            time.sleep(0.005)
            return self._outcome(name, current_try.value)
        finally:
            with self._lock:
                self._running -= 1

    def _outcome(self, name: str, number: int) -> str:
        kind = name.rpartition(" ")[2]
        if kind == "twice" and number < 2:
            raise TransientFailure(f"{name}: try {number}")
        if kind == "always":
            raise TransientFailure(f"{name}: try {number}")
        if kind == "refused":
            raise PermanentFailure(name)
        if kind == "bug":
            raise ZeroDivisionError(name)
        return name.upper()


def policy(name: str, chapter: int) -> Policy:
    return Policy(
        "segment", name, chapter, retries=3, delay_s=0.05,
        retry_on=lambda error: isinstance(error, TransientFailure),
    )  # fmt: skip


def outcome(future: Future[Any]) -> object:
    error = future.exception()
    return future.result() if error is None else (type(error), str(error))


def work(runner: Runner, bench: Bench) -> dict[object, object]:
    """A book's worth of steps; what each came to."""
    kinds = ["twice", "always", "refused", "bug"] + ["{good}"] * (STEPS - 4)

    def chapter(number: int) -> dict[str, object]:
        names = [f"ch{number:02d} {n} {kind}" for n, kind in enumerate(kinds)]
        futures = [runner.submit(bench.step, Opaque(n), policy(n, number)) for n in names]
        found = {n: outcome(f) for n, f in zip(names, futures, strict=True)}
        if number == 4:
            raise CastbookError("chapter 4 has a problem of its own")
        return found

    first = runner.submit(bench.step, Opaque("calibrate"), Policy("calibrate", "calibrate"))
    found: dict[object, object] = {"calibrate": outcome(first)}
    chapters = {n: runner.submit(chapter, n, Policy("chapter", f"{n}", n)) for n in CHAPTERS}
    found |= {number: outcome(future) for number, future in chapters.items()}
    last = runner.submit(bench.step, Opaque("publish"), Policy("publish", "A {strange} title"))
    return found | {"publish": outcome(last)}


_inside: ContextVar[Callable[[], Any]] = ContextVar("inside")


def prefect_work(bench: Bench) -> tuple[dict[object, object], str]:
    """``work`` in a flow, its chapters in subflows as plain as can be; the flow run's id too."""
    from prefect import flow
    from prefect.runtime import flow_run
    from prefect.task_runners import ThreadPoolTaskRunner

    from flows.runner import PrefectRunner

    runner_of_tasks = ThreadPoolTaskRunner(max_workers=WORKERS)
    creating = threading.Lock()  # SQLite sheds runs created at the same moment

    @flow(name="chapter", flow_run_name="ch{number}", task_runner=runner_of_tasks)
    def chapter(number: int) -> None:
        kept = _inside.get()
        creating.release()
        kept()

    def open_chapter(step: Callable[[], Any], policy: Policy) -> Any:
        kept: list[Any] = []
        failed: list[Exception] = []

        def inside() -> None:
            try:
                kept.append(step())
            except Exception as error:
                failed.append(error)
                raise

        _inside.set(inside)
        creating.acquire()
        chapter(policy.chapter, return_state=True)
        if failed:
            raise failed[0]
        return kept[0]

    @flow(name="book", task_runner=runner_of_tasks)
    def book() -> tuple[dict[object, object], str]:
        with PrefectRunner(WORKERS, 3, open_chapter) as runner:
            return work(runner, bench), str(flow_run.id)

    return book()


@pytest.mark.prefect
def test_both_runners_give_the_same_answers_to_the_same_faults(on_server: Server) -> None:
    local, prefect = Bench(), Bench()
    with LocalRunner(WORKERS) as runner:
        expected = work(runner, local)
    found, book = prefect_work(prefect)
    assert found == expected
    assert expected["publish"] == "PUBLISH"
    assert expected[4] == (CastbookError, "chapter 4 has a problem of its own")
    chapter = expected[2]
    assert isinstance(chapter, dict)
    assert chapter["ch02 0 twice"] == "CH02 0 TWICE"
    assert chapter["ch02 1 always"] == (TransientFailure, "ch02 1 always: try 3")

    # the same tries, no sooner than the policy says, and no more at once than asked
    assert prefect.tries == local.tries
    assert prefect.tries["ch02 0 twice"] == [0, 1, 2]
    for bench in (local, prefect):
        assert bench.most == WORKERS
        for name, begun in bench.begun.items():
            waits = [later - sooner for sooner, later in pairwise(begun)]
            assert all(w >= policy(name, 0).delay(n) for n, w in enumerate(waits)), name

    check_records(on_server, book)


def check_records(server: Server, book: str) -> None:
    """Every step is a task run of its own name, in the right flow run, with its retries."""

    def rows(kind: str, **match: Any) -> list[dict[str, Any]]:
        found = httpx.post(f"{server.api_url}/{kind}/filter", json=match, timeout=60).json()
        assert isinstance(found, list)
        return found

    parent = {"parent_flow_run_id": {"any_": [book]}}
    chapters = {r["id"]: r["name"] for r in rows("flow_runs", flow_runs=parent)}
    assert sorted(chapters.values()) == [f"ch{n}" for n in CHAPTERS]
    ours = {"id": {"any_": [book, *chapters]}}
    ended = {"state": {"type": {"any_": ["COMPLETED", "FAILED"]}}, "name": {"like_": " "}}
    deadline = time.monotonic() + 20
    wanted = len(CHAPTERS) * STEPS + 1  # "calibrate" has no space in its name
    while True:  # the recorder writes in batches, up to a second later
        steps = rows("task_runs", flow_runs=ours, task_runs=ended)
        if len(steps) >= wanted or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    assert len(steps) == wanted
    for row in steps:
        if row["name"] == "A {strange} title":
            assert row["flow_run_id"] == book
        else:
            assert chapters[row["flow_run_id"]] == f"ch{int(row['name'][2:4])}"
    counts = Counter((r["name"].rpartition(" ")[2], r["run_count"]) for r in steps)
    assert counts[("twice", 3)] == counts[("always", 4)] == len(CHAPTERS)
    assert counts[("refused", 1)] == counts[("bug", 1)] == len(CHAPTERS)
    retried = next(r for r in steps if r["name"] == "ch03 0 twice")
    states = httpx.get(
        f"{server.api_url}/task_run_states/", params={"task_run_id": retried["id"]}, timeout=60
    ).json()
    assert Counter(s["name"] for s in states)["AwaitingRetry"] == 2


@pytest.mark.prefect
def test_an_interrupted_run_does_not_finish_its_chapters_first(on_server: Server) -> None:
    from prefect import flow
    from prefect.task_runners import ThreadPoolTaskRunner

    from flows.runner import PrefectRunner

    begun = threading.Semaphore(0)
    told = threading.Event()
    done: list[int] = []
    left: list[Future[int]] = []

    def step(number: int) -> int:
        begun.release()
        told.wait(20)
        done.append(number)
        return number

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=WORKERS))
    def interrupted() -> None:
        with PrefectRunner(WORKERS, 3, lambda work, policy: work()) as runner:
            left.extend(runner.submit(step, n, policy(f"step {n}", 0)) for n in range(20))
            for _ in range(WORKERS):
                begun.acquire(timeout=20)
            threading.Timer(0.3, told.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    errors = [future.exception(timeout=60) for future in left]
    assert len(done) == WORKERS
    assert sum(error is not None for error in errors) == 20 - WORKERS
    assert "stopped" in str(errors[-1])
