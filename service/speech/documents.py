"""What the OpenAPI document says of answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from audio.streaming.forms import FORMS

Responses = dict[int | str, dict[str, Any]]

_REASONS = {
    400: "The body is no JSON.",
    401: "A key is missing or wrong.",
    403: "The key may not do this, or the voice has no consent.",
    404: "There is no such model.",
    413: "The body is too large.",
    422: "A field is wrong; the message says which and what was expected.",
    429: "Too many requests; Retry-After says when to come again.",
    503: "The engine failed, or all slots are taken; Retry-After says when to come again.",
}


class OpenAIErrorBody(BaseModel):
    """What OpenAI's clients read of an error."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class OpenAIError(BaseModel):
    """An error, as OpenAI's API has it."""

    error: OpenAIErrorBody


def refusals(*statuses: int) -> Responses:
    """The documented refusals of a route below ``/v1``."""
    return {status: {"description": _REASONS[status], "model": OpenAIError} for status in statuses}


SOUND: Responses = {
    200: {
        "description": "Sound, in the form that was asked for; its length is not known before"
        " its end. With stream_format sse: events speech.audio.delta and speech.audio.done.",
        "content": {
            **{
                form.content_type.partition(";")[0]: {
                    "schema": {"type": "string", "format": "binary"}
                }
                for form in FORMS.values()
            },
            "text/event-stream": {"schema": {"type": "string"}},
        },
        "headers": {
            "X-Castbook-Trace": {"schema": {"type": "string"}, "description": "Of this request."},
            "X-Castbook-Seed": {"schema": {"type": "string"}, "description": "Repeats it."},
            "X-Castbook-Notes": {
                "schema": {"type": "string"},
                "description": "What was asked for and has no effect with this engine.",
            },
            "X-Castbook-Ignored": {
                "schema": {"type": "string"},
                "description": "Keys of the body that were not understood.",
            },
        },
    }
}
