"""The routes of the founding texts: ``/api/synthesis``, ``/api/task/{id}``, ``/webhook/tts``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import JSONResponse

from service.desk import Desk, desk_of
from service.jobs.finding import found
from service.jobs.ordering import (
    ANSWERS,
    Wanted,
    body_digest,
    callback_of,
    idempotency_key,
    place,
    placed_headers,
    placed_status,
)
from service.jobs.views import task_view, waiting_headers
from service.jobs.wishes import checked, speech_parameters
from service.security.guard import Caller, CallerOf, WebhookCaller

router = APIRouter(tags=["jobs"])
CALLBACKS = ("callback", "callback_url")
SKIPPED = {"status": "skipped", "reason": "already exists"}
Row = Annotated[
    dict[str, Any],
    Body(
        description="A row of a batch, by any of its names",
        examples=[{"id": "n-1", "text": "Good morning.", "output_name": "n-1"}],
    ),
]


@router.post("/api/synthesis", status_code=202, summary="Place a text", responses=ANSWERS)
async def synthesise(request: Request, caller: CallerOf, body: Row) -> JSONResponse:
    """``{text, audio_url, output_name}``; the answer has ``taskId`` at once."""
    key = idempotency_key(request)
    return await _speak(desk_of(request), caller, "/api/synthesis", key, body)


@router.get("/api/task/{task_id}", summary="Look at a text's job", responses={404: {}})
async def get_task(request: Request, caller: CallerOf, task_id: str) -> JSONResponse:
    """``pending``, ``processing``, ``completed`` or ``failed``."""
    order = await found(desk_of(request), task_id)
    return JSONResponse(task_view(order), headers=waiting_headers(order))


@router.post("/webhook/tts", status_code=202, summary="Place a text by webhook", responses=ANSWERS)
async def webhook(request: Request, caller: WebhookCaller, body: Row) -> JSONResponse:
    """Repeated with the same ``id``, it is the same task; finished, it is ``skipped``."""
    name = body.get("id") or body.get("uttid") or body.get("output_name") or ""
    key = str(name) or idempotency_key(request)
    return await _speak(desk_of(request), caller, "/webhook/tts", key, body)


async def _speak(
    desk: Desk, caller: Caller, route: str, key: str, body: dict[str, Any]
) -> JSONResponse:
    row = {name: value for name, value in body.items() if name not in CALLBACKS}
    told = callback_of(desk, next((body[name] for name in CALLBACKS if body.get(name)), None))
    read = await checked(desk, row, caller)
    if read.there is not None:
        return JSONResponse(SKIPPED)
    wanted = Wanted("speech", {**speech_parameters(read), **told}, body_digest(body), key[:200])
    placed = await place(desk, caller, route, key, wanted)
    task = placed.order.id
    return JSONResponse(
        {"status": "accepted", "task_id": task, "taskId": task},
        placed_status(placed),
        headers=placed_headers(placed),
    )
