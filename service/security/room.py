"""Logging in and out of the pages, and the middleware of the whole app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from typing import Annotated
from urllib.parse import unquote

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from service.desk import Desk, desk_of
from service.pages.statics import address
from service.problems import Problem
from service.security.bodies import Bodies
from service.security.doors import Doors
from service.security.guard import cookie_of, guard_of
from service.security.origins import is_foreign
from service.security.sessions import COOKIE, LIFETIME_S

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>castbook</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="{style}"></head>
<body><main><h1>castbook</h1>
<form method="post" action="/login">
<p role="alert">{note}</p>
<p><label for="key">{label}</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus></p>
<input type="hidden" name="next" value="{next}">
<p><button>{button}</button></p></form>{leave}</main></body></html>
"""
_LEAVE = """<form method="post" action="/logout"><p>{owner} <button>{out}</button></p></form>"""
_WORDS = {
    "en": {
        "label": "API key",
        "button": "Log in",
        "wrong": "This key is not one of ours.",
        "out": "Log out",
    },
    "zh": {"label": "API 密钥", "button": "登录", "wrong": "密钥不正确。", "out": "退出"},
}


def add_middleware(app: FastAPI, desk: Desk) -> None:
    """The doors outside, the count of bodies within: who is refused sends no body."""
    app.add_middleware(Bodies)
    app.add_middleware(Doors, guard=guard_of(desk))


@asynccontextmanager
async def open_room(desk: Desk) -> AsyncIterator[None]:
    """Has the secret of the sessions at hand, where somebody can log in."""
    guard = guard_of(desk)
    if guard.keys:
        await run_sync(guard.sessions.load)
    yield


@router.get("/login")
async def login_page(request: Request, next: str = "/") -> HTMLResponse:
    """A form for a key."""
    return _page(request, local_path(next))


@router.post("/login")
async def login(
    request: Request,
    key: Annotated[str, Form(max_length=500)],
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """A key for a cookie."""
    guard = guard_of(desk_of(request))
    if is_foreign(dict(request.headers)):
        raise Problem(403, "a page of another site asks this", code="foreign_origin")
    owner = guard.keys.owner(key.strip())
    if owner is None:
        guard.charge(request.scope)
        return _page(request, local_path(next), wrong=True)
    answer = RedirectResponse(local_path(next), 303)
    answer.set_cookie(
        COOKIE,
        guard.sessions.open(owner),
        max_age=LIFETIME_S,
        httponly=True,
        samesite="lax",
        secure=guard.is_https(request.scope),
    )
    return answer


@router.post("/logout")
async def logout(request: Request) -> Response:
    """Ends the session."""
    guard = guard_of(desk_of(request))
    if is_foreign(dict(request.headers)):
        raise Problem(403, "a page of another site asks this", code="foreign_origin")
    guard.sessions.end(cookie_of(request.headers))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


def local_path(written: str) -> str:
    """A path of this server, whatever was asked for: ``//evil.example`` is another server."""
    path = unquote(written)
    plain = path.startswith("/") and not path.startswith(("//", "/\\", "/login"))
    return path if plain and path.isprintable() and path.isascii() and "\\" not in path else "/"


def _page(request: Request, target: str, *, wrong: bool = False) -> HTMLResponse:
    lang = "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"
    words = _WORDS[lang]
    owner = guard_of(desk_of(request)).sessions.owner(cookie_of(request.headers))
    page = _PAGE.format(
        lang=lang,
        style=address("style.css"),
        leave=_LEAVE.format(owner=escape(owner), out=words["out"]) if owner else "",
        note=words["wrong"] if wrong else "",
        label=words["label"],
        button=words["button"],
        next=escape(target, quote=True),
    )
    return HTMLResponse(page, 401 if wrong else 200, headers={"Cache-Control": "no-store"})
