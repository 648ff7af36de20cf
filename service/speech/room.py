"""The routes of this room: speech, models, the list of voices, the engine's memory."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from audio.streaming.encoders import warm_up
from audio.streaming.forms import FORMS
from castbook.errors import MissingDependency
from castbook.tracing import current_trace
from service.desk import Desk, desk_of
from service.observability.speechmeter import SpeechMeter
from service.security.guard import CallerOf, ListCaller
from service.speech import documents, lists
from service.speech.answers import EventResponse, SoundResponse, WholeResponse, gather
from service.speech.bodies import SpeechBody, rate_of, streams_of, wish_of
from service.speech.sounding import Stage, noticing
from service.speech.visitors import with_visitor
from service.voices.admission import moderate_now
from service.voices.marks import Marks
from service.voices.owners import owner_of
from tasks.speech.presets import check_stream
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
async def speak(body: SpeechBody, request: Request, caller: CallerOf) -> Response:
    """Speaks a text, from the engine's first chunk on.

    Everything that can be refused is refused before the first byte. A client that goes ends
    the synthesis within the chunk at work.
    """
    desk, form = desk_of(request), FORMS[body.response_format]
    wish = await with_visitor(desk, body, wish_of(body))
    streams = streams_of(body)
    check_stream(rate_of(wish), stream=streams, experimental=body.experimental)
    wish = await moderate_now(desk, wish, caller)
    reading = await run_sync(desk.studio.read, wish)
    headers = _headers(body, reading)
    async with noticing(request.receive) as gone:
        sound = await desk.part(Stage).open(_chunks(desk, reading), reading.rate, form.name)
        if not streams:
            whole, size = await gather(sound, gone)
            return WholeResponse(whole, size, form.content_type, headers)
    if body.stream_format == "sse":
        return EventResponse(sound, len(wish.text), headers)
    return SoundResponse(sound, form.content_type, headers)


def _chunks(desk: Desk, reading: Reading) -> Iterator[Pcm]:
    """The reading's chunks, measured and marked where that is wanted."""
    chunks = desk.studio.stream(reading)
    meter, marks = desk.parts.get(SpeechMeter), desk.parts.get(Marks)
    if isinstance(meter, SpeechMeter):
        chunks = meter.measured(chunks, rate=reading.rate, characters=len(reading.wish.text))
    return marks.on(chunks, reading.rate) if isinstance(marks, Marks) else chunks


def _headers(body: SpeechBody, reading: Reading) -> Mapping[str, str]:
    said = {
        "X-Castbook-Trace": current_trace(),
        "X-Castbook-Seed": str(reading.seed),
        "X-Castbook-Ignored": body.ignored,
        "X-Castbook-Notes": "; ".join(reading.notes).encode("ascii", "replace").decode(),
    }
    return {name: value for name, value in said.items() if value}


@router.get(
    "/v1/audio/voices",
    operation_id="listVoices",
    summary="List the voices",
    responses=documents.refusals(401, 403, 429),
)
async def list_voices(request: Request, caller: ListCaller) -> dict[str, Any]:
    """Voices that the caller may use, in the forms of OpenAI and of Kokoro-FastAPI at once."""
    shelf, owner = desk_of(request).shelf, owner_of(caller)
    return lists.voices(await run_sync(lambda: shelf.voices(owner)))


@router.get(
    "/v1/audio/models",
    operation_id="listAudioModels",
    summary="List the engines, as Open WebUI reads them",
    responses=documents.refusals(401, 403, 429),
)
async def list_audio_models(request: Request, _: ListCaller) -> dict[str, Any]:
    """Engines that can speak here, and OpenAI's names."""
    return await run_sync(lists.audio_models, desk_of(request).shelf)


@router.get(
    "/v1/models",
    operation_id="listModels",
    summary="List the engines",
    responses=documents.refusals(401, 403, 429),
)
async def list_models(request: Request, _: ListCaller) -> dict[str, Any]:
    """Engines that can speak here, and OpenAI's names, which mean the voice's own engine."""
    return await run_sync(lists.models, desk_of(request).shelf)


@router.get(
    "/v1/models/{model}",
    operation_id="retrieveModel",
    summary="One engine",
    responses=documents.refusals(401, 403, 404, 429),
)
async def retrieve_model(request: Request, model: str, _: ListCaller) -> dict[str, Any]:
    """One entry of the list."""
    return await run_sync(lists.find_model, desk_of(request).shelf, model)


class Unloaded(BaseModel):
    """What unloading freed."""

    unloaded: bool = True
    freed_bytes: int = Field(description="Of main memory, of the engines' processes.")


@router.post(
    "/v1/engine/unload",
    operation_id="unloadEngine",
    summary="Free the engines' memory",
    responses=documents.refusals(401, 403, 429, 503),
)
async def unload_engine(request: Request, _: CallerOf) -> Unloaded:
    """Ends the engine processes, once nothing is being spoken; the next text loads them again."""
    desk = desk_of(request)
    return Unloaded(freed_bytes=await run_sync(desk.studio.unload))


# Clients whose base address was written down without /v1 are answered all the same.
for _path, _route, _method in (
    ("/audio/speech", speak, "POST"),
    ("/audio/voices", list_voices, "GET"),
    ("/audio/models", list_audio_models, "GET"),
    ("/models", list_models, "GET"),
):
    router.add_api_route(
        _path, _route, methods=[_method], include_in_schema=False, response_model=None
    )
