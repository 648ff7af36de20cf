"""A stream as its reader has it: chunks as they come, then the end or the failure.

It is begun at once and must be read to its end or closed.

A reader who is slow has at most ``WINDOW`` chunks waiting for it: the engine's process sends
no more until some are taken (``tts/streams.py``), and ends a stream that nobody listens to.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

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

    def read(self, taken: Callable[[], object]) -> Iterator[Pcm]:
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


class OpenStream(Iterator[Pcm]):
    """The audio of one request, int16 (n,), chunk by chunk; a context manager that closes it.

    Args:
        chunks: as they come.
        end: called once, when it ends or is closed; ends what is still to come.

    Raises (by ``next``):
        EngineError: the request failed, perhaps after some chunks; "cancelled" where another
            thread closed it.
    """

    def __init__(self, chunks: Iterator[Pcm], end: Callable[[], object]) -> None:
        self._chunks = chunks
        self._end: Callable[[], object] | None = end

    def __next__(self) -> Pcm:
        try:
            return next(self._chunks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the request within a chunk, unless it is done."""
        end, self._end = self._end, None
        if end is not None:
            end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
