"""The parent's side of ``tts/forks.py``: jobs out, answers in, from one thread.

Promises:
- every job gets exactly one answer; a job whose process dies costs that job alone;
- should the forking process itself die, it is replaced: jobs it had begun are lost (one
  answer each, saying so), the others go to its successor; after ``_DEATHS`` deaths in a row
  without a finished job the crew is dead and says so to everyone;
- ``close``, and the end of this process however it comes, ends all of its processes.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import castbook
from tts.engine import EngineError
from tts.forks import Header, Reader, pack, write

_READ = 1 << 18  # bytes
_PIPE = 1 << 20  # bytes: a 3-s segment at 24 kHz has 144 kB, Linux gives 64 KiB
_DEATHS = 3
_GOODBYE_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a job.

    ``done``: see header and payload. ``refused``: it can never be done. ``failed``: its
    process raised or died. ``dead``: nobody is left to do it.
    """

    kind: Literal["done", "refused", "failed", "dead"]
    header: Header
    payload: bytearray

    @property
    def reason(self) -> str:
        """Why there is nothing, for all kinds but ``done``."""
        return str(self.header.get("reason", ""))


class Crew:
    """Up to ``workers`` jobs at once, each in a fork of one loaded process.

    Args:
        module: run as ``python -m``; its main calls ``forks.serve``.
        setup: what it is to load; JSON.
        workers: jobs at once.
        begun: called with a job's number when its fork begins.
        limit_s: for one job, in seconds; then its process is killed.
        environ: added to its environment.

    Raises (constructor): EngineError: it cannot load; the reason is its own.
    """

    def __init__(
        self,
        module: str,
        setup: Mapping[str, object],
        workers: int,
        *,
        begun: Callable[[int], None] | None = None,
        limit_s: float,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._module, self._workers, self._begun_hook = module, workers, begun
        self._setup = pack({**setup, "is": "setup", "limit_s": limit_s})
        self._environ = dict(environ or {})
        self._numbers = itertools.count()
        self._jobs: dict[int, bytes] = {}  # without an answer, as sent
        self._begun: set[int] = set()
        self._answers: dict[int, Answer] = {}  # not yet asked for
        self._deaths = 0  # of the process, in a row
        self._dead: str | None = None
        self.facts: Header = {}  # what the process said when it was ready
        self._start()

    @property
    def pid(self) -> int:
        """Of the process that forks."""
        return self._process.pid

    def submit(self, job: Mapping[str, object]) -> int:
        """Hands in a job (JSON); returns its number."""
        number = next(self._numbers)
        if self._dead is not None:
            self._answers[number] = _lost("dead", self._dead)
            return number
        self._jobs[number] = pack({**job, "is": "job", "id": number})
        self._send(self._jobs[number])
        return number

    def answers(self, numbers: Iterable[int]) -> Iterator[tuple[int, Answer]]:
        """(number, answer) of these jobs, each as soon as it is there, in any order.

        Several such iterators may be open at once; closing one early gives up its jobs.
        """
        left = set(numbers)
        try:
            while left:
                ready = next((n for n in self._answers if n in left), None)
                if ready is None:
                    self._pump()
                    continue
                left.discard(ready)
                yield ready, self._answers.pop(ready)
        finally:
            for number in left:
                self.cancel(number)
                self._answers.pop(number, None)

    def cancel(self, number: int) -> None:
        """Ends a job; unless it is done, its answer is that it failed."""
        if number in self._jobs:
            self._send(pack({"is": "cancel", "id": number}))
            self._settle([number], "failed", "cancelled")

    def close(self) -> None:
        """Ends the process and everything it started. Jobs without an answer are lost."""
        self._stop()
        self._settle(list(self._jobs), "dead", "the engine was closed")
        self._dead = "the engine was closed"

    # -- the process ------------------------------------------------------------------------

    def _start(self) -> None:
        their_in, self._in = os.pipe()
        self._status, their_out = os.pipe()
        lanes = [os.pipe() for _ in range(self._workers)]
        theirs = (their_in, their_out, *(end for _, end in lanes))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", self._module, *map(str, theirs)],
                stdin=subprocess.DEVNULL,
                stdout=sys.__stderr__ if _has_descriptor() else subprocess.DEVNULL,
                pass_fds=theirs,
                env=self._environment(),
            )
        except OSError as error:
            for fd in (self._in, self._status, *(lane for lane, _ in lanes)):
                os.close(fd)
            self._in = -1
            raise EngineError(f"its process cannot be started: {error}", "dead") from error
        finally:
            for fd in theirs:
                os.close(fd)
        self._lanes = [lane for lane, _ in lanes]
        self._readers = {fd: Reader() for fd in (self._status, *self._lanes)}
        self._poll = select.poll()
        for fd in self._readers:
            self._poll.register(fd, select.POLLIN)
        for lane in self._lanes:
            os.set_blocking(lane, False)
            _widen(lane)
        self._send(self._setup)
        self._await_ready()

    def _await_ready(self) -> None:
        frames: list[tuple[Header, bytearray]] = []
        while not frames:
            data = os.read(self._status, _READ)
            if not data:
                self._stop()
                raise EngineError(f"its process {self._ending()} while loading", "dead")
            frames = self._readers[self._status].feed(data)
        self.facts = frames[0][0]
        if self.facts["is"] == "unloadable":
            self._stop()
            raise EngineError(self.facts["reason"], "dead")

    def _stop(self) -> None:
        if self._in < 0:
            return
        os.close(self._in)
        self._in = -1
        try:
            self._process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for fd in (self._status, *self._lanes):
            os.close(fd)

    def _ending(self) -> str:
        code = self._process.returncode
        return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def _environment(self) -> dict[str, str]:
        """This environment, in which the process finds our packages, installed or not."""
        root = str(Path(castbook.__file__).parent.parent.absolute())
        path = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**os.environ, **self._environ, "PYTHONPATH": os.pathsep.join(path)}

    # -- its answers -----------------------------------------------------------------------

    def _send(self, frame: bytes) -> None:
        """To a process that may be gone, which is noticed by ``_pump``."""
        if self._in >= 0:
            with contextlib.suppress(BrokenPipeError):
                write(self._in, frame)

    def _pump(self) -> None:
        """Waits until something happens and takes it in."""
        if self._in < 0:
            raise EngineError("the engine is closed", "dead")
        ready = {fd for fd, _ in self._poll.poll()}
        for lane in self._lanes:
            if lane in ready:
                self._hear(lane)
        if self._status in ready:
            data = os.read(self._status, _READ)
            if not data:
                return self._replace()
            for header, _ in self._readers[self._status].feed(data):
                self._bury(header)
        return None

    def _hear(self, lane: int) -> None:
        """Everything that lies in a lane."""
        while True:
            try:
                data = os.read(lane, _READ)
            except BlockingIOError:
                return
            for header, payload in self._readers[lane].feed(data):
                self._take(header, payload)
            if len(data) < _READ:
                return

    def _take(self, header: Header, payload: bytearray) -> None:
        number = header["id"]
        if number not in self._jobs:  # cancelled
            return
        if header["is"] == "begun":
            self._begun.add(number)
            if self._begun_hook is not None:
                self._begun_hook(number)
            return
        self._deaths = 0
        self._answers[number] = Answer(header["is"], header, payload)
        self._forget(number)

    def _bury(self, header: Header) -> None:
        """A job's process died: what it wrote before still counts, half an answer does not."""
        if header["lane"] is not None:
            lane = self._lanes[header["lane"]]
            self._hear(lane)
            self._readers[lane] = Reader()
            self._send(pack({"is": "cleared", "lane": header["lane"]}))
        self._settle([header["id"]], "failed", header["reason"])

    def _replace(self) -> None:
        for lane in self._lanes:
            self._hear(lane)
        self._stop()
        self._deaths += 1
        reason = f"the engine's process {self._ending()}"
        self._settle([n for n in self._jobs if n in self._begun], "failed", reason)
        if self._deaths > _DEATHS:
            self._give_up(f"{reason}, {self._deaths} times in a row")
            return
        try:
            self._start()
        except EngineError as error:
            self._give_up(error.reason)
            return
        for frame in self._jobs.values():
            self._send(frame)

    def _give_up(self, reason: str) -> None:
        self._dead = reason
        self._settle(list(self._jobs), "dead", reason)

    def _settle(self, numbers: list[int], kind: Literal["failed", "dead"], reason: str) -> None:
        for number in numbers:
            if number in self._jobs:
                self._answers[number] = _lost(kind, reason)
                self._forget(number)

    def _forget(self, number: int) -> None:
        self._jobs.pop(number, None)
        self._begun.discard(number)


def _lost(kind: Literal["failed", "dead"], reason: str) -> Answer:
    return Answer(kind, {"reason": reason}, bytearray())


def _widen(fd: int) -> None:
    """A larger pipe where the system has such a thing and the user's quota allows it."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, size, _PIPE)


def _has_descriptor() -> bool:
    """Whether standard error is a real file here."""
    try:
        return sys.__stderr__ is not None and sys.__stderr__.fileno() >= 0
    except (OSError, ValueError):
        return False
