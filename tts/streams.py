"""Streams inside the engine's process: chunk after chunk to a reader who may be slow.

An engine with one slot is streamed by the thread that calls it, in its turn. An engine with
more is streamed beside its other work, by a thread for each stream; at most ``slots`` at once,
further ones wait. A reader has ``WINDOW`` chunks under way; while a stream waits for its reader
its slot is free for another, and one that is not read for ``PATIENCE_S`` ends as a failure.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from tts.chunks import WINDOW
from tts.engine import Engine, Failure, Pcm, Request, Speech

PATIENCE_S = 60.0
_TURN_S = 1.0  # a stream that waits for its reader says so this often: it does not hang


class Outward(Protocol):
    """The way to the parent."""

    def started(self, request_id: str) -> None: ...

    def chunk(self, request_id: str, pcm: Pcm) -> None: ...

    def result(self, request_id: str, result: Speech | Failure) -> None: ...

    def forget(self, request_id: str) -> None: ...


@dataclass(slots=True)
class Stream:
    """One request that is heard while it is made."""

    request: Request
    credit: int = WINDOW  # chunks that may still be sent
    cancelled: bool = False
    beside: bool = False  # in a thread of its own
    changed: threading.Condition = field(default_factory=threading.Condition)


class Streams:
    """The streams of one process, open and waiting.

    Args:
        failure_of: an engine's exception as an answer.
        room: called from a stream's thread when there is room for another.
        gave_up: called, from any thread, with the reason why the process must end.
    """

    def __init__(
        self,
        out: Outward,
        failure_of: Callable[[Exception], Failure],
        room: Callable[[], object],
        gave_up: Callable[[str], object],
    ) -> None:
        self._out = out
        self._failure_of = failure_of
        self._room = room
        self._gave_up = gave_up
        self._lock = threading.Lock()  # guards the two below
        self._known: dict[str, Stream] = {}  # since they arrived, until they end
        self._running = 0
        self._waiting: deque[Stream] = deque()  # of the thread that calls the engine

    # -- from the thread that reads the parent's messages ------------------------------------

    def expect(self, request: Request) -> None:
        """A stream was asked for: from now on it can be cancelled."""
        with self._lock:
            self._known[request.id] = Stream(request)

    def more(self, request_id: str) -> None:
        """Its reader took a chunk."""
        stream = self._known.get(request_id)
        if stream is not None:
            with stream.changed:
                stream.credit += 1
                stream.changed.notify()

    def cancel(self, request_id: str) -> None:
        """Its reader has left: it ends within a chunk."""
        stream = self._known.get(request_id)
        if stream is not None:
            with stream.changed:
                stream.cancelled = True
                stream.changed.notify()

    def cancel_all(self) -> None:
        """The process ends."""
        for request_id in list(self._known):
            self.cancel(request_id)

    # -- from the thread that calls the engine ----------------------------------------------

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._known

    def forget(self, request_id: str) -> None:
        """It was answered in another way, or withdrawn before its turn."""
        with self._lock:
            self._known.pop(request_id, None)

    def perform(self, request: Request, engine: Engine) -> None:
        """Streams a request in this thread, to its end."""
        stream = self._known[request.id]
        chunks = None if stream.cancelled else self._begin(stream, engine)
        if chunks is not None:
            self._play(stream, chunks)
        self.forget(request.id)

    def wait(self, request: Request) -> None:
        """Hands in a request that shall be streamed beside other work."""
        self._waiting.append(self._known[request.id])

    def can_feed(self, engine: Engine | None) -> bool:
        """Whether one waits and there is a slot for it."""
        if engine is None or not self._waiting:
            return False
        return self._running < engine.capabilities.slots

    def feed(self, engine: Engine) -> None:
        """Begins those that wait, as long as there are slots."""
        while self.can_feed(engine):
            stream = self._waiting.popleft()
            chunks = None if stream.cancelled else self._begin(stream, engine)
            if chunks is None:
                self.forget(stream.request.id)
                continue
            stream.beside = True
            self._count(1)
            threading.Thread(
                target=self._beside,
                args=[stream, chunks],
                name=f"stream {stream.request.id}",
                daemon=True,
            ).start()

    # -- one stream ---------------------------------------------------------------------------

    def _begin(self, stream: Stream, engine: Engine) -> Iterator[Pcm] | None:
        """The engine's iterator; None when it has none for this request, which is answered."""
        self._out.started(stream.request.id)
        try:
            return iter(engine.stream(stream.request))
        except Exception as error:  # boundary: an engine's code
            self._end(stream, self._failure_of(error))
            return None

    def _beside(self, stream: Stream, chunks: Iterator[Pcm]) -> None:
        try:
            self._play(stream, chunks)
        except BaseException as error:  # boundary: a library that calls sys.exit, a bug of ours
            self._gave_up(f"a stream ended with {type(error).__name__}: {error}")
        finally:
            self.forget(stream.request.id)
            self._count(-1)

    def _count(self, change: int) -> None:
        """A stream begins to work, or ceases: then another may begin."""
        with self._lock:
            self._running += change
        if change < 0:
            self._room()

    def _play(self, stream: Stream, chunks: Iterator[Pcm]) -> None:
        """Sends all chunks, then the end or the failure."""
        began = time.perf_counter()
        try:
            try:
                result = self._send(stream, chunks)
            finally:
                close = getattr(chunks, "close", None)  # a plain iterator has none
                if close is not None:
                    close()
        except Exception as error:  # boundary: an engine's code
            result = self._failure_of(error)
        seconds = time.perf_counter() - began
        self._end(stream, result or Speech(np.zeros(0, np.int16), 0, seconds=seconds))

    def _send(self, stream: Stream, chunks: Iterator[Pcm]) -> Failure | None:
        for pcm in chunks:
            if len(pcm) and not self._may_send(stream):
                return Failure("transient", f"nobody took its sound for {PATIENCE_S:g} s")
            if stream.cancelled:
                break
            if len(pcm):
                self._out.chunk(stream.request.id, pcm)
        return None

    def _may_send(self, stream: Stream) -> bool:
        """Waits until its reader has room for a chunk, or has left; False: it does neither."""
        if not stream.credit and not stream.cancelled and stream.beside:
            self._count(-1)
            try:
                return self._hold(stream)
            finally:
                self._count(1)  # at once: its reader has waited before
        return self._hold(stream)

    def _hold(self, stream: Stream) -> bool:
        patient_until = time.monotonic() + PATIENCE_S
        with stream.changed:
            while not stream.credit and not stream.cancelled:
                if time.monotonic() > patient_until:
                    return False
                stream.changed.wait(_TURN_S)
                self._out.started(stream.request.id)
            stream.credit -= 1
        return True

    def _end(self, stream: Stream, result: Speech | Failure) -> None:
        if isinstance(result, Failure) and result.kind == "dead":
            self._gave_up(result.reason)
        elif stream.cancelled:
            self._out.forget(stream.request.id)
        else:
            self._out.result(stream.request.id, result)
