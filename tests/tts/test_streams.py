"""Streams through the engine's process: one ending each, and nothing made for nobody."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tts import streams
from tts.chunks import WINDOW
from tts.engine import EngineError, Failure, Request, Speech, Voice
from tts.fleet import Fleet
from tts.host import Host
from tts.streams import Stream, Streams

VOICES = {"oak": Voice("oak", "oak")}
TEXT = "Come at once if convenient; if inconvenient, come all the same."
CHUNKED = {"chunk_ms": 200}


def ask(text: str, name: str = "1", **more: int) -> Request:
    return Request(name, text, "en", "oak", 7, **more)


def wait_until(done: Callable[[], bool], seconds: float = 10) -> None:
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.01)


def spoken(host: Host | Fleet, request: Request) -> np.ndarray:
    [(_, result)] = host.synthesize(VOICES, [request])
    assert isinstance(result, Speech), result
    return result.pcm


def test_chunks_together_are_the_take() -> None:
    with Host("tone", {**CHUNKED, "slots": 3}) as host:
        chunks = list(host.stream(VOICES, ask(TEXT)))
        whole = spoken(host, ask(TEXT))
        assert len(chunks) == -(-len(whole) // 4800)
        assert np.concatenate(chunks).tobytes() == whole.tobytes()
        assert {len(chunk) for chunk in chunks[:-1]} == {4800}
        assert host.counters.completed == 2


def test_an_engine_that_does_not_stream_gives_one_chunk() -> None:
    with Host("tone", {"slots": 2}) as host:
        [chunk] = host.stream(VOICES, ask(TEXT))
        assert chunk.tobytes() == spoken(host, ask(TEXT)).tobytes()


@pytest.mark.parametrize("slots", [1, 2])
def test_little_is_made_for_a_slow_reader_and_nothing_for_one_who_left(
    odd, tmp_path: Path, slots: int
) -> None:
    counted = tmp_path / "counted"
    with odd(streams=True, slots=slots, counted=str(counted), pause_s=0.001, stall_s=2) as host:
        stream = host.stream(VOICES, ask("many"))
        assert next(stream)[0] == 0
        time.sleep(2.5)  # longer than a process may stall: it waits for us, and says so
        assert len(counted.read_text().split()) <= WINDOW + 1  # one in its hands
        for number in range(1, 3 * WINDOW):
            assert next(stream)[0] == number
        stream.close()
        assert spoken(host, ask("5")).tolist() == [3] * 5  # the slot is free again
        wait_until(lambda: "closed" in counted.read_text())
        made = counted.read_text().split()
        assert made[-1] == "closed"
        assert len(made) - 1 <= 4 * WINDOW + 2
        assert host.counters.starts == 1


@pytest.mark.parametrize("slots", [1, 2])
def test_every_way_to_fail_ends_the_stream_once(odd, slots: int) -> None:
    with odd(streams=True, slots=slots) as host:
        for text, kind, match in (
            ("refuse", "permanent", "no word"),
            ("2 raise", "transient", "something broke"),
            ("2 float", "permanent", "int16"),
            ("1 dead", "transient", "the device is lost"),
            ("1 exit", "transient", "exit"),
        ):
            heard = []
            with pytest.raises(EngineError, match=match) as caught:
                for chunk in host.stream(VOICES, ask(text)):
                    heard.append(chunk)
            assert caught.value.kind == kind
            assert len(heard) == (int(text.split()[0]) if text[0].isdigit() else 0)
        assert len(list(host.stream(VOICES, ask("3")))) == 3
        assert host.counters.starts == 3  # the last two ended the process
        with pytest.raises(EngineError, match="cannot be prepared") as caught:
            broken = {"broken": Voice("broken", "broken")}
            list(host.stream(broken, replace(ask("1"), voice="broken")))
        assert caught.value.kind == "permanent"


def test_a_process_that_is_killed_in_the_middle(odd) -> None:
    with odd(streams=True, slots=2) as host:
        stream = host.stream(VOICES, ask("many"))
        next(stream)
        assert host.pid is not None
        os.kill(host.pid, signal.SIGKILL)
        with pytest.raises(EngineError, match="signal 9") as caught:
            list(stream)
        assert caught.value.kind == "transient"
        assert len(list(host.stream(VOICES, ask("2")))) == 2


def test_each_chunk_moves_the_stall_deadline() -> None:
    with Host("tone", {"chunk_ms": 300, "chunk_cost_ms": 300}, stall_s=1.2) as host:
        assert len(list(host.stream(VOICES, ask("Come at once if convenient.")))) > 4
        assert host.counters.kills == 0


def test_a_stream_waits_its_turn_where_there_is_one_slot(odd) -> None:
    with odd(streams=True, pause_s=0.01) as host, ThreadPoolExecutor(2) as pool:
        first = host.stream(VOICES, ask("20", "a"))
        next(first)
        second = pool.submit(lambda: list(host.stream(VOICES, ask("2", "b"))))
        third = pool.submit(lambda: spoken(host, ask("4", "c")))
        assert not second.done()
        assert len(list(first)) == 19
        assert len(second.result(5)) == 2
        assert len(third.result(5)) == 4


def test_with_slots_others_go_on_beside_a_stream() -> None:
    with Host("tone", {**CHUNKED, "slots": 2, "chunk_cost_ms": 30}) as host:
        stream = host.stream(VOICES, ask(TEXT * 3, "slow"))
        next(stream)
        assert len(spoken(host, ask("Beside it.", "b")))
        assert len(list(host.stream(VOICES, ask("And this.", "c"))))
        third = threading.Thread(target=lambda: list(host.stream(VOICES, ask(TEXT, "d"))))
        third.start()  # has to wait for a slot only if two are open
        assert len(np.concatenate(list(stream)))
        third.join(5)
        assert not third.is_alive()
        assert host.counters.completed == 4


def test_a_stream_that_waits_for_its_reader_keeps_no_slot() -> None:
    with Host("tone", {"chunk_ms": 20, "slots": 2}) as host:
        asleep = [host.stream(VOICES, ask(TEXT, str(n))) for n in range(4)]
        for stream in asleep:
            next(stream)
        whole = spoken(host, ask(TEXT)).tobytes()
        for stream in asleep:
            assert np.concatenate(list(stream)).tobytes() == whole[960:]
        assert host.counters.completed == 5


def test_more_streams_than_slots_wait_and_can_leave(odd) -> None:
    with odd(streams=True, slots=2, pause_s=0.05) as host:
        open_ones = [host.stream(VOICES, ask("many", str(n))) for n in range(2)]
        for stream in open_ones:
            next(stream)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(lambda: list(host.stream(VOICES, ask("2", "w"))))
            time.sleep(0.2)
            assert not waiting.done()
            host.cancel("w")
            with pytest.raises(EngineError, match="cancelled"):
                waiting.result(5)
        open_ones[0].close()
        assert len(list(host.stream(VOICES, ask("2", "x")))) == 2
        open_ones[1].close()


def test_a_dead_device_hands_its_stream_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def hosts() -> list[Host]:
        return [Host("tone", CHUNKED, python="/nowhere/python"), Host("tone", CHUNKED)]

    with Fleet(hosts(), lambda text, language: len(text)) as fleet:
        chunks = list(fleet.stream(VOICES, ask(TEXT)))
        assert np.concatenate(chunks).tobytes() == spoken(fleet, ask(TEXT)).tobytes()
        assert all(not device.remaining for device in fleet._devices)
    lone = Fleet([Host("tone", CHUNKED, python="/nowhere/python")], lambda text, language: 1)
    with lone, pytest.raises(EngineError) as caught:
        list(lone.stream(VOICES, ask(TEXT)))
    assert caught.value.kind == "dead"


def test_who_never_reads_loses_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: patience of a minute is no test."""
    monkeypatch.setattr(streams, "PATIENCE_S", 0.1)
    monkeypatch.setattr(streams, "_TURN_S", 0.02)

    class Out:
        def __init__(self) -> None:
            self.said: list[object] = []

        def started(self, request_id: str) -> None: ...

        def forget(self, request_id: str) -> None: ...

        def chunk(self, request_id: str, pcm: np.ndarray) -> None:
            self.said.append(len(pcm))

        def result(self, request_id: str, result: Speech | Failure) -> None:
            self.said.append(result)

    out = Out()
    rows = Streams(out, lambda error: Failure("transient", str(error)), lambda: 0, lambda _: 0)
    closed = []

    def endless():
        try:
            while True:
                yield np.ones(10, np.int16)
        finally:
            closed.append(True)

    rows._play(Stream(ask("many")), endless())
    assert out.said[:-1] == [10] * WINDOW
    assert isinstance(out.said[-1], Failure)
    assert "nobody took" in out.said[-1].reason
    assert closed == [True]
