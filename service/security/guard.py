"""Who asks: every route learns it here, and a route that forgets to ask is closed all the same.

``caller`` is for the API and the pages, ``webhook_caller`` for webhooks, ``public_list`` for
the lists of voices and models, which some clients read without their key. The middleware
(``service/security/doors.py``) asks the same guard before a body is read.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.exceptions import WebSocketException
from starlette.requests import HTTPConnection
from starlette.types import Scope

from castbook.errors import InputError
from service.desk import Desk, desk_of
from service.problems import Problem
from service.security.addresses import (
    Address,
    address_of,
    client_address,
    is_loopback,
    networks,
    within,
)
from service.security.keys import KeyRing
from service.security.origins import SAFE_METHODS, is_foreign, tells_origin
from service.security.postings import Posting, Ways
from service.security.rates import WRONG_KEY_COST, Buckets, bucket_of
from service.security.sessions import COOKIE, Sessions
from service.settings import ServiceSettings

_SUBJECT = re.compile(r"[A-Za-z0-9_.@-]{1,100}")
_OURS = frozenset({"local", "public", "webhook"})  # principals without a key
API = frozenset({"api"})
WEBHOOK = frozenset({"webhook"})
LISTS = frozenset({"lists"})

# Paths that need no key: they have a rule of their own, or nothing to hide.
OPEN_PATHS = frozenset(
    {"/login", "/logout", "/healthz", "/readyz", "/metrics", "/favicon.ico", "/robots.txt"}
)
OPEN_FOLDERS = ("/static/", "/webhook/")  # pages' style and scripts; webhooks ask their own way
PUBLIC_LISTS = frozenset(
    {"/v1/audio/voices", "/v1/audio/models", "/v1/models", "/audio/voices", "/audio/models"}
    | {"/models"}
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    principal: str  # whose orders these are: the key's name, "local", "webhook", "public"
    scopes: frozenset[str]  # api, webhook or lists
    way: str  # key, session, local, signature, jwt, token, address, public


LOCAL = Caller("local", API, "local")
PUBLIC = Caller("public", LISTS, "public")


class Guard:
    """The rules of one app.

    Raises:
        InputError: a key, secret or address of the settings cannot be one.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        _check_names(settings.api_keys)
        self.keys = KeyRing(settings.api_keys, "CASTBOOK_API_KEYS")
        self.ways = Ways(settings)
        self.sessions = Sessions(settings.data, self.keys)
        self.buckets = Buckets(settings.rate)
        self.proxies = networks(settings.trusted_proxies, "CASTBOOK_TRUSTED_PROXIES")

    def address(self, scope: Scope) -> Address | None:
        """Where a request comes from."""
        peer = (scope.get("client") or ("", 0))[0]
        forwarded = Headers(scope=scope).getlist("x-forwarded-for")
        return client_address(peer, forwarded, self.proxies)

    def charge(self, scope: Scope) -> None:
        """Makes a wrong secret dear to the address it came from; the request itself cost one."""
        self.buckets.spill(f"address {bucket_of(self.address(scope))}", WRONG_KEY_COST - 1)

    def is_https(self, scope: Scope) -> bool:
        """Whether the browser speaks TLS, to us or to a trusted proxy."""
        peer = (scope.get("client") or ("", 0))[0]
        behind = within(address_of(peer), self.proxies)
        told = Headers(scope=scope).get("x-forwarded-proto", "") if behind else ""
        return scope.get("scheme") in ("https", "wss") or told == "https"

    def find(self, scope: Scope) -> Caller | None:
        """Who asks for something of the API; None: nobody we know.

        Raises:
            Problem: 401 for a key that is wrong, 403 for a foreign page behind a browser.
        """
        headers = Headers(scope=scope)
        if not self.keys:
            if not is_loopback(self.settings.host):
                return None
            self._refuse_foreign(scope, headers, needs_origin=False)
            return LOCAL
        given = given_key(headers)
        if given:
            owner = self.keys.owner(given)
            if owner is None:
                raise Problem(
                    401,
                    "this API key is not one of ours",
                    code="invalid_api_key",
                    headers={"WWW-Authenticate": "Bearer"},
                )
            return Caller(owner, API, "key")
        owner = self.sessions.owner(cookie_of(headers))
        if owner is None:
            return None
        self._refuse_foreign(scope, headers, needs_origin=True)
        return Caller(owner, API, "session")

    def require(self, scope: Scope) -> Caller:
        """Who asks for something of the API.

        Raises:
            Problem: 401 or 403.
        """
        found = self.find(scope)
        if found is None:
            raise Problem(
                401,
                "an API key is needed, in Authorization: Bearer or X-API-Key",
                code="missing_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return found

    def is_open(self, scope: Scope) -> bool:
        """Whether a path has a rule of its own."""
        path = scope["path"]
        public = self.settings.public_voices and path in PUBLIC_LISTS
        return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS) or public

    async def post(self, request: Request) -> Caller:
        """Who posts to a webhook: the configured ways, or an API caller where there are none.

        Raises:
            Problem: 401 or 403.
        """
        if not self.ways:
            return self.require(request.scope)
        body = await request.body()
        # a header that comes twice is none: which of the two would count?
        headers = {name: request.headers[name] for name in set(request.headers.keys())}
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature", "x-webhook-token"):
            if len(request.headers.getlist(name)) > 1:
                del headers[name]
        posting = Posting(headers, body, self.address(request.scope), time.time())
        try:
            done = self.ways.admit(posting)
        except Problem as refused:
            if refused.code.startswith("bad_"):  # a wrong secret, and not merely none
                self.charge(request.scope)
            raise
        subject = done.subject if _SUBJECT.fullmatch(done.subject) else ""
        principal = f"webhook:{subject}" if subject else "webhook"
        request.state.principal = principal  # for the log's line of this request
        return Caller(principal, WEBHOOK, done.way)

    def _refuse_foreign(self, scope: Scope, headers: Headers, *, needs_origin: bool) -> None:
        socket = scope["type"] == "websocket"
        if not socket and scope["method"] in SAFE_METHODS:
            return
        plain = dict(headers)
        if is_foreign(plain) or (needs_origin and not tells_origin(plain)):
            raise Problem(403, "a page of another site asks this", code="foreign_origin")


