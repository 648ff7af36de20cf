"""The page of voices: people's, with the ground on which they may be used, and presets.

Uploads, moods, consents and deletions go to the API's own routes (``service/voices/``); here are
the page, and the clips of one's own uploads to listen to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse

from service.desk import Desk, desk_of
from service.pages.benchdata import VoiceGroup, cloning_engine, voice_groups
from service.pages.rendering import answer, render, wants_fragment, words_for
from service.pages.tongues import TONGUES, sentence
from service.problems import Problem
from service.security.guard import CallerOf
from service.voices.owners import owner_of
from tasks.shelf.catalogue import ShelfVoice
from tasks.shelf.consents import BASES, Consent

router = APIRouter()


@dataclass(frozen=True, slots=True)
class OwnVoice:
    """A voice of the library, and whether this visitor may change it."""

    voice: ShelfVoice
    theirs: bool
    said: str  # to hear it by


@dataclass(frozen=True, slots=True)
class VoicesView:
    """All that the page says."""

    own: tuple[OwnVoice, ...]
    presets: tuple[tuple[VoiceGroup, str], ...]  # with what is said in that language
    consents: tuple[Consent, ...]  # of this visitor
    engine: str
    no_cloning: str  # why no engine here clones


def voices_view(desk: Desk, owner: str) -> VoicesView:
    """The page's data; reads the library."""
    groups = voice_groups(desk.shelf.voices(owner))
    people = [voice for group in groups if not group.name for voice in group.voices]
    return VoicesView(
        tuple(
            OwnVoice(voice, voice.uploaded and voice.owner == owner, sentence(voice.languages))
            for voice in people
        ),
        tuple((group, sentence(group.voices[0].languages)) for group in groups if group.name),
        desk.shelf.consents.all(owner),
        desk.shelf.engine,
        cloning_engine(desk)[1],
    )


@router.get("/voices", name="voices")
async def voices(request: Request, caller: CallerOf) -> HTMLResponse:
    """The page; for htmx the list of people's voices."""
    view = await run_sync(voices_view, desk_of(request), owner_of(caller))
    words = words_for(request)
    if wants_fragment(request):
        return answer(request, render("_voices.html", words, view=view))
    tongues, home = tuple(TONGUES.items()), TONGUES[words.language]
    html = render(
        "voices.html", words, tab="voices", view=view, bases=BASES, tongues=tongues, home=home
    )
    return answer(request, html)


@router.get("/voices/{voice}/clips/{style}", name="voice_clip")
async def clip(request: Request, caller: CallerOf, voice: str, style: str) -> FileResponse:
    """The clip of a mood, for whoever uploaded it."""
    path = await run_sync(_clip, desk_of(request), owner_of(caller), voice, style)
    headers = {"Cache-Control": "private, no-cache"}
    return FileResponse(path, media_type="audio/flac", headers=headers)


def _clip(desk: Desk, owner: str, name: str, style: str) -> Path:
    theirs = {v.id for v in desk.shelf.voices(owner) if v.uploaded and v.owner == owner}
    written = desk.shelf.library.read().voices.get(name) if name in theirs else None
    said = (written.styles or {}).get(style) if written is not None else None
    if said is not None:
        path = (desk.shelf.folder / said.reference).resolve()
        if path.is_relative_to(desk.shelf.folder.resolve()) and path.is_file():
            return path
    raise Problem(404, "there is no such clip", code="unknown_voice")
