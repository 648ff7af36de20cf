"""The lists that clients choose from: models, and voices in one form that satisfies them all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from castbook.errors import MissingDependency, ProjectError
from service.problems import Problem
from service.speech.dialects import OPENAI_MODELS
from service.voices.answers import voice_answer
from tasks.shelf.catalogue import ShelfVoice
from tasks.shelf.shelf import Shelf
from tts.registry import engine_names


def model_names(shelf: Shelf) -> tuple[str, ...]:
    """Engines that can speak here, then OpenAI's names for "the engine of the voice"."""
    return (*(name for name in engine_names() if _speaks(shelf, name)), *OPENAI_MODELS)


def _speaks(shelf: Shelf, engine: str) -> bool:
    try:
        return shelf.missing(engine) is None
    except (MissingDependency, ProjectError):  # not installed, or the library's options are wrong
        return False


def model(name: str) -> dict[str, Any]:
    """OpenAI's object of a model."""
    owner = "openai" if name in OPENAI_MODELS else "castbook"
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}


def models(shelf: Shelf) -> dict[str, Any]:
    """``GET /v1/models``."""
    return {"object": "list", "data": [model(name) for name in model_names(shelf)]}


def find_model(shelf: Shelf, name: str) -> dict[str, Any]:
    """``GET /v1/models/NAME``.

    Raises:
        Problem: there is none.
    """
    if name not in model_names(shelf):
        raise Problem(
            404, f"there is no model {name[:200]!r}", code="model_not_found", param="model"
        )
    return model(name)


def audio_models(shelf: Shelf) -> dict[str, Any]:
    """``GET /v1/audio/models``, as Open WebUI reads it."""
    return {"models": [{"id": name, "name": name} for name in model_names(shelf)]}


def voices(found: Iterable[ShelfVoice]) -> dict[str, Any]:
    """``GET /v1/audio/voices``: OpenAI's page of voices, and Kokoro-FastAPI's list beside it.

    Voices whose consent is missing are listed by OpenAI's part alone: nobody can speak with
    them, but their owner wants to see them.
    """
    known = tuple(found)
    data = [voice_answer(voice) for voice in known]
    return {
        "object": "list",
        "data": data,
        "voices": [{"id": v.id, "name": v.name} for v in known if v.consented],
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": False,
    }