def _check_names(names: Iterable[str]) -> None:
    """A name is whom orders, rates and voices belong to: it must not be taken for ours."""
    for name in names:
        if name in _OURS or not _SUBJECT.fullmatch(name):
            raise InputError(
                f"{name[:100]!r} cannot be the name of a key",
                place="CASTBOOK_API_KEYS",
                expected=f"letters, digits and _ . @ -, and none of {', '.join(sorted(_OURS))}",
            )


def given_key(headers: Headers) -> str:
    """The key in ``Authorization: Bearer`` or ``X-API-Key``; "" for none, or an empty one."""
    kind, _, key = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and key.strip():
        return key.strip()
    return headers.get("x-api-key", "").strip()


def cookie_of(headers: Headers) -> str:
    """The session's cookie; "" for none."""
    try:
        found: Any = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def guard_of(desk: Desk) -> Guard:
    """The guard of an app, made when first asked for."""
    found = desk.parts.get(Guard)
    if not isinstance(found, Guard):
        found = desk.parts[Guard] = Guard(desk.settings)
    return found


async def caller(connection: HTTPConnection) -> Caller:
    """Dependency of API routes, pages and sockets: who asks.

    Raises:
        Problem: 401 or 403; a socket is closed with 1008 instead.
    """
    try:
        return guard_of(desk_of(connection)).require(connection.scope)
    except Problem as refused:
        if connection.scope["type"] == "websocket":
            raise WebSocketException(1008, refused.detail) from refused
        raise


async def webhook_caller(request: Request) -> Caller:
    """Dependency of webhooks: who posts. Reads the body, which ``request.body()`` then has.

    Raises:
        Problem: 401 or 403.
    """
    return await guard_of(desk_of(request)).post(request)


async def public_list(connection: HTTPConnection) -> Caller:
    """Dependency of the lists of voices and models: open where ``public_voices`` says so.

    Raises:
        Problem: 401 or 403.
    """
    guard = guard_of(desk_of(connection))
    if not guard.settings.public_voices:
        return guard.require(connection.scope)
    try:
        return guard.find(connection.scope) or PUBLIC
    except Problem:  # a wrong key is no worse than none
        return PUBLIC


CallerOf = Annotated[Caller, Depends(caller)]
WebhookCaller = Annotated[Caller, Depends(webhook_caller)]
ListCaller = Annotated[Caller, Depends(public_list)]
