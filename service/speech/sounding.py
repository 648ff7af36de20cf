"""A reading on its way to a client: the first sound is pulled before anything is answered.

The engine's chunks are pulled in threads, one at a time; what is not sent yet is bounded
(``service/speech/readahead.py``). When the client goes, the synthesis is closed within the chunk
it is working on, and its slot is free.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

import anyio
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.types import Receive

from audio.streaming.encoders import encode
from castbook.errors import CastbookError, TransientFailure, Unavailable
from service.gate import unwanted
from tts.engine import Pcm

MOST_AT_ONCE = 64  # readings that speak or wait for a slot; each may hold a thread
RETRY_S = 5
T = TypeVar("T")


class Stage:
    """Where readings are spoken. One per app, in ``desk.parts``.

    Its threads are for readings alone, one for each at most: else those that wait for a slot
    would take the threads of the one that speaks, and it would never end.
    """

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._threads = CapacityLimiter(most)
        self.present = 0  # readings that were opened and not yet closed

    async def run(self, work: Callable[[], T]) -> T:
        """``work`` of a reading that is present, in a thread of the stage."""
        return await run_sync(work, limiter=self._threads)

    async def open(self, chunks: Iterator[Pcm], rate: int, form: str) -> Sound:
        """Waits for a slot and for the first sound.

        Args:
            chunks: of ``Studio.stream``; closed by the sound.
            rate: Hz of the chunks.
            form: a name of ``audio.streaming.forms.FORMS``.

        Raises:
            Unavailable: too many wait already, or waited too long.
            CastbookError: the engine's word, before a byte was sent.
        """
        if self.present >= self._most:
            raise Unavailable(f"{self._most} readings speak or wait already", RETRY_S)
        self.present += 1
        sound = Sound(self, chunks, rate, form)
        try:
            await self.run(sound.begin)
        except BaseException:
            await sound.close()
            raise
        return sound


@contextlib.asynccontextmanager
async def noticing(receive: Receive) -> AsyncIterator[threading.Event]:
    """Inside, a client that hangs up makes its reading unwanted (``service/gate.py``): the
    event is set."""
    gone = threading.Event()

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    token = unwanted.set(gone)
    watcher = asyncio.create_task(watch(), name="is the client there?")
    try:
        yield gone
    finally:
        unwanted.reset(token)
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)


class Sound:
    """The bytes of one reading. ``frames`` counts what was spoken so far, at ``rate`` Hz."""

    def __init__(self, stage: Stage, chunks: Iterator[Pcm], rate: int, form: str) -> None:
        self.rate = rate
        self.form = form
        self.frames = 0
        self._stage = stage
        self._chunks = chunks
        self._pieces: Iterator[bytes] = iter(())
        self._first: bytes | None = None
        self._closed = False

    @property
    def seconds(self) -> float:
        """Of sound, so far."""
        return self.frames / self.rate

    def begin(self) -> None:
        """Pulls the first chunk and its first bytes. In a thread.

        Raises:
            CastbookError: there is no first chunk.
        """
        first = next(self._chunks, None)
        if first is None:
            raise TransientFailure("the engine gave no sound")
        self._pieces = encode(self._heard(first), self.rate, self.form)
        self._first = next(self._pieces, b"")

    def _heard(self, first: Pcm) -> Iterator[Pcm]:
        for chunk in itertools.chain((first,), self._chunks):
            self.frames += len(chunk)
            yield chunk

    async def next(self) -> bytes | None:
        """Some more bytes; None at the end.

        Raises:
            CastbookError: the engine failed on the way.
        """
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return await self._stage.run(lambda: next(self._pieces, None))

    async def close(self) -> None:
        """Ends the synthesis, if it still goes on; frees its slot."""
        if self._closed:
            return
        self._closed = True
        try:
            with anyio.CancelScope(shield=True):
                await self._stage.run(self._end)
        finally:
            self._stage.present -= 1

    def _end(self) -> None:
        for stream in (self._pieces, self._chunks):
            close = getattr(stream, "close", None)
            if close is not None:
                with contextlib.suppress(CastbookError):  # that it failed was said, or is no matter
                    close()
