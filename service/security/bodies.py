"""Bodies of requests: counted and timed while they arrive, never gathered first.

One byte more than allowed ends the request with 413, a body that trickles ends it with 408,
whatever the route had in mind to answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import Problem, render
from service.settings import MOST_BODY, MOST_UPLOAD

ENVELOPE = 64 * 1024  # bytes of a form around its file
MOST_CLIP_BODY = MOST_UPLOAD * 4 // 3 + MOST_BODY  # JSON with a clip in base64
SPARE_S = 30.0  # seconds any body may take
SLOWEST = 64 * 1024  # bytes a second beyond those
_UPLOADS = ("/v1/batches", "/webhook/")
# with ``data:`` URLs
_CLIPS = frozenset(
    {"/v1/audio/speech", "/audio/speech", "/v1/runs", "/api/synthesis", "/bench/save"}
)


def most_body(scope: Scope) -> int:
    """Bytes that the body of a request may have."""
    path = scope["path"]
    if path in _CLIPS:
        return MOST_CLIP_BODY
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    if path.startswith(_UPLOADS) or kind == "multipart/form-data":
        return MOST_UPLOAD + ENVELOPE
    return MOST_BODY


class BodyRefused(Exception):
    """Ends the reading of a body inside the app; ``Bodies`` answers in its stead."""


class Bodies:
    """ASGI middleware.

    Args:
        most: bytes a request may have.
        spare_s: seconds a body may take in any case.
    """

    def __init__(
        self,
        app: ASGIApp,
        most: Callable[[Scope], int] = most_body,
        spare_s: float = SPARE_S,
    ) -> None:
        self._app = app
        self._most = most
        self._spare_s = spare_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most(scope)
        refusal = _declared(scope, most)
        if refusal is not None:
            await render(refusal, scope["path"])(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        begun, received, whole, started = loop.time(), 0, False, False

        async def counted() -> Message:
            nonlocal received, whole, refusal
            if refusal is not None:
                raise BodyRefused
            if whole:
                return await receive()  # waits for the end of the connection, for ever if need be
            until = begun + self._spare_s + received / SLOWEST
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                refusal = _late()
                raise BodyRefused from None
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                whole = not message.get("more_body", False)
                if received > most:
                    refusal = _too_large(most)
                    raise BodyRefused
            return message

        async def answered(message: Message) -> None:
            nonlocal started
            if refusal is not None and not started:
                return  # what the route made of the interruption is not the reason
            started = True
            await send(message)

        try:
            await self._app(scope, counted, answered)
        except BodyRefused:
            if started:
                raise
        if refusal is not None and not started:
            await render(refusal, scope["path"])(scope, receive, send)


def _declared(scope: Scope, most: int) -> Problem | None:
    """The refusal of a body that says beforehand that it is too large."""
    length = Headers(scope=scope).get("content-length", "")
    if length and (not length.isascii() or not length.isdigit()):
        return Problem(400, "Content-Length is no number", code="bad_length")
    return _too_large(most) if length and int(length[:20]) > most else None


def _too_large(most: int) -> Problem:
    return Problem(
        413,
        f"the body is larger than {most} bytes",
        code="body_too_large",
        headers={"Connection": "close"},
    )


def _late() -> Problem:
    return Problem(
        408,
        "the body took too long to arrive",
        code="body_too_slow",
        headers={"Connection": "close"},
    )
