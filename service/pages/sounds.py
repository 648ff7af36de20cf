"""What a browser plays: takes, their outlines, finished chapters. Only what a build holds."""

from __future__ import annotations

import re
from pathlib import Path

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from service.pages.books import open_book
from service.pages.chapterdata import chapter_of
from service.problems import Problem
from tasks.assemble import chapter_stem
from tasks.reviewing.bookcase import OpenBook
from tasks.reviewing.peaks import take_peaks
from tasks.takes import TakeStore

router = APIRouter()

_KEY = re.compile(r"[0-9a-f]{64}")
_KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}  # a key is one sound for ever


@router.get("/books/{slug}/takes/{key}.flac", name="take")
async def take(request: Request, slug: str, key: str) -> FileResponse:
    """A take."""
    book = await run_sync(open_book, request, slug)
    path = await run_sync(_take, book, key)
    return FileResponse(path, media_type="audio/flac", headers=_KEPT)


@router.get("/books/{slug}/takes/{key}.json", name="peaks")
async def outline(request: Request, slug: str, key: str) -> Response:
    """The outline of a take: its length in seconds and about 600 numbers."""
    book = await run_sync(open_book, request, slug)
    path = await run_sync(_take, book, key)
    content = await run_sync(take_peaks, path)
    return Response(content, media_type="application/json", headers=_KEPT)


@router.get("/books/{slug}/chapters/{number}/audio", name="master")
async def master(request: Request, slug: str, number: int) -> FileResponse:
    """A finished chapter, mastered."""
    book = await run_sync(open_book, request, slug)
    path = await run_sync(_master, book, number)
    return FileResponse(
        path, media_type="audio/flac", filename=path.name, content_disposition_type="inline"
    )


def _take(book: OpenBook, key: str) -> Path:
    if _KEY.fullmatch(key):
        path = TakeStore(book.plan().build.takes).audio_path(key)
        if path.is_file():
            return path
    raise Problem(404, "the book has no such take", code="unknown_take")


def _master(book: OpenBook, number: int) -> Path:
    plan = book.plan()
    chapter = chapter_of(plan, number)
    path = plan.build.chapters / f"{chapter_stem(number, chapter.title)}.flac"
    if not path.is_file():
        raise Problem(404, f"chapter {number} is not finished", code="not_finished")
    return path
