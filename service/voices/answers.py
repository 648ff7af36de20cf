"""What the routes of voices and consents answer, and what the OpenAPI document says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.speech.documents import OpenAIError, Responses
from tasks.shelf.catalogue import ShelfVoice
from tasks.shelf.consents import KIND, Consent
from tasks.shelf.samples import Sample

_REASONS = {
    401: "A key is missing or wrong.",
    403: "The key may not do this, or the consent does not hold.",
    404: "There is none of that id, or it is another principal's.",
    413: "The file has more than 10 MiB.",
    415: "The body is no form, or its file no audio that is taken here.",
    422: "A field is wrong; the message says which and what was expected.",
    429: "Too many requests; Retry-After says when to come again.",
    503: "The library cannot be written now.",
}


def refusals(*statuses: int) -> Responses:
    """The documented refusals of a route."""
    return {
        status: {"description": _REASONS[status], "model": OpenAIError}
        for status in (401, 403, *statuses, 429, 503)
    }


def form(file: str, needed: tuple[str, ...], **fields: str) -> dict[str, Any]:
    """The OpenAPI part of a route that reads its form itself."""
    parts: dict[str, Any] = {
        name: {"type": "string", "description": text} for name, text in fields.items()
    }
    if file:
        parts[file] = {"type": "string", "format": "binary"}
    schema = {"type": "object", "properties": parts, "required": list(needed)}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


def voice_answer(voice: ShelfVoice, sample: Sample | None = None) -> dict[str, Any]:
    """OpenAI's object of a voice with ours beside it; of an upload, what was found in it."""
    found: dict[str, Any] = {
        "id": voice.id,
        "object": "audio.voice",
        "created_at": voice.created_at,
        "name": voice.name,
        "type": "audio_sample" if not voice.preset else "preset",
        "engine": voice.engine,
        "languages": list(voice.languages),
        "gender": voice.gender,
        "description": voice.description,
        "styles": list(voice.styles),
        "consented": voice.consented,
        "consent_basis": voice.basis or None,
    }
    if sample is not None:
        found |= {
            "advice": list(sample.advice),
            "report": dict(sample.facts),
            "transcript": sample.transcript,
        }
    return found


def deleted(kind: str, name: str) -> dict[str, Any]:
    """OpenAI's answer to a deletion."""
    return {"id": name, "object": kind, "deleted": True}


def consent_answer(consent: Consent) -> dict[str, Any]:
    """OpenAI's object of a consent with ours beside it."""
    ours: Mapping[str, Any] = {
        "basis": consent.basis,
        "rights_holder": consent.rights_holder,
        "scope": consent.scope,
        "expires": consent.expires,
        "sample_sha256": consent.sample_sha256,
        "recording_sha256": consent.recording_sha256,
    }
    return {
        "id": consent.id,
        "object": KIND,
        "created_at": consent.created_at,
        "language": consent.language,
        "name": consent.name,
        **{key: value or None for key, value in ours.items()},
    }


def page(consents: tuple[Consent, ...], after: str, limit: int) -> dict[str, Any] | None:
    """A cursor page, as OpenAI's clients walk it; None for a cursor that is not there."""
    ids = [consent.id for consent in consents]
    if after and after not in ids:
        return None
    start = ids.index(after) + 1 if after else 0
    data = [consent_answer(consent) for consent in consents[start : start + limit]]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": start + limit < len(consents),
    }
