"""The way from an engine's process to its parent: answers, chunks, heartbeats.

Shared by all threads of the process; a parent that does not read any more is the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from castbook.errors import CastbookError
from tts import messages, wire
from tts.engine import Failure, Pcm, Speech

HEARTBEAT_S = 1.0


class Outbox:
    """The way to the parent, shared by all threads."""

    def __init__(self, fd: int, orphaned: Callable[[], object]) -> None:
        self._fd = fd
        self._orphaned = orphaned  # called when the parent does not read any more
        self._lock = threading.Lock()
        self._progressed = False  # since the last heartbeat
        self._started: set[str] = set()

    def send(self, buffers: list[wire.Buffer]) -> None:
        """Sends one frame."""
        with self._lock:
            try:
                wire.send(self._fd, buffers)
            except OSError:
                self._orphaned()

    def started(self, request_id: str) -> None:
        """Work on a request begins or goes on. May be called from any thread."""
        if request_id in self._started:
            self._progressed = True
            return
        self._started.add(request_id)
        self.send(wire.encode({"is": "started", "id": int(request_id)}))

    def forget(self, request_id: str) -> None:
        """A cancelled request."""
        self._started.discard(request_id)

    def result(self, request_id: str, result: Speech | Failure) -> None:
        """The answer to a request."""
        self._started.discard(request_id)
        if isinstance(result, Failure):
            return self.send(
                wire.encode(
                    {
                        "is": "failure",
                        "id": int(request_id),
                        "kind": result.kind,
                        "reason": result.reason,
                    }
                )
            )
        try:
            frame = messages.pack_speech(int(request_id), result)
        except (CastbookError, TypeError, ValueError, AttributeError) as error:
            return self.result(request_id, Failure("permanent", f"no usable answer: {error}"))
        return self.send(frame)

    def chunk(self, request_id: str, pcm: Pcm) -> None:
        """A piece of the audio of a request that is streamed.

        Raises:
            BrokenPromise: it is no 16-bit audio.
        """
        self.send(messages.pack_chunk(int(request_id), pcm))

    def beat(self, stop: threading.Event) -> None:
        """Heartbeats until ``stop``."""
        while not stop.wait(HEARTBEAT_S):
            progressed, self._progressed = self._progressed, False
            self.send(wire.encode({"is": "beat", "progress": progressed}))
