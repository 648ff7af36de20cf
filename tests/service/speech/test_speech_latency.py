"""First sound and no gaps, for every form; a client that goes stops the engine.

The engine is scripted: a chunk of 200 ms after every 80 ms (engines give 500 and more), with a
clock of its own, so that what is measured is ours: from the engine's chunk to the client's
decoder. A busy machine may spoil a try; it has three.
"""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import anyio
import av
import httpx
import numpy as np
import pytest
from live import live, make_desk

from castbook.errors import TransientFailure, Unavailable
from service.app import create_app
from service.gate import Gate
from service.speech.readahead import ReadAhead
from service.speech.sounding import Sound, Stage
from tasks.speech.studio import Reading, Studio
from tts.engine import Pcm

RATE = 24000
CHUNK_S, COST_S, CHUNKS = 0.2, 0.08, 6
SOON_S = 0.05
TRIES = 3
FORMATS = {"mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav", "pcm": "s16le"}


class Script(Studio):
    """Speaks a tone by the clock, one reading at a time, and keeps a diary."""

    def __init__(self, shelf: Any) -> None:
        super().__init__(shelf)
        self.made: list[float] = []  # when each chunk was there
        self.chunks = CHUNKS
        self.ended = threading.Event()
        self.slot = threading.Lock()

    def stream(self, reading: Reading) -> Iterator[Pcm]:
        self.made, at = [], np.arange(round(CHUNK_S * RATE)) / RATE
        self.ended.clear()
        with self.slot:
            try:
                for _ in range(self.chunks):
                    time.sleep(COST_S)
                    self.made.append(time.monotonic())
                    yield (8000 * np.sin(2 * np.pi * 220 * at)).astype(np.int16)
            finally:
                self.ended.set()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    desk = make_desk(tmp_path_factory.mktemp("data"), rate=0)
    desk.studio = Script(desk.shelf)
    return desk


@pytest.fixture(scope="module")
def base(desk: Any) -> Iterator[str]:
    with live(create_app(desk, ("service.speech.room", "service.security.room"))) as base:
        yield base


@pytest.fixture
def script(desk: Any) -> Script:
    desk.studio.chunks = CHUNKS
    return desk.studio  # type: ignore[no-any-return]


def decoded(sound: bytes, form: str) -> float:
    """Seconds that a player has of the bytes that came so far."""
    options = {"sample_rate": str(RATE), "ch_layout": "mono"} if form == "pcm" else {}
    try:
        with av.open(io.BytesIO(sound), format=FORMATS[form], options=options) as file:
            return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
    except (av.error.FFmpegError, IndexError):
        return 0.0


def listen(base: str, form: str) -> list[tuple[float, float]]:
    """(when it came, seconds that can be played by then) for every piece of an answer."""
    body = {"input": "By the clock.", "response_format": form}
    came, sound = [], b""
    with httpx.stream("POST", f"{base}/v1/audio/speech", json=body, timeout=30) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            sound += piece
            came.append((time.monotonic(), sound))
    return [(at, decoded(so_far, form)) for at, so_far in came]


@pytest.mark.parametrize("form", FORMATS)
def test_first_sound_and_no_underrun(base: str, script: Script, form: str) -> None:
    found = []
    for _ in range(TRIES):
        came = listen(base, form)
        first_byte = came[0][0] - script.made[0]
        heard = next(i for i, (_, seconds) in enumerate(came) if seconds >= 0.02)
        first_sound = came[heard][0] - script.made[0]
        begun = came[heard][0]
        pieces = zip(came[heard:], came[heard + 1 :], strict=False)
        late = max(at - (begun + had) for (_, had), (at, _) in pieces)
        found.append((first_byte, first_sound, late))
        if first_byte < SOON_S and first_sound < SOON_S and late <= 0:
            return
    pytest.fail(f"first byte, first sound, underrun in s: {found}")


def test_a_client_that_goes_stops_the_engine(base: str, desk: Any, script: Script) -> None:
    script.chunks = 500  # 40 s
    with httpx.stream("POST", f"{base}/v1/audio/speech", json={"input": "On and on."}) as answer:
        next(answer.iter_raw())
    gone = time.monotonic()
    assert script.ended.wait(10)
    assert len([at for at in script.made if at > gone + SOON_S]) <= 2  # one at work, one for luck
    script.chunks = 1
    assert httpx.post(f"{base}/v1/audio/speech", json={"input": "Next."}).status_code == 200
    deadline = time.monotonic() + 5
    while desk.part(Stage).present and time.monotonic() < deadline:
        time.sleep(0.01)  # the answer is at its end a moment before its room is free
    assert desk.part(Stage).present == 0


