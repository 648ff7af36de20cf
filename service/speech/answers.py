"""Sound as an answer: bytes, events, or all at once.

Errors that come after the first byte cannot be told with a status any more: bytes are cut
short without their end, so that the client knows; events end with one of type ``error``.
"""

from __future__ import annotations

import base64
import json
import logging
import tempfile
import threading
from collections.abc import AsyncIterator, Mapping

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from audio.streaming.encoders import wav_header
from castbook.errors import CastbookError, Unavailable
from service.problems import problem_of
from service.speech.readahead import ReadAhead
from service.speech.sounding import Sound

# A client that takes nothing for so long has gone. One that is so far behind half the pace of
# speech would hold its slot for hours: no player is that slow.
SEND_S = 60.0
_SPOOL = 8 * 1024 * 1024  # bytes of a whole answer in memory; more go to a file
_BLOCK = 256 * 1024

log = logging.getLogger("castbook.service.speech")


class SoundResponse(Response):
    """Bytes of sound as they come.

    Args:
        sound: opened; closed here as soon as all of it is made, or the client has gone.
    """

    def __init__(self, sound: Sound, media_type: str, headers: Mapping[str, str]) -> None:
        self.sound = sound
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self._whole = False  # whether all that was made is all there should be
        self.init_headers({**headers, "X-Accel-Buffering": "no", "Cache-Control": "no-store"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ahead = ReadAhead()
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_watch, receive, group.cancel_scope)
                group.start_soon(self._make, ahead)
                await self._send(send, ahead)
                group.cancel_scope.cancel()
        finally:
            await self.sound.close()

    async def _make(self, ahead: ReadAhead) -> None:
        begun = anyio.current_time()
        try:
            async for piece in self.pieces():
                late = begun + SEND_S + 2 * self.sound.seconds
                with anyio.fail_after(max(0.0, late - anyio.current_time())):
                    await ahead.put(piece)
            self._whole = True
        except CastbookError as error:
            log.warning("speech was cut after %.2f s: %s", self.sound.seconds, error)
        except TimeoutError:
            log.warning("speech was cut: its client takes it slower than half its pace")
        finally:
            ahead.end()
            await self.sound.close()

    async def _send(self, send: Send, ahead: ReadAhead) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            while (piece := await ahead.take()) is not None:
                with anyio.fail_after(SEND_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except TimeoutError:
            log.warning("speech was cut: its client took nothing for %.0f s", SEND_S)
            return
        if self._whole:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        # else without an end: the server closes the connection, and the client sees it is cut

    async def pieces(self) -> AsyncIterator[bytes]:
        """What is sent."""
        while (piece := await self.sound.next()) is not None:
            if piece:
                yield piece


class EventResponse(SoundResponse):
    """OpenAI's events: ``speech.audio.delta`` with base64, at the end ``speech.audio.done``.

    Usage counts what is known here: characters of the input, and tenths of seconds spoken.
    """

    def __init__(self, sound: Sound, characters: int, headers: Mapping[str, str]) -> None:
        super().__init__(sound, "text/event-stream", headers)
        self.characters = characters

    async def pieces(self) -> AsyncIterator[bytes]:
        """One event for each piece of sound."""
        try:
            async for piece in super().pieces():
                audio = base64.b64encode(piece).decode("ascii")
                yield _event({"type": "speech.audio.delta", "audio": audio})
        except CastbookError as error:
            log.warning("speech was cut after %.2f s: %s", self.sound.seconds, error)
            problem = problem_of(error)
            said = {"message": problem.detail, "code": problem.code, "type": "server_error"}
            yield _event({"type": "error", "error": said})
            return
        spoken = round(self.sound.seconds * 10)
        usage = {
            "input_tokens": self.characters,
            "output_tokens": spoken,
            "total_tokens": self.characters + spoken,
        }
        yield _event({"type": "speech.audio.done", "usage": usage})


class WholeResponse(Response):
    """All of a sound with its length, read from a file in memory or on disk."""

    def __init__(
        self,
        whole: tempfile.SpooledTemporaryFile[bytes],
        size: int,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        self.whole = whole
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.init_headers({**headers, "Content-Length": str(size), "Cache-Control": "no-store"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.whole:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while block := self.whole.read(_BLOCK):  # from memory, or from the page cache
                with anyio.fail_after(SEND_S):
                    await send({"type": "http.response.body", "body": block, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def gather(
    sound: Sound, gone: threading.Event
) -> tuple[tempfile.SpooledTemporaryFile[bytes], int]:
    """All bytes of a sound, and how many; closes it. A WAV then knows its length.

    Args:
        gone: set when nobody waits for it any more.

    Raises:
        CastbookError: the engine failed, or nobody waits.
    """
    whole = tempfile.SpooledTemporaryFile(_SPOOL)  # noqa: SIM115 - handed on, closed by the answer
    try:
        while (piece := await sound.next()) is not None:
            whole.write(piece)
            if gone.is_set():
                raise Unavailable("its client hung up")
    except BaseException:
        whole.close()
        raise
    finally:
        await sound.close()
    size = whole.tell()
    whole.seek(0)
    if sound.form == "wav":
        whole.write(wav_header(sound.rate, size - len(wav_header(sound.rate))))
        whole.seek(0)
    return whole, size


async def _watch(receive: Receive, scope: anyio.CancelScope) -> None:
    """Ends ``scope`` when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _event(data: Mapping[str, object]) -> bytes:
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"
