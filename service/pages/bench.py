"""The bench: a text, a voice and every setting, heard at once.

The page speaks by the same route as every client, ``POST /v1/audio/speech``; here are the page
itself and what only it asks: is this clip any good, which pronunciations hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from book.spoken.lexiconfile import read_lexicon
from castbook.errors import CastbookError
from service.desk import Desk, desk_of
from service.pages.benchdata import bench_html, bench_view
from service.pages.rendering import answer, render, words_for
from service.problems import problem_of
from service.security.guard import CallerOf
from service.voices.forms import read_form
from service.voices.owners import owner_of
from tasks.shelf.samples import read_bytes
from tasks.speech.words import lexicon_files

router = APIRouter()


@dataclass(frozen=True, slots=True)
class LexiconView:
    """The pronunciations as the next text gets them."""

    files: tuple[tuple[str, int], ...]  # (name, entries)
    error: str = ""  # a file that cannot be read: the last good state holds


def lexicon_view(desk: Desk) -> LexiconView:
    """Reads the files, which the studio does by itself when one has changed."""
    files = []
    try:
        for path in lexicon_files(desk.shelf):
            files.append((path.name, len(read_lexicon((path,), alphabets={}).entries)))
    except CastbookError as error:
        return LexiconView(tuple(files), problem_of(error).detail)
    return LexiconView(tuple(files))


@router.get("/", name="bench")
async def bench(request: Request, caller: CallerOf) -> HTMLResponse:
    """Where a visitor begins."""
    desk = desk_of(request)
    view = await run_sync(bench_view, desk, owner_of(caller))
    return answer(request, bench_html(words_for(request), view))


@router.get("/bench/lexicon", name="lexicon")
async def lexicon(request: Request, caller: CallerOf) -> HTMLResponse:
    """The pronunciations, read anew."""
    view = await run_sync(lexicon_view, desk_of(request))
    return answer(request, render("_lexicon.html", words_for(request), lexicon=view))


@router.post("/bench/clip", name="clip")
async def clip(request: Request, caller: CallerOf) -> HTMLResponse:
    """What is good and weak about a clip; nothing of it is kept."""
    desk = desk_of(request)
    told = await read_form(request, "audio_sample", desk.settings)
    sample = await run_sync(
        lambda: read_bytes(
            told.file,
            desk.shelf.folder,
            told.text("ref_text"),
            told.text("language") or "en",
            wordless=True,
        )
    )
    return answer(request, render("_clip.html", words_for(request), sample=sample))
