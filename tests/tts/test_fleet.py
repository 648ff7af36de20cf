from __future__ import annotations

import queue
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from castbook.errors import BrokenPromise
from tts.engine import Failure, Request, Speech, Voice
from tts.fleet import Fleet
from tts.host import Host
from tts.ledger import Answer

VOICES = {"oak": Voice("oak", preset="oak")}
SOUND = Speech(np.ones(3, np.int16), 8000)


def ask(*texts: str) -> list[Request]:
    return [Request(f"{i} {text}", text, "en", "oak", 1) for i, text in enumerate(texts)]


class Scripted:
    """Stands for a host: answers when told to."""

    def __init__(self, result: Speech | Failure | None = None) -> None:
        self.result = result
        self.given: list[Request] = []
        self.withdrawn: list[int] = []
        self.cancelled: list[str] = []
        self.closed = False
        self.answers: queue.SimpleQueue[Answer] | None = None

    def submit(
        self,
        answers: queue.SimpleQueue[Answer],
        voices: Mapping[str, Voice],
        requests: Sequence[Request],
    ) -> list[int]:
        first = len(self.given)
        self.given += requests
        self.answers = answers
        if self.result is not None:
            for request in requests:
                answers.put((request.id, self.result))
        return list(range(first, len(self.given)))

    def withdraw(self, numbers: Sequence[int]) -> None:
        self.withdrawn += numbers

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)

    def close(self) -> None:
        self.closed = True


def fleet(*hosts: Scripted) -> Fleet:
    return Fleet(hosts, lambda text, language: len(text))  # type: ignore[arg-type]


def texts(host: Scripted) -> list[str]:
    return [request.text for request in host.given]


def test_the_longest_first_to_the_device_with_the_least_left() -> None:
    one, two = Scripted(SOUND), Scripted(SOUND)
    requests = ask("a", "b" * 10, "c" * 4, "d" * 5, "e" * 2)
    answers = dict(fleet(one, two).synthesize(VOICES, requests))
    assert set(answers) == {request.id for request in requests}
    assert texts(one) == ["b" * 10, "a"]
    assert texts(two) == ["d" * 5, "c" * 4, "e" * 2]


def test_what_other_calls_left_counts() -> None:
    one, two = Scripted(), Scripted(SOUND)
    both = fleet(one, two)
    unfinished = both.synthesize(VOICES, ask("x" * 50, "y" * 30))
    next(unfinished)  # the second's; the first still has 50 units to do
    list(both.synthesize(VOICES, ask("a" * 20, "b" * 20)))
    assert texts(one) == ["x" * 50]
    assert texts(two) == ["y" * 30, "a" * 20, "b" * 20]


def test_closing_early_withdraws_and_settles() -> None:
    one, two = Scripted(SOUND), Scripted()
    both = fleet(one, two)
    call = both.synthesize(VOICES, ask("a" * 9, "b" * 8))
    next(call)
    call.close()
    assert (one.withdrawn, two.withdrawn) == ([], [0])
    two.result = SOUND
    list(both.synthesize(VOICES, ask("c")))
    assert texts(one) == ["a" * 9, "c"]  # nothing remains on either: the first is chosen


def test_a_dead_device_hands_over_and_gets_nothing_more() -> None:
    dead, alive = Scripted(Failure("dead", "no driver")), Scripted(SOUND)
    both = fleet(dead, alive)
    for number in range(2):
        answers = dict(both.synthesize(VOICES, ask("a", "b", "c")))
        assert all(isinstance(result, Speech) for result in answers.values()), number
    assert len(dead.given) == 2 and len(alive.given) == 6


def test_all_dead_is_said_for_every_request() -> None:
    one, two = (Scripted(Failure("dead", f"device {i}")) for i in range(2))
    both = fleet(one, two)
    for _ in range(2):
        answers = list(both.synthesize(VOICES, ask("a", "b", "c")))
        assert len(answers) == 3
        assert all(isinstance(r, Failure) and r.kind == "dead" for _, r in answers)


def test_cancelling_and_closing_reach_every_host() -> None:
    one, two = Scripted(), Scripted()
    with fleet(one, two) as both:
        both.cancel("7")
    assert one.cancelled == two.cancelled == ["7"]
    assert one.closed and two.closed
    with pytest.raises(BrokenPromise, match="closed"):
        next(both.synthesize(VOICES, ask("a")))
    with pytest.raises(BrokenPromise, match="without a host"):
        fleet()


def test_real_processes_give_the_bytes_that_one_gives() -> None:
    voices = {"oak": Voice("oak", preset="oak")}
    requests = ask("One.", "Two, and more of it.", "Three.", "Four is long enough.", "Five.")

    def spoken(by: Host | Fleet) -> dict[str, bytes]:
        with by as crew:
            results = dict(crew.synthesize(voices, requests))
        return {i: r.pcm.tobytes() for i, r in results.items() if isinstance(r, Speech)}

    alone = spoken(Host("tone"))
    assert len(alone) == len(requests)
    assert spoken(Fleet([Host("tone"), Host("tone")], lambda text, language: len(text))) == alone
