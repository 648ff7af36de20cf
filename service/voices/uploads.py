"""``/v1/audio/voices``: a clip of somebody's speech becomes a voice, as OpenAI has it.

Ours beside OpenAI's fields: the words of the clip, which cloning engines need; a mood; an
engine; a declared basis in the place of a consent's id.
"""

from __future__ import annotations

import hashlib
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request

from book.languagetags import language_mistake
from castbook.errors import ConsentError
from service.desk import Desk, desk_of
from service.problems import Problem
from service.security.guard import Caller, CallerOf
from service.voices.answers import deleted, form, refusals, voice_answer
from service.voices.forms import Form, read_form
from service.voices.owners import owner_of
from tasks.shelf.catalogue import ShelfVoice
from tasks.shelf.consents import BASES, Consent, check_terms
from tasks.shelf.intake import Upload, add_style, add_voice, check_names, remove_voice
from tasks.shelf.recogniser import a_recogniser
from tasks.shelf.samples import Sample, read_bytes

router = APIRouter(tags=["voices"])
_TRANSCRIPT = "Every word of the clip and no other; heard, if a recogniser is installed."


@router.post(
    "/v1/audio/voices",
    operation_id="createVoice",
    summary="Upload a clip of 3 to 10 s as a voice",
    responses=refusals(413, 415, 422),
    openapi_extra=form(
        "audio_sample",
        ("name", "consent", "audio_sample"),
        name="For people; one voice of yours has it.",
        consent=f"Id of a consent; or, if you declare it, one of {', '.join(BASES)}.",
        transcript=_TRANSCRIPT,
        language="BCP 47, of the clip.",
        style="The mood of the clip, if the voice shall have several.",
        engine="That clones it; the library's if absent.",
        rights_holder="Of a declared licence.",
        description="For people.",
        shared="true: everybody here may speak with it.",
        type="audio_sample",
    ),
)
async def create_voice(request: Request, caller: CallerOf) -> dict[str, Any]:
    """Checks a clip and its words, converts it to mono FLAC and puts it on the shelf.

    The same upload again answers with the same voice. ``advice`` says what is weak about it,
    ``report`` what was measured.
    """
    desk = desk_of(request)
    told = await read_form(request, "audio_sample", desk.settings)
    voice, sample = await run_sync(lambda: _create(desk, told, caller))
    return voice_answer(voice, sample)


def _create(desk: Desk, told: Form, caller: Caller) -> tuple[ShelfVoice, Sample]:
    if told.text("type") not in ("", "audio_sample"):
        raise Problem(422, "type: voices are made of audio samples only", param="type")
    name, owner = told.needed("name"), owner_of(caller)
    check_names(name, told.text("style"), told.text("transcript"))
    consent_id, consent = _consent(desk, told, owner)
    shelf = desk.shelf
    engine = shelf.cloning_engine(told.text("engine"))
    language = _language(told) or (consent_id.language if consent_id else "")
    sample = _sample(desk, told, language)
    card, _ = add_voice(
        shelf.library,
        Upload(
            name=name,
            sample=sample,
            engine=engine,
            consent=consent,
            consent_id=consent_id.id if consent_id else "",
            style=told.text("style"),
            language=language,
            description=told.text("description")[:2000],
            owner=owner,
            shared=told.text("shared") == "true",
        ),
    )
    return shelf.find(card.id), sample


def _consent(desk: Desk, told: Form, owner: str) -> tuple[Consent | None, dict[str, str]]:
    """The consent, if one is named, and what the library keeps of it."""
    said = told.text("consent")
    if not said:
        raise Problem(
            422,
            "consent: is missing; expected the id of a consent, or one of " + ", ".join(BASES),
            code="consent_required",
            param="consent",
        )
    if said in BASES:
        holder = told.text("rights_holder")
        check_terms(said, holder, "")
        return None, {"basis": said, **({"holder": holder} if holder else {})}
    found = desk.shelf.consents.get(said, owner)
    if found is None:
        raise Problem(
            403, "consent: there is no such consent", code="consent_required", param="consent"
        )
    record = f"consents/{found.id}.yaml"
    desk.shelf.consents.check(record)
    if found.sample_sha256 and found.sample_sha256 != hashlib.sha256(told.file).hexdigest():
        raise ConsentError(
            "this consent is for another file", place="consent", expected="the file it names"
        )
    return found, {"basis": found.basis, "holder": found.rights_holder, "record": record}


def _language(told: Form) -> str:
    language = told.text("language")
    wrong = language_mistake(language, ("language",)) if language else None
    if wrong:
        raise Problem(422, f"language: {wrong.message}", code="invalid", param="language")
    return language


def _sample(desk: Desk, told: Form, language: str) -> Sample:
    with a_recogniser(wanted=not told.text("transcript")) as recogniser:
        return read_bytes(
            told.file, desk.shelf.folder, told.text("transcript"), language or "en", recogniser
        )


@router.post(
    "/v1/audio/voices/{voice_id}/styles",
    operation_id="createVoiceStyle",
    summary="Give a voice one more mood",
    responses=refusals(404, 413, 415, 422),
    openapi_extra=form(
        "audio_sample",
        ("style", "audio_sample"),
        style="A word for the mood, such as alarm.",
        transcript=_TRANSCRIPT,
        language="BCP 47, of the clip.",
    ),
)
async def create_style(request: Request, caller: CallerOf, voice_id: str) -> dict[str, Any]:
    """The same person in another mood, under the consent that the voice has."""
    desk = desk_of(request)
    told = await read_form(request, "audio_sample", desk.settings)

    def add() -> tuple[ShelfVoice, Sample]:
        voice = _find(desk, caller, voice_id)
        desk.shelf.check_consent(voice)
        sample = _sample(desk, told, _language(told))
        add_style(desk.shelf.library, voice.id, told.needed("style"), sample)
        return desk.shelf.find(voice.id), sample

    voice, sample = await run_sync(add)
    return voice_answer(voice, sample)


@router.get(
    "/v1/audio/voices/{voice_id}",
    operation_id="retrieveVoice",
    summary="One voice",
    responses=refusals(404),
)
async def get_voice(request: Request, caller: CallerOf, voice_id: str) -> dict[str, Any]:
    """Any voice one may speak with, by id."""
    desk = desk_of(request)

    def find() -> ShelfVoice:
        for voice in desk.shelf.voices(owner_of(caller)):
            if voice.id == voice_id:
                return voice
        raise _unknown()

    return voice_answer(await run_sync(find))


@router.delete(
    "/v1/audio/voices/{voice_id}",
    operation_id="deleteVoice",
    summary="Delete a voice with its clips",
    responses=refusals(404),
)
async def delete_voice(request: Request, caller: CallerOf, voice_id: str) -> dict[str, Any]:
    """One's own uploads only; what was said with the voice stays where it is."""
    desk = desk_of(request)

    def remove() -> None:
        remove_voice(desk.shelf.library, _find(desk, caller, voice_id).id)

    await run_sync(remove)
    return deleted("audio.voice.deleted", voice_id)


def _find(desk: Desk, caller: Caller, voice_id: str) -> ShelfVoice:
    """An upload of one's own: others' may be spoken with, if shared, and not be changed."""
    for voice in desk.shelf.voices():
        if voice.id == voice_id and voice.uploaded and voice.owner == owner_of(caller):
            return voice
    raise _unknown()


def _unknown() -> Problem:
    return Problem(404, "there is no such voice", code="unknown_voice", param="voice_id")
