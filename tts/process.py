"""One engine process as its parent sees it: pipes, process group, last words.

Knows frames and signals, and nothing of requests and retries (``tts/host.py``). Must be
made in a thread that outlives it: on Linux the kernel ends the child with that *thread*.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import castbook
from tts import wire

_ROOMS = ("castbook", "tts")  # all that a child imports of ours
_PIPE = 1 << 20  # bytes; Linux gives 64 KiB, less than half of a 3-s segment
_STDERR_KEPT = 8192  # bytes
_QUOTED_LINES = 4
_QUOTED_CHARACTERS = 600
_REAP_S = 10.0  # a killed process that is stuck in a driver may take long to vanish


class EngineProcess:
    """A running ``tts.child`` that has been told to load its engine.

    Raises (constructor): OSError: the interpreter cannot be started.
    """

    def __init__(self, engine: str, options: Mapping[str, Any], python: str | None) -> None:
        self.prepared: set[str] = set()  # digests of the voices it was given; under ``lock``
        self.lock = threading.Lock()  # writing, closing
        self.killed_because: str | None = None
        self.last_message: str | None = None  # why it is about to end, if it said so
        self._stderr = b""
        self._closed = False
        self._rooms: tempfile.TemporaryDirectory[str] | None = None
        load = wire.encode({"is": "load", "engine": engine, "options": dict(options)})
        their_in, self._in = os.pipe()
        their_life, self._life = os.pipe()  # never written to: its end is the message
        self._out, their_out = os.pipe()
        self._err, their_err = os.pipe()
        for fd in (self._in, self._out):
            _widen(fd)
        try:
            self._child = subprocess.Popen(
                [
                    python or sys.executable,
                    "-P",  # the current folder may hold a tts/ of someone else
                    "-m",
                    "tts.child",
                    str(their_in),
                    str(their_out),
                    str(their_life),
                    str(os.getpid()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=their_err,  # printing must not touch the frames
                stderr=their_err,
                pass_fds=(their_in, their_out, their_life),
                env=self._environment(python),
                start_new_session=True,
            )
        except BaseException:
            self._close()
            raise
        finally:
            for fd in (their_in, their_out, their_err, their_life):
                os.close(fd)
        self.pid = self._child.pid
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)
        self._poll.register(self._err, select.POLLIN)
        self._decoder = wire.Decoder()
        self.send(load)

    def send(self, buffers: list[wire.Buffer]) -> None:
        """Writes frames; a process that is gone is noticed by ``receive``, not here."""
        with self.lock:
            self.send_locked(buffers)

    def send_locked(self, buffers: list[wire.Buffer]) -> None:
        """``send`` for a caller that holds ``lock``."""
        if not self._closed:
            with contextlib.suppress(OSError):
                wire.send(self._in, buffers)

    def receive(self, seconds: float) -> list[wire.Frame]:
        """Frames that have arrived; none after ``seconds`` without any.

        Raises:
            EOFError: the process is gone.
            BrokenPromise: it wrote something else than frames.
        """
        events = self._poll.poll(seconds * 1000)
        frames: list[wire.Frame] = []
        for fd, _ in events:
            if fd == self._err:
                self._listen()
            else:
                frames = wire.receive(self._out, self._decoder)
        if not events and self._child.poll() is not None:
            raise EOFError  # a process it started still holds the pipe
        return frames

    def goodbye(self, seconds: float) -> None:
        """Asks the process to unload and end, if it listens within ``seconds``."""
        if not self.lock.acquire(timeout=seconds):
            return
        try:
            if not self._closed and select.select([], [self._in], [], seconds)[1]:
                with contextlib.suppress(OSError):
                    wire.send(self._in, wire.encode({"is": "bye"}))
        finally:
            self.lock.release()

    def kill(self, reason: str) -> bool:
        """SIGKILL for the whole group; False when it is not needed any more.

        Takes no lock: a thread that writes to a frozen process holds it, and is freed by this.
        """
        if self._child.returncode is not None or self.killed_because is not None:
            return False
        self.killed_because = reason
        self._kill_group()
        return True

    def finish(self) -> str:
        """Ends what is left of the group, reaps, closes; returns how it ended, as a sentence."""
        self._kill_group()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_REAP_S)
        with self.lock:
            while self._poll_err():
                self._listen()
            self._close()
        ending = self.killed_because or self.last_message or _ending(self._child.returncode)
        words = self._last_words()
        return f"{ending}; its last words: {words}" if words else ending

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for zombies
            os.killpg(self.pid, signal.SIGKILL)

    def _poll_err(self) -> bool:
        return bool(select.select([self._err], [], [], 0)[0]) if self._err >= 0 else False

    def _listen(self) -> None:
        data = os.read(self._err, 1 << 16)
        if not data:
            self._poll.unregister(self._err)
            os.close(self._err)
            self._err = -1
        self._stderr = (self._stderr + data)[-_STDERR_KEPT:]

    def _close(self) -> None:
        self._closed = True
        for fd in (self._in, self._out, self._err, self._life):
            if fd >= 0:
                os.close(fd)
        if self._rooms is not None:
            self._rooms.cleanup()

    def _last_words(self) -> str:
        text = self._stderr.decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return " / ".join(lines[-_QUOTED_LINES:])[-_QUOTED_CHARACTERS:]

    def _environment(self, python: str | None) -> dict[str, str]:
        """This environment, in which the child finds our packages, installed or not.

        Another interpreter gets nothing else of ours: packages built for this one would hide
        its own.
        """
        env = dict(os.environ)
        root = Path(castbook.__file__).resolve().parent.parent
        if python is None or python == sys.executable:
            path = [str(root), *filter(None, [env.get("PYTHONPATH")])]
        else:
            env.pop("PYTHONHOME", None)
            self._rooms = tempfile.TemporaryDirectory(prefix="castbook-rooms-")
            for room in _ROOMS:
                (Path(self._rooms.name) / room).symlink_to(root / room)
            path = [self._rooms.name]
        env["PYTHONPATH"] = os.pathsep.join(path)
        return env


def _ending(code: int | None) -> str:
    """How a process ended by itself."""
    if code is None:
        return "the engine process was killed and has not vanished yet"
    if code >= 0:
        return f"the engine process ended with exit code {code}"
    if -code == signal.SIGKILL:
        return "the engine process was killed by signal 9 (out of memory?)"
    with contextlib.suppress(ValueError):
        return f"the engine process was killed by signal {-code} ({signal.Signals(-code).name})"
    return f"the engine process was killed by signal {-code}"


def _widen(fd: int) -> None:
    """A larger pipe where the system has such a thing and the user's quota allows it."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, size, _PIPE)
