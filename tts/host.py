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
from tts.engine import Failure, Request, Voice
from tts.ledger import Answer, Ledger, Pending
from tts.process import EngineProcess

_log = logging.getLogger("castbook.engine")

_TICK_S = 1.0  # deadlines are looked at this often at least
_FROZEN_S = 5.0  # without a heartbeat, which comes each second; less may be a busy machine
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

    def cancel(self, request_id: str) -> None:
        """Ends a request, whoever made it: it gets a transient failure unless it is done."""
        with self._lock:
            entries = self._ledger.pending.items()
            numbers = [n for n, entry in entries if entry.request.id == request_id]
        self.withdraw(numbers)

    def submit(
        self,
        answers: queue.SimpleQueue[Answer],
        voices: Mapping[str, Voice],
        requests: Sequence[Request],
    ) -> list[int]:
        """Hands requests in; every one's answer goes into ``answers``, which callers may share.

        Returns the numbers by which ``withdraw`` knows them. Raises as ``synthesize``.
        """
        with self._lock:
            if self._closed:
                raise BrokenPromise(f"the host of engine {self.engine} is closed")
            if not self._ledger.pending:
                self._progress_at = time.monotonic()
            batch = self._ledger.enter(answers, voices, requests)
            if batch and self._keeper is None:
                self._keeper = threading.Thread(
                    target=self._keep, name=f"engine {self.engine}", daemon=True
                )
                self._keeper.start()
                atexit.unregister(self.close)
                atexit.register(self.close)
            process = self._process if self._ready else None
            if process is not None:
                _assign(batch, process)
        if process is not None:
            _deliver(batch, process)
        return list(batch)

    def withdraw(self, numbers: Iterable[int]) -> None:
        """Ends requests: those not done get a transient failure."""
        with self._lock:
            given = self._ledger.withdraw(numbers)
        for number, process in given:
            process.send(wire.encode({"is": "cancel", "id": number}))

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
        heard_at = turned_at = time.monotonic()
        ready_by = heard_at + self._ready_s
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
            now = time.monotonic()
            pause_s, turned_at = now - turned_at, now
            if pause_s > _FROZEN_S:  # we were stopped (Ctrl-Z) or starved, not the engine
                ready_by += pause_s
                heard_at = now
                self._progress()
            heard_at = now if frames else heard_at
            with self._lock:
                ready, closed = self._ready, self._closed
                stalled = bool(self._ledger.pending) and now - self._progress_at > self._stall_s
            silent_s = now - heard_at
            if ready and silent_s > max(_FROZEN_S, self._stall_s):
                self._kill(process, f"the engine process froze for {silent_s:.0f} s")
            elif ready and stalled:
                self._kill(process, f"the engine made no progress for {self._stall_s:g} s")
            elif not ready and not closed and now > ready_by:
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
            _assign(batch, process)
        _deliver(batch, process)

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


def _assign(batch: Mapping[int, Pending], process: EngineProcess) -> None:
    for entry in batch.values():
        entry.process = process


def _deliver(batch: Mapping[int, Pending], process: EngineProcess) -> None:
    """Sends requests, each after its voice."""
    with process.lock:
        buffers: list[wire.Buffer] = []
        for number, entry in batch.items():
            digest = entry.request.voice
            if digest not in process.prepared:
                process.prepared.add(digest)
                buffers += messages.pack_voice(entry.voice)
            buffers += messages.pack_request(number, entry.request)
        process.send_locked(buffers)
