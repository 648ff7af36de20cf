"""How the engine's thread feeds the engine: in one thread, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from tts import messages, wire
from tts.engine import Capabilities, Engine, Request, Speech, Voice
from tts.outbox import Outbox
from tts.worker import Worker


class Recorder(Engine):
    """Remembers what it is asked."""

    name = "recorder"

    def __init__(self, slots: int) -> None:
        super().__init__()
        self.slots = slots
        self.calls: list[list[str]] = []
        self.closed: list[str] = []
        self.cancelled: list[str] = []

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(8000, ("*",), 99, "characters", slots=self.slots)

    def fingerprint(self) -> str:
        return "recorder"

    def presets(self):
        return ()

    def load(self) -> None:
        pass

    def cancel(self, request_id: str) -> None:
        self.cancelled.append(request_id)

    def synthesize(self, requests: Sequence[Request]) -> Iterator[tuple[str, Speech]]:
        ids = [request.id for request in requests]
        self.calls.append(ids)
        try:
            for request_id in ids:
                yield request_id, Speech(np.ones(1, np.int16), 8000)
        finally:
            self.closed.append(ids[0])


class Sent(Outbox):
    """An outbox that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__(-1, lambda: None)
        self.frames: list[tuple[str, int | None]] = []

    def send(self, buffers: list[wire.Buffer]) -> None:
        decoder = wire.Decoder()
        data = b"".join(bytes(b) for b in buffers)
        decoder.room()[0][: len(data)] = data
        for frame in decoder.advance(len(data)):
            self.frames.append((frame.header["is"], frame.header.get("id")))

    def results(self) -> list[int | None]:
        return [number for kind, number in self.frames if kind == "result"]


def _put(worker: Worker, buffers: list[wire.Buffer]) -> None:
    decoder = wire.Decoder()
    data = b"".join(bytes(b) for b in buffers)
    decoder.room()[0][: len(data)] = data
    for frame in decoder.advance(len(data)):
        worker.inbox.put(frame)


@pytest.fixture
def begin(monkeypatch):
    def start(slots: int, count: int) -> tuple[Worker, Recorder, Sent]:
        engine, sent = Recorder(slots), Sent()
        monkeypatch.setattr("tts.worker.make_engine", lambda name, options: engine)
        worker = Worker(sent)
        _put(worker, wire.encode({"is": "load", "engine": "recorder", "options": {}}))
        _put(worker, messages.pack_voice(Voice("v", "it")))
        for number in range(count):
            request = Request("", "text", "en", "v", number)
            _put(worker, messages.pack_request(number, request))
        return worker, engine, sent

    return start


def _turn(worker: Worker) -> None:
    assert worker._take()
    worker._feed()
    worker._step()


def test_one_slot_means_one_request_per_call(begin) -> None:
    worker, engine, sent = begin(1, 5)
    while len(sent.results()) < 5:
        _turn(worker)
    assert engine.calls == [["0"], ["1"], ["2"], ["3"], ["4"]]
    assert sent.results() == [0, 1, 2, 3, 4]


def test_slots_are_filled_again_before_they_run_dry(begin) -> None:
    worker, engine, sent = begin(2, 9)
    answered_at_call = []
    while len(sent.results()) < 9:
        calls = len(engine.calls)
        before = len(sent.results())
        _turn(worker)
        answered_at_call += [before] * (len(engine.calls) - calls)
    assert [len(call) for call in engine.calls] == [4, 2, 2, 1]
    assert answered_at_call == [0, 2, 4, 6]
    assert sorted(n for n in sent.results() if n is not None) == list(range(9))


def test_what_was_begun_is_told_before_the_work(begin) -> None:
    worker, _, sent = begin(2, 3)
    _turn(worker)
    assert [frame for frame in sent.frames if frame[0] in ("started", "result")] == [
        ("started", 0), ("started", 1), ("started", 2), ("result", 0),
    ]  # fmt: skip


def test_cancelling_waiting_and_given_requests(begin) -> None:
    worker, engine, sent = begin(2, 6)
    _turn(worker)  # 0 is answered; 1, 2, 3 are given; 4, 5 wait
    for number in (5, 1, 2, 3, 77):
        _put(worker, wire.encode({"is": "cancel", "id": number}))
    assert worker._take()
    assert engine.cancelled == ["1", "2", "3"]
    assert engine.closed == ["0"]  # nobody waits for this call: its iterator is closed
    _turn(worker)
    assert sent.results() == [0, 4]
