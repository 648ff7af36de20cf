"""The outermost layer of the app: trace, metrics and one log line for every request.

Pure ASGI, so that nothing is buffered. The trace comes from ``traceparent`` or
``X-Request-Id``, or is new; it is around all that the request does (``castbook.tracing``) and
in the headers of the answer. The log has the route's template, never a query or a text.
"""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from castbook.tracing import trace_of, traced
from service.observability.meters import Meters
from service.problems import problem_of, render

log = logging.getLogger("castbook.http")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HEX = re.compile(r"[0-9a-f]{32}")


class Watch:
    """Middleware that sees every request first and every answer last."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request or socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        trace = trace_of(headers.get("traceparent"), headers.get("x-request-id"))
        with traced(trace):
            if scope["type"] == "websocket":
                await self._app(scope, receive, send)
            else:
                await self._answer(scope, receive, send, trace)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, trace: str) -> None:
        begun = time.monotonic()
        answer = _Answer(send, trace)
        error: Exception | None = None
        try:
            await self._app(scope, receive, answer.send)
        except Exception as unforeseen:  # the last boundary: it is logged, whole, below
            error = unforeseen
            if not answer.status:
                problem = render(problem_of(unforeseen), scope["path"])
                await problem(scope, receive, answer.send)
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        # 499: the client left before there was an answer
        code = answer.status or 499
        seconds = time.monotonic() - begun
        self._meters.requests.labels(route, method, str(code)).inc()
        if not answer.events:
            self._meters.request_seconds.observe(seconds)
        log.log(
            logging.ERROR if error is not None else logging.INFO,
            "request",
            exc_info=error,
            extra={
                "principal": principal_of(scope),
                "method": method,
                "route": route,
                "status": code,
                "ms": round(seconds * 1000, 1),
                # its status said 200, and then its end never came
                "cut": answer.is_cut or None,
            },
        )
        if error is not None and not answer.whole:
            raise error  # half an answer is out: the server must cut the connection


class _Answer:
    """``send``, with the headers of the trace added and the status remembered."""

    def __init__(self, send: Send, trace: str) -> None:
        self._send = send
        self._trace = trace
        self.status = 0
        self.events = False
        self.whole = False

    @property
    def is_cut(self) -> bool:
        """Whether it began and never ended; streams of events are there to be left."""
        return self.status > 0 and not self.whole and not self.events

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._trace
            if _HEX.fullmatch(self._trace):
                headers["traceparent"] = f"00-{self._trace}-{secrets.token_hex(8)}-01"
            self.events = headers.get("content-type", "").startswith("text/event-stream")
        elif message["type"] == "http.response.body":
            self.whole = not message.get("more_body", False)
        await self._send(message)


def route_of(scope: Scope) -> str:
    """The template of the route that served a request, such as ``/v1/runs/{run_id}``.

    ``files`` for mounted folders, ``unmatched`` for what no route took: a scanner's paths
    must not become labels.
    """
    template = getattr(scope.get("route"), "path", None)
    if isinstance(template, str) and template:
        return template
    return "files" if "endpoint" in scope else "unmatched"


def principal_of(scope: Scope) -> str:
    """Who asked, as the security room noted it; "" for nobody known."""
    return str(scope.get("state", {}).get("principal", ""))
