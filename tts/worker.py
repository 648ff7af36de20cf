"""The thread that calls the engine.

Runs in the engine's own process (``tts/child.py``). Whatever an engine raises becomes an
answer here; what ends the process is left to the parent to notice.
"""

from __future__ import annotations

import os
import queue
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NoReturn

from castbook.errors import CastbookError, TransientFailure
from tts import messages, wire
from tts.engine import Engine, EngineError, Failure, Request, Speech
from tts.outbox import Outbox
from tts.registry import make_engine
from tts.streams import Streams

Results = Iterator[tuple[str, Speech | Failure]]


@dataclass(slots=True)
class Call:
    """One open call of ``Engine.synthesize``."""

    results: Results
    left: set[str] = field(default_factory=set)  # requests without an answer
    begun: bool = False  # a generator does nothing before its first result is asked for


class Worker:
    """Feeds the engine, from one thread.

    An engine with one slot gets one request per call: it gains nothing from a second one,
    and a request that kills the process then takes no other along. With more slots, up to
    twice as many are in its hands, and the next call begins when half of them are answered,
    so that no slot idles while the last ones of a call finish. Requests that are streamed:
    ``tts/streams.py``; where the engine does not stream they are spoken as the others, whole.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.inbox: queue.SimpleQueue[wire.Frame] = queue.SimpleQueue()
        self._out = outbox
        self._waiting: deque[Request] = deque()
        self._calls: list[Call] = []
        self._unprepared: dict[str, Failure] = {}  # voices that could not be prepared
        self._streams = Streams(outbox, _failure, self._wake, self._give_up)
        self._engine: Engine | None = None
        self._depth = 1

    def receive(self, frame: wire.Frame) -> None:
        """One message of the parent; from the thread that reads them.

        What a stream must hear at once does not wait until the engine returns from a call.
        """
        match frame.header["is"]:
            case "more":
                return self._streams.more(str(frame.header["id"]))
            case "stream":
                self._streams.expect(messages.unpack_request(frame.header))
            case "cancel":
                self._streams.cancel(str(frame.header["id"]))
            case "bye":
                self._streams.cancel_all()
        return self.inbox.put(frame)

    def run(self) -> None:
        """Works until ``bye``; an engine that gives up ends the process."""
        try:
            while self._take():
                self._feed()
                self._step()
            if self._engine is not None:
                self._calls.clear()
                self._engine.unload()
        except _GaveUp as error:
            self._give_up(str(error))
        except BaseException as error:  # boundary: a library that calls sys.exit, a bug of ours
            _trace(error)
            _end()

    def _take(self) -> bool:
        """Reads what has arrived; waits only when there is nothing to do. False: the end."""
        while True:
            busy = self._calls or self._waiting or self._streams.can_feed(self._engine)
            try:
                frame = self.inbox.get(block=not busy)
            except queue.Empty:
                return True
            match frame.header["is"]:
                case "load":
                    self._load(frame.header)
                case "prepare":
                    self._prepare(frame)
                case "request" | "stream":
                    self._queue(messages.unpack_request(frame.header))
                case "cancel":
                    self._cancel(str(frame.header["id"]))
                case "bye":
                    return False

    def _queue(self, request: Request) -> None:
        """A request takes its place: streams of an engine with slots go beside the others."""
        capabilities = self._loaded().capabilities
        beside = request.id in self._streams and capabilities.streams and capabilities.slots > 1
        if not beside:
            self._waiting.append(request)
        elif (broken := self._unprepared.get(request.voice)) is not None:
            self._out.result(request.id, broken)
            self._streams.forget(request.id)
        else:
            self._streams.wait(request)

    def _load(self, header: wire.Header) -> None:
        try:
            engine = make_engine(header["engine"], header["options"])
            engine.listener = self._out.started
            engine.load()
            capabilities = engine.capabilities
        except Exception as error:  # boundary: whatever it is, the parent must be told
            _trace(error)
            reason = error.reason if isinstance(error, EngineError) else _sentence(error)
            self._out.send(wire.encode({"is": "unloadable", "reason": reason}))
            return
        self._engine = engine
        self._depth = 1 if capabilities.slots <= 1 else 2 * capabilities.slots
        self._out.send(
            wire.encode(
                {
                    "is": "ready",
                    "pid": os.getpid(),
                    "rate": capabilities.rate,
                    "slots": capabilities.slots,
                }
            )
        )

    def _prepare(self, frame: wire.Frame) -> None:
        voice = messages.unpack_voice(frame)
        self._unprepared.pop(voice.digest, None)
        try:
            self._loaded().prepare(voice)
        except Exception as error:  # boundary: an engine's code
            failure = _failure(error)
            if failure.kind == "dead":
                raise _GaveUp(failure.reason) from error
            reason = f"the voice cannot be prepared: {failure.reason}"
            self._unprepared[voice.digest] = Failure(failure.kind, reason)
            self._out.send(wire.encode({"is": "unprepared", "digest": voice.digest}))
        else:
            self._out.send(wire.encode({"is": "prepared", "digest": voice.digest}))

    def _cancel(self, request_id: str) -> None:
        for request in self._waiting:
            if request.id == request_id:
                self._waiting.remove(request)
                self._streams.forget(request_id)
                return
        call = next((c for c in self._calls if request_id in c.left), None)
        if call is None and request_id not in self._streams:
            return
        if call is not None:  # else a stream, which ends by itself within a chunk
            call.left.discard(request_id)
            self._streams.forget(request_id)
            self._out.forget(request_id)
        try:
            self._loaded().cancel(request_id)
            if call is not None and not call.left:
                self._calls.remove(call)
                close = getattr(call.results, "close", None)  # a plain iterator has none
                if close is not None:
                    close()
        except Exception as error:  # boundary: an engine's code
            _trace(error)

    def _feed(self) -> None:
        """Opens a call when enough of the earlier ones is answered."""
        if self._engine is not None:
            self._streams.feed(self._engine)
        given = sum(len(call.left) for call in self._calls)
        if not self._waiting or given > self._depth // 2:
            return
        engine = self._loaded()
        requests: list[Request] = []
        while self._waiting and given + len(requests) < self._depth:
            request = self._waiting.popleft()
            broken = self._unprepared.get(request.voice)
            if broken is not None:
                self._answer(request.id, broken)
            elif request.id in self._streams and engine.capabilities.streams:
                self._streams.perform(request, engine)  # one slot: nothing else is in its hands
                return
            else:
                requests.append(request)
        if not requests:
            return
        if not engine.capabilities.reports:
            for request in requests:
                self._out.started(request.id)
        try:
            results = iter(engine.synthesize(requests))
        except Exception as error:  # boundary: an engine's code
            self._fail({r.id for r in requests}, error)
            return
        self._calls.append(Call(results, {r.id for r in requests}))

    def _step(self) -> None:
        """One result, of a call that has not begun if there is one, else of the oldest."""
        if not self._calls:
            return
        call = next((c for c in self._calls if not c.begun), self._calls[0])
        call.begun = True
        try:
            request_id, result = next(call.results)
        except StopIteration:
            self._calls.remove(call)
            for request_id in sorted(call.left):
                self._answer(request_id, Failure("transient", "the engine gave no answer"))
            return
        except Exception as error:  # boundary: an engine's code
            self._calls.remove(call)
            self._fail(call.left, error)
            return
        if request_id not in call.left:  # cancelled, answered twice, or never asked for
            return
        if isinstance(result, Failure) and result.kind == "dead":
            raise _GaveUp(result.reason)
        call.left.discard(request_id)
        self._answer(request_id, result)

    def _answer(self, request_id: str, result: Speech | Failure) -> None:
        """An answer goes out; a stream of an engine that does not stream has one chunk."""
        if request_id in self._streams:
            self._streams.forget(request_id)
            if isinstance(result, Speech):
                try:
                    self._out.chunk(request_id, result.pcm)
                except CastbookError as error:
                    result = Failure("permanent", f"no usable answer: {error}")
                else:
                    result = replace(result, pcm=result.pcm[:0])
        self._out.result(request_id, result)

    def _fail(self, request_ids: set[str], error: Exception) -> None:
        failure = _failure(error)
        if failure.kind == "dead":
            raise _GaveUp(failure.reason)
        for request_id in sorted(request_ids):
            self._answer(request_id, failure)

    def _wake(self) -> None:
        """A stream ended or waits for its reader: others may begin."""
        self.inbox.put(wire.Frame({"is": "streamed"}, bytearray()))

    def _give_up(self, reason: str) -> NoReturn:
        self._out.send(wire.encode({"is": "gave up", "reason": reason}))
        _end()

    def _loaded(self) -> Engine:
        if self._engine is None:
            raise EngineError("the engine is not loaded")
        return self._engine


class _GaveUp(Exception):
    """The engine says that nothing further will come from it: a new process may do better."""


def _failure(error: Exception) -> Failure:
    """An engine's exception as an answer."""
    if isinstance(error, EngineError):
        return Failure(error.kind, error.reason)
    _trace(error)
    ours = isinstance(error, CastbookError) and not isinstance(error, TransientFailure)
    return Failure("permanent" if ours else "transient", _sentence(error))


def _sentence(error: Exception) -> str:
    if isinstance(error, CastbookError):
        return str(error)
    if isinstance(error, MemoryError):
        return "out of memory" + (f": {error}" if str(error) else "")
    return f"{type(error).__name__}: {error}"


def _end() -> NoReturn:
    """Ends the process without the main thread, which waits for the parent."""
    sys.stderr.flush()
    os._exit(1)


def _trace(error: BaseException) -> None:
    """The whole story for standard error, where the parent keeps the last of it."""
    sys.excepthook(type(error), error, error.__traceback__)
