"""The doors of the app: shape, host, rate, key, in this order, before a body is read.

Pure ASGI, so that streams pass through unbuffered. Closed by default: a path that nobody
declared open (``guard.py``) needs a caller, whether its route asks for one or not.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import Problem, render
from service.security.guard import Guard, given_key
from service.security.origins import is_our_host
from service.security.rates import Grant, bucket_of
from service.security.shapes import check_shape

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), payment=(), usb=()",
}
PROBES = frozenset({"/healthz", "/readyz"})  # to the letter: what is not counted can be guessed


class Doors:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        grant: Grant | None = None

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if grant is not None and grant.limit:
                    headers["RateLimit-Limit"] = str(grant.limit)
                    headers["RateLimit-Remaining"] = str(grant.left)
                    headers["RateLimit-Reset"] = str(grant.reset_s)
            await send(message)

        try:
            check_shape(scope)
            self._check_host(scope)
            grant = self._admit(scope)
        except Problem as refused:
            await self._refuse(refused, scope, receive, dressed)
            return
        await self._app(scope, receive, dressed)

    def _check_host(self, scope: Scope) -> None:
        host = Headers(scope=scope).get("host", "")
        server = (scope.get("server") or ("", 0))[0]
        if not is_our_host(host, server, self._guard.settings.hosts):
            raise Problem(
                421,
                "this server does not answer to that name: CASTBOOK_HOSTS lists those of a proxy",
                code="unknown_host",
            )

    def _admit(self, scope: Scope) -> Grant | None:
        """The rate's grant for whoever asks.

        Raises:
            Problem: 401, 403 or 429.
        """
        guard, path = self._guard, scope["path"]
        address = bucket_of(guard.address(scope))
        found, refused = None, None
        try:
            found = guard.find(scope)
            if found is None and not guard.is_open(scope):
                guard.require(scope)
        except Problem as problem:
            refused = None if guard.is_open(scope) else problem
        if found is not None:  # for the log's line of this request
            scope.setdefault("state", {})["principal"] = found.principal
        counted = path not in PROBES and not path.startswith("/static/")
        known = found is not None and found.way != "local"
        name = f"principal {found.principal}" if found and known else f"address {address}"
        grant = guard.buckets.take(name) if counted else None
        if grant is not None and not grant.granted:
            raise Problem(
                429,
                f"more than {grant.limit} requests a minute",
                code="rate_limited",
                headers={
                    "Retry-After": str(grant.wait_s),
                    "RateLimit-Limit": str(grant.limit),
                    "RateLimit-Remaining": "0",
                    "RateLimit-Reset": str(grant.reset_s),
                },
            )
        if refused is not None:
            if refused.status == 401 and given_key(Headers(scope=scope)):
                guard.charge(scope)
            raise refused
        return grant

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": problem.code})
            return
        if problem.code == "missing_api_key" and self._is_visit(scope):
            target = quote(scope["path"], safe="/")
            await RedirectResponse(f"/login?next={target}", 303)(scope, receive, send)
            return
        await render(problem, scope["path"])(scope, receive, send)

    def _is_visit(self, scope: Scope) -> bool:
        """Whether a person's browser opens a page, rather than a program asking."""
        headers = Headers(scope=scope)
        wanted = headers.get("accept", "")
        return (
            scope["method"] == "GET"
            and "text/html" in wanted
            and not scope["path"].startswith(("/v1/", "/api/"))
        )
