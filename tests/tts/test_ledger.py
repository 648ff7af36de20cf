"""Who gets which answer when an engine process dies: policy without a process."""

from __future__ import annotations

import queue
from typing import Any, cast

import pytest

from castbook.errors import BrokenPromise
from tts.engine import Failure, Request, Speech, Voice
from tts.ledger import Answer, Ledger

VOICES = {"v": Voice("v", "oak")}


def _enter(ledger: Ledger, *texts: str) -> tuple[list[int], queue.SimpleQueue[Answer]]:
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    requests = [Request(text, text, "en", "v", 1) for text in texts]
    return list(ledger.enter(answers, VOICES, requests)), answers


def _drain(answers: queue.SimpleQueue[Answer]) -> dict[str, Speech | Failure]:
    return dict(answers.get() for _ in range(answers.qsize()))


def test_only_what_was_begun_fails() -> None:
    ledger = Ledger(max_deaths=1)
    numbers, answers = _enter(ledger, "begun", "waiting")
    for entry in ledger.pending.values():
        entry.process = cast(Any, "a process")
    ledger.start(numbers[0])
    ledger.bury("it died")
    assert _drain(answers) == {"begun": Failure("transient", "it died")}
    assert list(ledger.pending) == [numbers[1]]
    assert ledger.pending[numbers[1]].process is None
    assert ledger.dead is None


def _die_on(ledger: Ledger, text: str) -> Failure:
    [number], answers = _enter(ledger, text)
    if not ledger.dead:
        ledger.start(number)
        ledger.bury("it died")
    result = _drain(answers)[text]
    assert isinstance(result, Failure)
    return result


def test_different_texts_that_kill_in_a_row_mean_a_dead_engine() -> None:
    ledger = Ledger(max_deaths=2)
    assert [_die_on(ledger, t).kind for t in "abc"] == ["transient", "transient", "dead"]
    assert "3 engine processes died" in (ledger.dead or "")
    numbers, answers = _enter(ledger, "later")
    assert not numbers
    assert _drain(answers) == {"later": Failure("dead", ledger.dead or "")}


def test_one_bad_text_may_kill_as_often_as_it_is_tried() -> None:
    ledger = Ledger(max_deaths=2)
    assert {_die_on(ledger, "ab"[i % 2]).kind for i in range(20)} == {"transient"}


def test_a_completed_request_clears_the_engine_of_suspicion() -> None:
    ledger = Ledger(max_deaths=1)
    for text in "abcd":
        assert _die_on(ledger, text).kind == "transient"
        [number], _ = _enter(ledger, "good")
        assert ledger.settle(number, completed=True) is not None


def test_deaths_without_a_suspect_count() -> None:
    ledger = Ledger(max_deaths=2)
    _, answers = _enter(ledger, "innocent")
    ledger.bury("killed while loading")
    ledger.bury("killed while loading")
    assert answers.empty()
    ledger.bury("killed while loading")
    assert "while loading" in str(_drain(answers)["innocent"])


def test_withdrawn_requests_are_answered_once() -> None:
    ledger = Ledger(max_deaths=2)
    [number], answers = _enter(ledger, "a")
    ledger.pending[number].process = cast(Any, "a process")
    assert ledger.withdraw([number, number]) == [(number, "a process")]
    assert ledger.settle(number, completed=True) is None
    assert _drain(answers) == {"a": Failure("transient", "cancelled")}


def test_a_request_without_its_voice_enters_nothing() -> None:
    ledger = Ledger(max_deaths=2)
    requests = [Request("1", "a", "en", "v", 1), Request("2", "b", "en", "w", 1)]
    with pytest.raises(BrokenPromise, match="request 2"):
        ledger.enter(queue.SimpleQueue(), VOICES, requests)
    assert not ledger.pending
