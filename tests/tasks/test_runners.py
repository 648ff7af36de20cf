from __future__ import annotations

import threading

import pytest

from castbook.errors import PermanentFailure, TransientFailure
from castbook.tracing import current_trace, traced
from tasks.runners import LocalRunner, Policy, current_try
from tasks.waves import is_transient


def test_a_step_is_tried_again_while_the_policy_says_so() -> None:
    waits: list[float] = []
    tries: list[int] = []

    def step(limit: int) -> str:
        tries.append(current_try.value)
        if len(tries) <= limit:
            raise TransientFailure("not yet")
        return "spoken"

    policy = Policy("segment", "ch01/0001", retries=3, retry_on=is_transient)
    with LocalRunner(1, sleep=waits.append) as runner:
        assert runner.submit(step, 2, policy).result() == "spoken"
    assert tries == [0, 1, 2]
    assert waits == [policy.delay(0), policy.delay(1)]


def test_a_step_knows_the_trace_of_whoever_asked() -> None:
    policy = Policy("segment", "x", retries=0, retry_on=is_transient)
    with LocalRunner(1) as runner:
        with traced("a1"):
            first = runner.submit(lambda _: current_trace(), None, policy)
        second = runner.submit(lambda _: current_trace(), None, policy)
        assert (first.result(), second.result()) == ("a1", "")


def test_a_permanent_failure_is_not_tried_again() -> None:
    tries: list[int] = []

    def step(_: None) -> None:
        tries.append(current_try.value)
        raise PermanentFailure("never")

    policy = Policy("segment", "ch01/0001", retries=3, retry_on=is_transient)
    with LocalRunner(1, sleep=lambda _: None) as runner, pytest.raises(PermanentFailure):
        runner.submit(step, None, policy).result()
    assert tries == [0]


def test_the_last_failure_is_raised() -> None:
    def step(_: None) -> None:
        raise TransientFailure(f"try {current_try.value}")

    policy = Policy("segment", "x", retries=2, retry_on=is_transient)
    with (
        LocalRunner(1, sleep=lambda _: None) as runner,
        pytest.raises(TransientFailure, match="try 2"),
    ):
        runner.submit(step, None, policy).result()


def test_delays_double_and_are_spread_by_name() -> None:
    policies = [Policy("segment", f"ch01/{n:04d}", delay_s=1.0) for n in range(50)]
    first = {policy.delay(0) for policy in policies}
    assert len(first) > 30
    assert all(1.0 <= delay <= 1.5 for delay in first)
    assert all(4.0 <= policy.delay(2) <= 6.0 for policy in policies)
    assert policies[0].delay(1) == Policy("segment", "ch01/0000").delay(1)


def test_chapters_may_wait_for_steps() -> None:
    with LocalRunner(1, chapters=2) as runner:

        def chapter(number: int) -> int:
            return runner.submit(lambda n: n * 2, number, Policy("batch", "b")).result()

        futures = [runner.submit(chapter, n, Policy("chapter", "c")) for n in range(6)]
        assert [future.result() for future in futures] == [0, 2, 4, 6, 8, 10]


def test_no_more_steps_run_at_once_than_asked() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def step(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1

    with LocalRunner(2) as runner:
        for future in [runner.submit(step, n, Policy("batch", "b")) for n in range(10)]:
            future.result()
    assert most == 2
