"""``/v1/audio/voice_consents``: what a person said about the use of a voice, as OpenAI has it."""

from __future__ import annotations

import re
import time
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from audio.pcm import pcm_sha256
from book.languagetags import language_mistake
from castbook.files import temporary_beside
from service.desk import Desk, desk_of
from service.problems import Problem
from service.security.guard import Caller, CallerOf
from service.voices.answers import consent_answer, deleted, form, page, refusals
from service.voices.forms import Form, read_form
from service.voices.owners import owner_of
from tasks.shelf.consents import KIND, Consent, check_terms, new_id
from tasks.shelf.samples import read_recording

router = APIRouter(tags=["voices"])
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST = 200  # characters of a name or a sentence about terms


class Renaming(BaseModel):
    """The body of an update."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=_LONGEST, description="The new label.")


@router.post(
    "/v1/audio/voice_consents",
    operation_id="createVoiceConsent",
    summary="Upload a recording in which somebody allows the use of a voice",
    responses=refusals(413, 415, 422),
    openapi_extra=form(
        "recording",
        ("name", "language", "recording"),
        name="A label for this consent.",
        language="BCP 47, of what is said.",
        basis="self, licensed (if absent), public-domain or synthetic.",
        rights_holder="Who allows it; the label if absent.",
        scope="What for, in words.",
        expires="The last day, YYYY-MM-DD.",
        sample_sha256="Of the one file that may become a voice; any if absent.",
    ),
)
async def create_consent(request: Request, caller: CallerOf) -> dict[str, Any]:
    """Keeps a recording of at most 30 s and what it allows."""
    desk = desk_of(request)
    told = await read_form(request, "recording", desk.settings)
    return consent_answer(await run_sync(lambda: _create(desk, told, caller)))


def _create(desk: Desk, told: Form, caller: Caller) -> Consent:
    name, language = told.needed("name"), told.needed("language")
    wrong = language_mistake(language, ("language",))
    if wrong:
        raise Problem(422, f"language: {wrong.message}", param="language")
    basis = told.text("basis") or "licensed"
    holder = told.text("rights_holder") or name
    check_terms(basis, holder, told.text("expires"))
    sample = told.text("sample_sha256").lower()
    if sample and not _DIGEST.fullmatch(sample):
        raise Problem(422, "sample_sha256: expected 64 hex digits", param="sample_sha256")
    for field in ("name", "rights_holder", "scope"):
        _check_words(field, told.text(field))
    with temporary_beside(desk.shelf.folder / "recording") as path:
        path.write_bytes(told.file)
        clip = read_recording(path, "recording")
    consent = Consent(
        id=new_id(),
        name=name,
        language=language,
        created_at=int(time.time()),
        recording_sha256=pcm_sha256(clip.pcm),
        seconds=round(clip.seconds, 2),
        basis=basis,
        rights_holder=holder,
        scope=told.text("scope"),
        expires=told.text("expires"),
        sample_sha256=sample,
        owner=owner_of(caller),
    )
    desk.shelf.consents.add(consent, clip.pcm, clip.rate)
    return consent


@router.get(
    "/v1/audio/voice_consents",
    operation_id="listVoiceConsents",
    summary="List consents",
    responses=refusals(404, 422),
)
async def list_consents(
    request: Request,
    caller: CallerOf,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """One's own consents, the newest first, a page at a time."""
    shelf = desk_of(request).shelf
    found = await run_sync(lambda: shelf.consents.all(owner_of(caller)))
    answer = page(found, after, limit)
    if answer is None:
        raise _unknown("after")
    return answer


@router.get(
    "/v1/audio/voice_consents/{consent_id}",
    operation_id="retrieveVoiceConsent",
    summary="One consent",
    responses=refusals(404),
)
async def get_consent(request: Request, caller: CallerOf, consent_id: str) -> dict[str, Any]:
    """One's own consent."""
    desk = desk_of(request)
    return consent_answer(await run_sync(lambda: _find(desk, caller, consent_id)))


@router.post(
    "/v1/audio/voice_consents/{consent_id}",
    operation_id="updateVoiceConsent",
    summary="Give a consent another label",
    responses=refusals(404, 422),
)
async def rename_consent(
    request: Request, caller: CallerOf, consent_id: str, body: Renaming
) -> dict[str, Any]:
    """Changes the label and nothing else: what was allowed stays what was said."""
    desk = desk_of(request)
    _check_words("name", body.name)

    def rename() -> Consent:
        return desk.shelf.consents.rename(_find(desk, caller, consent_id), body.name)

    return consent_answer(await run_sync(rename))


@router.delete(
    "/v1/audio/voice_consents/{consent_id}",
    operation_id="deleteVoiceConsent",
    summary="Withdraw a consent",
    responses=refusals(404),
)
async def delete_consent(request: Request, caller: CallerOf, consent_id: str) -> dict[str, Any]:
    """Withdraws it: voices that need it speak no more, in this service and in books."""
    desk = desk_of(request)

    def withdraw() -> None:
        desk.shelf.consents.withdraw(_find(desk, caller, consent_id))

    await run_sync(withdraw)
    return deleted(KIND, consent_id)


def _find(desk: Desk, caller: Caller, consent_id: str) -> Consent:
    found = desk.shelf.consents.get(consent_id, owner_of(caller))
    if found is None:
        raise _unknown("consent_id")
    return found


def _unknown(param: str) -> Problem:
    return Problem(404, "there is no such consent", code="unknown_consent", param=param)


def _check_words(field: str, words: str) -> None:
    if len(words) > _LONGEST or not words.isprintable():
        raise Problem(
            422, f"{field}: expected at most {_LONGEST} printable characters", param=field
        )
