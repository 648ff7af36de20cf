"""A stream as its reader has it: chunks as they come, then the end or the failure.

A reader who is slow has at most ``WINDOW`` chunks waiting for it: the engine's process sends
no more until some are taken (``tts/streams.py``), and ends a stream that nobody listens to.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Generator

from tts.engine import EngineError, Failure, Pcm, Speech

WINDOW = 16  # chunks under way: 8 s of sound in chunks of half a second


class Chunks:
    """What has arrived of one stream. Filled by the host's keeper, read by one thread."""

    def __init__(self) -> None:
        self._arrived: queue.SimpleQueue[Pcm | Speech | Failure] = queue.SimpleQueue()

    def hear(self, pcm: Pcm) -> None:
        """A chunk has come."""
        self._arrived.put(pcm)

    def put(self, answer: tuple[str, Speech | Failure]) -> None:
        """The stream has ended; what it said is in the chunks."""
        self._arrived.put(answer[1])

    def read(self, taken: Callable[[], object]) -> Generator[Pcm, None, None]:
        """The chunks; ``taken`` is told of each when the reader comes for the next.

        Raises:
            EngineError: the stream failed, perhaps after some chunks.
        """
        while True:
            got = self._arrived.get()
            if isinstance(got, Failure):
                raise EngineError(got.reason, got.kind)
            if isinstance(got, Speech):
                return
            yield got
            taken()
