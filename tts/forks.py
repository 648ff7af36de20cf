"""A process that loads once and forks for every job: ``python -m MODULE IN OUT LANE…``.

Why: espeak-ng and ONNX models with noise in them carry state from one segment to the next, so
the same text gives other bytes the second time (docs/measurements.md). A fork of a process
that has loaded and not yet spoken is always in the same state: its answer depends on the job
alone, whichever worker takes it, in whatever order. A job that crashes takes nothing along.

This process has one thread, reads jobs from descriptor IN, reports on OUT, and gives each
running job one of the LANE descriptors to write its answer to. When IN ends (the parent is
gone), it kills its jobs and ends. Standard library only: what is not loaded is not copied by
a fork. The parent's side is ``tts/crew.py``.

    frame = u32 length of the header, u32 length of the payload (little-endian),
            header (JSON object, ASCII), payload
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

Header = dict[str, Any]
Work = Callable[[Header], tuple[Header, bytes]]  # a job's header → its answer's header and payload

_HEAD = struct.Struct("<II")
_READ = 1 << 18  # bytes
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Refusal(Exception):
    """Raised by a ``Work``: this job can never be done."""


def pack(header: Header, payload: bytes = b"") -> bytes:
    """One frame."""
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    return b"".join((_HEAD.pack(len(text), len(payload)), text, payload))


class Reader:
    """Bytes, however they were cut on their way, back to frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[Header, bytearray]]:
        """The frames that ``data`` completes: (header, payload)."""
        self._buffer += data
        frames = []
        start = 0
        while len(self._buffer) - start >= _HEAD.size:
            text, payload = _HEAD.unpack_from(self._buffer, start)
            body = start + _HEAD.size
            end = body + text + payload
            if len(self._buffer) < end:
                break
            header: Header = json.loads(self._buffer[body : body + text])
            frames.append((header, self._buffer[body + text : end]))
            start = end
        del self._buffer[:start]
        return frames


def write(fd: int, data: bytes) -> None:
    """All of ``data`` to a blocking descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


@dataclass(frozen=True, slots=True)
class _Job:
    """A job that runs in a fork."""

    number: int
    lane: int
    until: float  # monotonic seconds


class _Forks:
    """The loop of the process."""

    def __init__(self, inward: int, outward: int, lanes: list[int], work: Work, limit: float):
        self._in, self._out, self._lanes = inward, outward, lanes
        self._work, self._limit_s = work, limit
        self._reader = Reader()
        self._waiting: deque[Header] = deque()
        self._free = list(range(len(lanes)))
        self._running: dict[int, _Job] = {}  # by process id
        self._wake, wake = os.pipe()
        for fd in (self._wake, wake):
            os.set_blocking(fd, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def run(self) -> None:
        poll = select.poll()
        poll.register(self._in, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            self._begin()
            for fd, _ in poll.poll(self._patience_ms()):
                if fd == self._wake:
                    os.read(self._wake, 4096)
                elif not self._hear():
                    return self._end()
            self._reap()

    def _patience_ms(self) -> int | None:
        """Until the first running job is overdue."""
        if not self._running:
            return None
        first = min(job.until for job in self._running.values())
        return max(0, int((first - time.monotonic()) * 1000) + 1)

    def _hear(self) -> bool:
        """Reads what the parent sends; False when it is gone."""
        data = os.read(self._in, _READ)
        for header, _ in self._reader.feed(data):
            match header["is"]:
                case "job":
                    self._waiting.append(header)
                case "cleared":
                    self._free.append(header["lane"])
                case "cancel":
                    self._cancel(header["id"])
        return bool(data)

    def _cancel(self, number: int) -> None:
        for job in self._waiting:
            if job["id"] == number:
                return self._waiting.remove(job)
        for process, running in self._running.items():
            if running.number == number:
                os.kill(process, signal.SIGKILL)
        return None

    def _begin(self) -> None:
        while self._waiting and self._free:
            header, lane = self._waiting.popleft(), self._free.pop()
            try:
                process = os.fork()
            except OSError as error:
                self._free.append(lane)
                self._report(header["id"], None, f"no process can be started: {error.strerror}")
                continue
            if process == 0:
                self._speak(header, self._lanes[lane])
            until = time.monotonic() + self._limit_s
            self._running[process] = _Job(header["id"], lane, until)

    def _speak(self, header: Header, lane: int) -> NoReturn:
        """In the fork: does the job, answers, ends without tidying up."""
        gc.disable()
        signal.set_wakeup_fd(-1)
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        number, payload = header["id"], b""
        try:
            write(lane, pack({"is": "begun", "id": number}))
            began = time.perf_counter()
            answer, payload = self._work(header)
            seconds = round(time.perf_counter() - began, 6)
            answer = {**answer, "is": "done", "id": number, "seconds": seconds}
        except Refusal as error:
            answer = {"is": "refused", "id": number, "reason": str(error)}
        except Exception as error:  # boundary: whatever it is, the parent must be told
            sys.excepthook(type(error), error, error.__traceback__)
            answer = {"is": "failed", "id": number, "reason": f"{type(error).__name__}: {error}"}
        try:
            write(lane, pack(answer, payload))
        finally:
            os._exit(0)

    def _reap(self) -> None:
        now = time.monotonic()
        for process, job in self._running.items():
            if now > job.until:
                os.kill(process, signal.SIGKILL)
        while self._running:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            if process not in self._running:  # started by a library while loading
                continue
            job = self._running.pop(process)
            code = os.waitstatus_to_exitcode(status)
            if code == 0:
                self._free.append(job.lane)
            elif now > job.until:
                self._report(job.number, job.lane, f"it took longer than {self._limit_s:g} s")
            else:
                self._report(job.number, job.lane, _ending(code))

    def _report(self, number: int, lane: int | None, reason: str) -> None:
        """A job without an answer. Its lane may hold half of one: it is used again when the
        parent has cleared it."""
        write(self._out, pack({"is": "died", "id": number, "lane": lane, "reason": reason}))

    def _end(self) -> None:
        for process in self._running:
            os.kill(process, signal.SIGKILL)
        for process in self._running:
            os.waitpid(process, 0)


def _ending(code: int) -> str:
    if code == -signal.SIGKILL:
        return "its process was killed by signal 9 (out of memory?)"
    if code < 0:
        return f"its process was killed by signal {-code}"
    return f"its process ended with exit code {code}"


def serve(setup: Callable[[Header], tuple[Header, Work]], arguments: list[str]) -> None:
    """The main function of such a process.

    Args:
        setup: gets the setup header of the parent, loads everything, and returns facts for
            the parent and the work. It must leave no thread behind: forks have only one.
        arguments: of the command line, without the program.
    """
    inward, outward, *lanes = map(int, arguments)
    for fd in (inward, outward, *lanes):
        os.set_inheritable(fd, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, by closing IN
    reader = Reader()
    frames: list[tuple[Header, bytearray]] = []
    while not frames:
        data = os.read(inward, _READ)
        if not data:
            return
        frames = reader.feed(data)
    header, _ = frames[0]
    try:
        facts, work = setup(header)
    except Exception as error:  # boundary: the parent must be told
        sys.excepthook(type(error), error, error.__traceback__)
        reason = str(error) if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"
        write(outward, pack({"is": "unloadable", "reason": reason}))
        return
    gc.collect()
    gc.freeze()  # a collection in a fork would touch, and so copy, every page of the heap
    write(outward, pack({**facts, "is": "ready"}))
    try:
        _Forks(inward, outward, lanes, work, header["limit_s"]).run()
    except BrokenPipeError:  # the parent went while we were reporting
        return
