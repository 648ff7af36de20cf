"""An engine in its own process, shared by all threads of this one.

Promises:
- every request gets exactly one answer, whatever happens to the process;
- a process that dies, or makes no progress for ``stall_s``, is replaced: requests it had
  begun get a transient failure, requests that only waited go to its successor unnoticed;
- an engine that cannot load, or whose processes die again and again, is dead: everything
  gets a failure of that kind at once, and the host stays so (make a new one to try again);
- nothing is left behind: no process, no descriptor, no thread after ``close``.

Missing packages and weights are reported as ``dead``, too: ask ``Engine.missing`` before.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from castbook.canonical import text_digest
from castbook.errors import BrokenPromise
from tts import wire
from tts.engine import Failure, Request, Speech, Voice
from tts.process import EngineProcess

Answer = tuple[str, Speech | Failure]

_log = logging.getLogger("castbook.engine")

_TICK_S = 1.0  # deadlines are looked at this often at least
_GOODBYE_S = 1.0  # for the engine to unload


@dataclass(frozen=True, slots=True)
class Counters:
    """What happened to the processes of a host."""

    starts: int = 0
    kills: int = 0  # by the host: stalled, not ready in time, or slow to say goodbye
    completed: int = 0  # requests with audio

    @property
    def restarts(self) -> int:
        """Starts that replaced a process."""
        return max(0, self.starts - 1)


@dataclass(slots=True)
class _Pending:
    """A request without an answer."""

    request: Request
    voice: Voice
    answers: queue.SimpleQueue[Answer]
    process: EngineProcess | None = None  # that has it
    started: bool = False


@dataclass(slots=True)
class _Deaths:
    """Deaths in a row without a completed request between them.

    A request that kills its process each time it is tried again is one bad request, not a
    bad engine: its later deaths do not count.
    """

    count: int = 0
    suspects: set[str] = field(default_factory=set)  # digests of texts being spoken at a death

    def add(self, texts: Iterable[str]) -> None:
        digests = {text_digest(text) for text in texts}
        if not digests or not digests <= self.suspects:
            self.count += 1
            self.suspects |= digests


class Host:
    """A handle on one engine; starts nothing until the first request.

    Args:
        engine: its name in the registry.
        options: of the project; must be JSON.
        python: another interpreter, with numpy and whatever the engine needs.
        ready_s: for loading, in seconds; an engine that takes longer is dead.
        stall_s: without progress of any request, in seconds; then the process is killed.
        max_restarts: deaths in a row, without a completed request, that are put up with.
    """

    def __init__(
        self,
        engine: str,
        options: Mapping[str, Any] | None = None,
        *,
        python: str | None = None,
        ready_s: float = 120.0,
        stall_s: float = 120.0,
        max_restarts: int = 5,
    ) -> None:
        self.engine = engine
        self._options = dict(options or {})
        self._python = python
        self._ready_s = ready_s
        self._stall_s = stall_s
        self._max_restarts = max_restarts
        self._lock = threading.Lock()  # guards everything below
        self._numbers = itertools.count()
        self._pending: dict[int, _Pending] = {}
        self._process: EngineProcess | None = None
        self._ready = False
        self._keeper: threading.Thread | None = None  # starts, hears and buries processes
        self._progress_at = 0.0  # monotonic seconds
        self._tick_s = min(_TICK_S, stall_s / 4, ready_s / 4)
        self._deaths = _Deaths()
        self._dead: str | None = None
        self._closed = False
        self._starts = self._kills = self._completed = 0

    @property
    def pid(self) -> int | None:
        """Of the running engine process, which is its group's id as well."""
        with self._lock:
            return self._process.pid if self._process else None

    @property
    def counters(self) -> Counters:
        """Since the host was made."""
        with self._lock:
            return Counters(self._starts, self._kills, self._completed)

    def synthesize(
        self, voices: Mapping[str, Voice], requests: Sequence[Request]
    ) -> Iterator[Answer]:
        """(request id, result) for every request, in any order, each as soon as it is ready.

        Any number of threads may do this at once. Work begins with the first ``next``;
        closing the iterator early cancels the rest.

        Args:
            voices: by digest; every voice the requests name. One that the process already
                has is not sent again.

        Raises:
            BrokenPromise: the host is closed, or a request's voice is not in ``voices``.
        """
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        numbers = self._submit(answers, voices, requests)
        left = len(requests)
        try:
            while left:
                answer = answers.get()
                left -= 1
                yield answer
        finally:
            if left:
                self._withdraw(numbers)

    def cancel(self, request_id: str) -> None:
        """Ends a request, whoever made it: it gets a transient failure unless it is done."""
        with self._lock:
            numbers = [n for n, p in self._pending.items() if p.request.id == request_id]
        self._withdraw(numbers)

    def close(self) -> None:
        """Ends the process: gracefully within a second, else by force. The host is done."""
        with self._lock:
            self._closed = True
            keeper, process = self._keeper, self._process
        atexit.unregister(self.close)
        if keeper is None:
            return
        if process is not None:
            process.goodbye(_GOODBYE_S)
            keeper.join(_GOODBYE_S)
        while keeper.is_alive():  # it may have been about to start one
            with self._lock:
                process = self._process
            if process is not None:
                self._kill(process, "the engine was closed")
            keeper.join(0.1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- callers' threads ----------------------------------------------------------------

    def _submit(
        self,
        answers: queue.SimpleQueue[Answer],
        voices: Mapping[str, Voice],
        requests: Sequence[Request],
    ) -> list[int]:
        batch: dict[int, _Pending] = {}
        for request in requests:
            if request.voice not in voices:
                raise BrokenPromise(f"request {request.id}: its voice was not given")
            pending = _Pending(request, voices[request.voice], answers)
            batch[next(self._numbers)] = pending
        with self._lock:
            if self._closed:
                raise BrokenPromise(f"the host of engine {self.engine} is closed")
            if self._dead is not None:
                for pending in batch.values():
                    answers.put((pending.request.id, Failure("dead", self._dead)))
                return []
            if not self._pending:
                self._progress_at = time.monotonic()
            self._pending |= batch
            if batch and self._keeper is None:
                self._keeper = threading.Thread(
                    target=self._keep, name=f"engine {self.engine}", daemon=True
                )
                self._keeper.start()
                atexit.register(self.close)
            process = self._process if self._ready else None
            if process is not None:
                _assign(batch, process)
        if process is not None:
            _deliver(batch, process)
        return list(batch)

    def _withdraw(self, numbers: Iterable[int]) -> None:
        given: list[tuple[int, EngineProcess]] = []
        with self._lock:
            for number in numbers:
                pending = self._pending.pop(number, None)
                if pending is None:
                    continue
                pending.answers.put((pending.request.id, Failure("transient", "cancelled")))
                if pending.process is not None:
                    given.append((number, pending.process))
        for number, process in given:
            process.send(wire.encode({"is": "cancel", "id": number}))

    # -- the keeper's thread ---------------------------------------------------------------

    def _keep(self) -> None:
        """One process after another while there is work."""
        try:
            while True:
                process = EngineProcess(self.engine, self._options, self._python)
                with self._lock:
                    self._process = process
                    self._starts += 1
                try:
                    fatal = self._watch(process)
                finally:
                    ending = process.finish()
                if not self._bury(ending if fatal is None else fatal, fatal is not None):
                    return
        except Exception as error:  # boundary: no caller may wait for a thread that is gone
            _log.exception("engine %s", self.engine)
            self._bury(f"the engine process cannot be run: {error}", True)

    def _watch(self, process: EngineProcess) -> str | None:
        """Hears a process until it ends; returns why no other should be started, if so."""
        ready_by = time.monotonic() + self._ready_s
        heard_at = time.monotonic()
        gave_up: str | None = None
        while True:
            try:
                frames = process.receive(self._tick_s)
            except EOFError:
                process.killed_because = process.killed_because or gave_up
                return None
            except BrokenPromise as error:
                self._kill(process, str(error))
                return None
            for frame in frames:
                match frame.header["is"]:
                    case "result" | "failure" | "started":
                        self._answer(frame)
                    case "ready":
                        self._begin(process)
                    case "prepared":
                        self._moved()
                    case "beat" if frame.header["progress"]:
                        self._moved()
                    case "unprepared":
                        with process.lock:
                            process.prepared.discard(frame.header["digest"])
                    case "unloadable":
                        return f"engine {self.engine} cannot load: {frame.header['reason']}"
                    case "gave up":
                        gave_up = f"the engine gave up: {frame.header['reason']}"
            now = time.monotonic()
            if frames:
                heard_at = now
            with self._lock:
                ready, closed = self._ready, self._closed
                stalled = bool(self._pending) and now - self._progress_at > self._stall_s
            if ready and now - heard_at > self._stall_s:
                self._kill(process, f"the engine process froze for {self._stall_s:g} s")
            elif ready and stalled:
                self._kill(process, f"the engine made no progress for {self._stall_s:g} s")
            if not ready and not closed and now > ready_by:
                self._kill(process, "")
                return f"engine {self.engine} was not ready within {self._ready_s:g} s"

    def _begin(self, process: EngineProcess) -> None:
        """A process is ready: it gets everything that waits."""
        with self._lock:
            self._ready = True
            self._progress_at = time.monotonic()
            batch = dict(self._pending)
            _assign(batch, process)
        _deliver(batch, process)

    def _answer(self, frame: wire.Frame) -> None:
        """``started``, ``result`` or ``failure`` of a request that may be cancelled."""
        number, message = frame.header["id"], frame.header["is"]
        with self._lock:
            self._progress_at = time.monotonic()
            if message == "started":
                if number in self._pending:
                    self._pending[number].started = True
                return
            pending = self._pending.pop(number, None)
            if pending is None:
                return
            if message == "result":
                self._completed += 1
                self._deaths = _Deaths()
        result = (
            wire.unpack_speech(frame)
            if message == "result"
            else Failure(frame.header["kind"], frame.header["reason"])
        )
        pending.answers.put((pending.request.id, result))

    def _moved(self) -> None:
        with self._lock:
            self._progress_at = time.monotonic()

    def _kill(self, process: EngineProcess, reason: str) -> None:
        if process.kill(reason):
            with self._lock:
                self._kills += 1

    def _bury(self, ending: str, fatal: bool) -> bool:
        """Answers what a dead process owes; returns whether another one is needed."""
        with self._lock:
            self._process, self._ready = None, False
            begun = {n: p for n, p in self._pending.items() if p.started}
            if not self._closed and not fatal:
                self._deaths.add(p.request.text for p in begun.values())
                if self._deaths.count > self._max_restarts:
                    fatal = True
                    ending = f"{self._deaths.count} engine processes died in a row: {ending}"
            if self._closed:
                begun, failure = self._pending, Failure("transient", "the engine was closed")
            elif fatal:
                self._dead = ending
                begun, failure = self._pending, Failure("dead", ending)
            else:
                failure = Failure("transient", ending)
            for number in list(begun):
                pending = self._pending.pop(number)
                pending.answers.put((pending.request.id, failure))
            for pending in self._pending.values():
                pending.process = None
            if not self._pending:
                self._keeper = None
            return bool(self._pending)


def _assign(batch: Mapping[int, _Pending], process: EngineProcess) -> None:
    for pending in batch.values():
        pending.process = process


def _deliver(batch: Mapping[int, _Pending], process: EngineProcess) -> None:
    """Sends requests, each after its voice."""
    with process.lock:
        buffers: list[wire.Buffer] = []
        for number, pending in batch.items():
            digest = pending.request.voice
            if digest not in process.prepared:
                process.prepared.add(digest)
                buffers += wire.pack_voice(pending.voice)
            buffers += wire.pack_request(number, pending.request)
        process.send_locked(buffers)
