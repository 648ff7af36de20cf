"""The routes of the pages: what every page loads, and the rooms of pages.

Each page of its own is a module with a ``router``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter
from fastapi.responses import Response

from service.desk import Desk
from service.pages import batch, bench, books, reviews, savings, sounds, voices
from service.pages.statics import statics
from service.pages.statics import version as current_version
from service.problems import Problem
from tasks.reviewing.bookcase import Bookcase

router = APIRouter(include_in_schema=False)
for _page in (bench, savings, batch, voices, books, reviews, sounds):
    router.include_router(_page.router)

_FOR_EVER = "public, max-age=31536000, immutable"  # an address holds the content's digest


@asynccontextmanager
async def open_room(desk: Desk) -> AsyncIterator[None]:
    """Puts the books of this machine on the desk."""
    roots = (*desk.settings.projects, desk.settings.data / "projects")
    desk.parts[Bookcase] = Bookcase(roots)
    yield


@router.get("/static/{version}/{name:path}", name="static")
async def static(version: str, name: str) -> Response:
    """One of the files that pages load; an old page may ask for it under an old version."""
    found, now = statics().get(name), current_version()
    if found is None:
        raise Problem(404, f"no file {name[:100]!r} is served here", code="not_found")
    return Response(
        found.content,
        media_type=found.kind,
        headers={
            "Cache-Control": _FOR_EVER if version == now else "no-cache",
            "X-Content-Type-Options": "nosniff",
        },
    )
