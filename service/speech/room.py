"""The routes of this room: speech, models, the list of voices, the engine's memory."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response

from audio.streaming.encoders import warm_up
from audio.streaming.forms import FORMS
from castbook.errors import MissingDependency
from castbook.tracing import current_trace
from service.desk import Desk, desk_of
from service.observability.speechmeter import SpeechMeter
from service.security.guard import CallerOf, ListCaller
from service.speech import documents, lists
from service.speech.answers import EventResponse, SoundResponse, WholeResponse, gather
from service.speech.bodies import SpeechBody, wish_of
from service.speech.sounding import Stage
from service.speech.visitors import with_visitor
from tasks.speech.studio import Reading
from tts.engine import Pcm

router = APIRouter(tags=["speech"])
log = logging.getLogger("castbook.service.speech")


@contextlib.asynccontextmanager
async def open_room(desk: Desk) -> AsyncIterator[None]:
    """The stage; codecs are loaded once, so that no listener pays for it."""
    desk.parts[Stage] = Stage()
    try:
        await run_sync(warm_up)
    except MissingDependency as error:
        log.warning("only wav and pcm can be sent: %s", error)
    yield


@router.post(
    "/v1/audio/speech",
    operation_id="createSpeech",
    summary="Speak a text",
    response_class=Response,
    responses={**documents.SOUND, **documents.refusals(400, 401, 403, 404, 413, 422, 429, 503)},
)
async def speak(body: SpeechBody, request: Request, _: CallerOf) -> Response:
    """Speaks a text, from the engine's first chunk on.

    Everything that can be refused is refused before the first byte. A client that goes ends
    the synthesis within the chunk at work.
    """
    desk = desk_of(request)
    stage = desk.part(Stage)
    wish = await with_visitor(desk, stage, body, wish_of(body))
    reading = await stage.run(lambda: desk.studio.read(wish))
    sound = await stage.open(_chunks(desk, reading), reading.rate, body.response_format)
    form = FORMS[body.response_format]
    headers = _headers(body, reading)
    if body.stream_format == "sse":
        return EventResponse(sound, len(wish.text), headers)
    if body.stream:
        return SoundResponse(sound, form.content_type, headers)
    whole, size = await gather(sound)
    return WholeResponse(whole, size, form.content_type, headers)


def _chunks(desk: Desk, reading: Reading) -> Iterator[Pcm]:
    """The reading's chunks, measured where somebody keeps figures."""
    chunks = desk.studio.stream(reading)
    meter = desk.parts.get(SpeechMeter)
    if not isinstance(meter, SpeechMeter):
        return chunks
    return meter.measured(chunks, rate=reading.rate, characters=len(reading.wish.text))


def _headers(body: SpeechBody, reading: Reading) -> Mapping[str, str]:
    said = {
        "X-Castbook-Trace": current_trace(),
        "X-Castbook-Seed": str(reading.seed),
        "X-Castbook-Ignored": body.ignored,
    }
    return {name: value for name, value in said.items() if value}


@router.get(
    "/v1/audio/voices",
    operation_id="listVoices",
    summary="List the voices",
    responses=documents.refusals(401, 403, 429),
)
async def list_voices(request: Request, _: ListCaller) -> dict[str, Any]:
    """All voices, in the forms of OpenAI and of Kokoro-FastAPI at once."""
    desk = desk_of(request)
    return lists.voices(await run_sync(desk.shelf.voices))


@router.get(
    "/v1/audio/models",
    operation_id="listAudioModels",
    summary="List the engines, as Open WebUI reads them",
    responses=documents.refusals(401, 403, 429),
)
async def list_audio_models(_: ListCaller) -> dict[str, Any]:
    """Engines that can speak here, and OpenAI's names."""
    return await run_sync(lists.audio_models)


@router.get(
    "/v1/models",
    operation_id="listModels",
    summary="List the engines",
    responses=documents.refusals(401, 403, 429),
)
async def list_models(_: ListCaller) -> dict[str, Any]:
    """Engines that can speak here, and OpenAI's names, which mean the voice's own engine."""
    return await run_sync(lists.models)


@router.get(
    "/v1/models/{model}",
    operation_id="retrieveModel",
    summary="One engine",
    responses=documents.refusals(401, 403, 404, 429),
)
async def retrieve_model(model: str, _: ListCaller) -> dict[str, Any]:
    """One entry of the list."""
    return await run_sync(lists.find_model, model)


@router.post(
    "/v1/engine/unload",
    operation_id="unloadEngine",
    summary="Free the engines' memory",
    responses=documents.refusals(401, 403, 429, 503),
)
async def unload_engine(request: Request, _: CallerOf) -> dict[str, Any]:
    """Ends the engine processes; the next text loads them again."""
    desk = desk_of(request)
    return {"unloaded": True, "freed_bytes": await run_sync(desk.studio.unload)}