def test_a_client_that_only_sends_stops_the_engine(base: str, script: Script) -> None:
    """It hangs up before the first sound: the answer has not begun."""
    script.chunks = 500
    host, port = base.removeprefix("http://").split(":")
    body = b'{"input": "On and on."}'
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(
            b"POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        time.sleep(COST_S / 2)
    assert script.ended.wait(10)
    assert len(script.made) < 10
    with pytest.raises(httpx.ReadTimeout):  # nor when all of it was to come at once
        body_ = {"input": "On and on.", "stream": False}
        httpx.post(f"{base}/v1/audio/speech", json=body_, timeout=5 * COST_S)
    assert script.ended.wait(10)
    assert len(script.made) < 20
    assert script.slot.acquire(timeout=5)
    script.slot.release()


def test_an_engine_that_dies_on_the_way_is_noticed(
    base: str, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Script, reading: Reading) -> Iterator[Pcm]:
        yield np.ones(RATE, np.int16)
        raise TransientFailure("the engine was killed")

    monkeypatch.setattr(Script, "stream", fail)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{base}/v1/audio/speech", json={"input": "Hello."})


def test_a_full_line_does_not_stop_who_speaks() -> None:
    """Readings that wait hold their threads; the one that speaks needs one as well."""

    async def story() -> int:
        stage, turn = Stage(most=3), threading.Lock()

        def reading(chunks: int) -> Iterator[Pcm]:
            with turn:
                for _ in range(chunks):
                    yield np.ones(2400, np.int16)

        speaking = await stage.open(reading(5), RATE, "wav")
        async with anyio.create_task_group() as group:
            waiting: list[Sound] = []

            async def wait() -> None:
                waiting.append(await stage.open(reading(1), RATE, "wav"))
                await waiting[-1].close()

            group.start_soon(wait)
            group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(Unavailable):
                await stage.open(reading(1), RATE, "wav")
            with anyio.fail_after(10):
                while await speaking.next() is not None:
                    pass
            await speaking.close()
        return stage.present

    assert anyio.run(story) == 0


def test_a_slow_listener_holds_no_slot(base: str, script: Script) -> None:
    body = {"input": "By the clock.", "response_format": "wav"}
    with httpx.stream("POST", f"{base}/v1/audio/speech", json=body, timeout=30) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        assert script.ended.wait(10)  # all of it is made, and its slot given back
        sound = first + b"".join(pieces)
    assert decoded(sound, "wav") == pytest.approx(CHUNKS * CHUNK_S)


def test_what_is_read_ahead_is_bounded() -> None:
    async def story() -> list[str]:
        ahead, told = ReadAhead(most=10), []

        async def write() -> None:
            for number in range(4):
                await ahead.put(b"12345678")
                told.append(f"put {number}")
            ahead.end()

        async with anyio.create_task_group() as group:
            group.start_soon(write)
            await anyio.wait_all_tasks_blocked()
            told.append("reads")
            while await ahead.take() is not None:
                pass
        return told

    # the second goes beyond the bound, which is known only then; the third waits
    assert anyio.run(story) == ["put 0", "put 1", "reads", "put 2", "put 3"]


class CountingGate(Gate):
    """Knows how many readings began."""

    begun = 0

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        with super().__call__():
            self.begun += 1
            yield


@pytest.fixture(scope="module")
def gate() -> CountingGate:
    return CountingGate()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, gate: CountingGate) -> Iterator[str]:
    """Nothing scripted but the engine itself: tone, in a process of its own, chunk by chunk."""
    folder = tmp_path_factory.mktemp("whole")
    desk = make_desk(folder, rate=0)
    desk.studio = Studio(desk.shelf, gate=gate)
    (folder / "library").mkdir()
    (folder / "library" / "library.yaml").write_text(
        "version: 1\nengine: tone\n"
        f"engines: {{tone: {{chunk_ms: {CHUNK_S * 1000:.0f}, chunk_cost_ms: 80}}}}\n"
    )
    with live(create_app(desk, ("service.speech.room", "service.security.room"))) as base:
        httpx.post(f"{base}/v1/audio/speech", json={"input": "Warm."}, timeout=30)
        yield base


def test_the_whole_way_streams_and_stops(whole: str) -> None:
    text = "A long sentence that goes on and on, and then goes on some more, until its end. " * 8
    body = {"input": text, "response_format": "pcm"}  # 40 s of sound, 16 s of work
    shares = []
    for _ in range(2):  # the second gets the slot that the first gave back
        asked = time.monotonic()
        with httpx.stream("POST", f"{whole}/v1/audio/speech", json=body, timeout=30) as answer:
            heard = len(next(answer.iter_raw())) / 2 / RATE
        shares.append((time.monotonic() - asked, heard))
    for waited, heard in shares:
        assert waited < 4  # of 16
        assert heard < 2  # of 40


def test_who_hung_up_in_the_line_is_not_spoken(whole: str, gate: CountingGate) -> None:
    text = "A long sentence that goes on and on, and then goes on some more, until its end. " * 8
    before = gate.begun
    with httpx.stream("POST", f"{whole}/v1/audio/speech", json={"input": text}) as answer:
        pieces = answer.iter_raw()  # which hangs up when it is forgotten
        next(pieces)
        for _ in range(3):
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{whole}/v1/audio/speech", json={"input": text}, timeout=0.1)
        time.sleep(0.2)  # the server hears of it
    spoken = httpx.post(f"{whole}/v1/audio/speech", json={"input": "Next."}, timeout=30)
    assert spoken.status_code == 200
    pieces.close()
    assert gate.begun - before == 2  # the first and the last
