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
import logging
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from castbook.errors import BrokenPromise
from tts import messages, wire
from tts.chunks import Chunks, OpenStream
from tts.deadlines import Deadlines
from tts.delivery import assign, deliver
from tts.engine import Failure, Request, Voice
from tts.ledger import Answer, Answers, Hear, Ledger
from tts.process import EngineProcess

_log = logging.getLogger("castbook.engine")

_TICK_S = 1.0  # deadlines are looked at this often at least
_GOODBYE_S = 0.8  # for the engine to unload; close() takes a second at most


@dataclass(frozen=True, slots=True)
class Counters:
    """What happened to the processes of a host."""

    starts: int = 0
    kills: int = 0  # by the host: stalled, frozen, not ready in time, slow to say goodbye
    completed: int = 0  # requests with audio

    @property
    def restarts(self) -> int:
        """Starts that replaced a process."""
        return max(0, self.starts - 1)


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
        self._tick_s = min(_TICK_S, stall_s / 4, ready_s / 4)
        self._lock = threading.Lock()  # guards everything below; never held while writing
        self._ledger = Ledger(max_restarts)
        self._process: EngineProcess | None = None
        self._ready = False
        self._keeper: threading.Thread | None = None  # starts, hears and buries processes
        self._progress_at = 0.0  # monotonic seconds
        self._closed = False
        self._starts = self._kills = self._completed = 0

    @property
    def pid(self) -> int | None:
        """Of the running engine process; it is its group's id as well."""
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
        numbers = self.submit(answers, voices, requests)
        left = len(requests)
        try:
            while left:
                answer = answers.get()
                left -= 1
                yield answer
        finally:
            if left:
                self.withdraw(numbers)

    def stream(self, voices: Mapping[str, Voice], request: Request) -> OpenStream:
        """The audio of one request, each chunk as soon as the engine has it.

        An engine that does not stream gives one chunk. Work begins at once; closing the stream
        ends it within a chunk. A process that dies after it began ends it as a failure, perhaps
        behind some chunks; one that dies before is not noticed.

        Raises:
            BrokenPromise: as ``synthesize``. What the engine says is raised by ``next``.
        """
        chunks = Chunks()
        numbers = self.submit(chunks, voices, [request], chunks.hear)
        return OpenStream(chunks.read(lambda: self._more(numbers)), lambda: self.withdraw(numbers))

    def cancel(self, request_id: str) -> None:
        """Ends a request, whoever made it: it gets a transient failure unless it is done."""
        with self._lock:
            entries = self._ledger.pending.items()
            numbers = [n for n, entry in entries if entry.request.id == request_id]
        self.withdraw(numbers)

    def submit(
        self,
        answers: Answers,
        voices: Mapping[str, Voice],
        requests: Sequence[Request],
        hear: Hear | None = None,
    ) -> list[int]:
        """Hands requests in; every one's answer goes into ``answers``, which callers may share.
        With ``hear`` they are streamed: it takes the chunks, and the answer holds no samples.

        Returns the numbers by which ``withdraw`` knows them. Raises as ``synthesize``.
        """
        with self._lock:
            if self._closed:
                raise BrokenPromise(f"the host of engine {self.engine} is closed")
            if not self._ledger.pending:
                self._progress_at = time.monotonic()
            batch = self._ledger.enter(answers, voices, requests, hear)
            if batch and self._keeper is None:
                self._keeper = threading.Thread(
                    target=self._keep, name=f"engine {self.engine}", daemon=True
                )
                self._keeper.start()
                atexit.unregister(self.close)
                atexit.register(self.close)
            process = self._process if self._ready else None
            if process is not None:
                assign(batch, process)
        if process is not None:
            deliver(batch, process)
        return list(batch)

    def withdraw(self, numbers: Iterable[int]) -> None:
        """Ends requests: those not done get a transient failure."""
        with self._lock:
            given = self._ledger.withdraw(numbers)
        for number, process in given:
            process.send(wire.encode({"is": "cancel", "id": number}))

    def _more(self, numbers: Iterable[int]) -> None:
        """The reader of a stream took a chunk."""
        with self._lock:
            entries = [(n, self._ledger.pending.get(n)) for n in numbers]
        for number, entry in entries:
            if entry is not None and entry.process is not None:
                entry.process.send(wire.encode({"is": "more", "id": number}))

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
        while keeper.is_alive():  # perhaps about to start another process
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
                if not self._bury(ending, fatal):
                    return
        except Exception as error:  # boundary: no caller may wait for a thread that is gone
            _log.exception("engine %s", self.engine)
            reason = f"the process of engine {self.engine} cannot be run: {error}"
            self._bury(reason, reason)

    def _watch(self, process: EngineProcess) -> str | None:
        """Hears a process until it ends; returns why no other should be started, if so."""
        watch = Deadlines(self._ready_s, self._stall_s)
        while True:
            try:
                frames = process.receive(self._tick_s)
            except EOFError:
                return None
            except BrokenPromise as error:
                self._kill(process, str(error))
                return None
            for frame in frames:
                if frame.header["is"] == "unloadable":
                    return f"engine {self.engine} cannot load: {frame.header['reason']}"
                self._hear(process, frame)
            if watch.turn(bool(frames)):
                self._progress()
            with self._lock:
                ready, closed = self._ready, self._closed
                since = self._progress_at if self._ledger.pending else None
            if ready:
                reason = watch.overdue(since)
                if reason is not None:
                    self._kill(process, reason)
            elif not closed and watch.unready():
                reason = f"engine {self.engine} was not ready within {self._ready_s:g} s"
                self._kill(process, reason)
                return reason

    def _hear(self, process: EngineProcess, frame: wire.Frame) -> None:
        """One message of a process (the other end: ``tts/worker.py``)."""
        header = frame.header
        match header["is"]:
            case "started":
                with self._lock:
                    self._progress_at = time.monotonic()
                    self._ledger.start(header["id"])
            case "chunk":
                self._progress()
                with self._lock:
                    entry = self._ledger.pending.get(header["id"])
                if entry is not None and entry.hear is not None:
                    entry.hear(messages.unpack_chunk(frame))
            case "result" | "failure":
                self._answer(frame)
            case "ready":
                self._begin(process)
            case "prepared":
                self._progress()
            case "unprepared":
                self._progress()
                with process.lock:
                    process.prepared.discard(header["digest"])
            case "beat":
                if header["progress"]:
                    self._progress()
            case "gave up":
                process.last_message = f"the engine gave up: {header['reason']}"

    def _begin(self, process: EngineProcess) -> None:
        """A process is ready: it gets everything that waits."""
        with self._lock:
            self._ready = True
            self._progress_at = time.monotonic()
            batch = dict(self._ledger.pending)
            assign(batch, process)
        deliver(batch, process)

    def _answer(self, frame: wire.Frame) -> None:
        """A result or a failure."""
        completed = frame.header["is"] == "result"
        with self._lock:
            self._progress_at = time.monotonic()
            self._completed += completed
            entry = self._ledger.settle(frame.header["id"], completed)
        if entry is None:
            return
        if completed:
            entry.answer(messages.unpack_speech(frame))
        else:
            entry.answer(Failure(frame.header["kind"], frame.header["reason"]))

    def _progress(self) -> None:
        with self._lock:
            self._progress_at = time.monotonic()

    def _kill(self, process: EngineProcess, reason: str) -> None:
        if process.kill(reason):
            with self._lock:
                self._kills += 1

    def _bury(self, ending: str, fatal: str | None) -> bool:
        """Answers what a dead process owes; returns whether another one is needed."""
        with self._lock:
            self._process, self._ready = None, False
            if self._closed:
                self._ledger.answer_all(Failure("transient", "the engine was closed"))
            elif fatal is not None:
                self._ledger.answer_all(Failure("dead", fatal))
            else:
                self._ledger.bury(ending)
            if not self._ledger.pending:
                self._keeper = None
            return bool(self._ledger.pending)
