"""``/v1/batches``: a file of JSON lines becomes a batch."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from service.desk import desk_of
from service.jobs.ordering import (
    ANSWERS,
    Wanted,
    callback_of,
    idempotency_key,
    place,
    placed_headers,
    placed_status,
)
from service.jobs.uploads import FORM, LINES, kept_rows, uploaded_lines
from service.jobs.views import run_view
from service.security.guard import CallerOf

router = APIRouter(tags=["jobs"])

_WORD = {"type": "string"}
_FILE = {"type": "string", "format": "binary"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            LINES[0]: {"schema": {"type": "string"}},
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": _FILE,
                        "name": {"type": "string"},
                        "callback": {"type": "string"},
                    },
                }
            },
        },
    }
}


@router.post(
    "/v1/batches",
    status_code=202,
    summary="Place a batch from a file of JSON lines",
    responses={**ANSWERS, 415: {"description": "Neither JSON lines nor a form"}},
    openapi_extra=_BODY,
)
async def create_batch(request: Request, caller: CallerOf) -> JSONResponse:
    """Each row by itself: one that is wrong does not hold the others back."""
    desk = desk_of(request)
    key = idempotency_key(request)
    content, fields = await uploaded_lines(request)
    told = callback_of(desk, fields.get("callback"))
    kept = await kept_rows(desk, content, caller)
    body = hashlib.sha256(content).hexdigest()
    wanted = Wanted("batch", {**kept.parameters, **told}, body, fields.get("name", "")[:200])
    placed = await place(desk, caller, "/v1/batches", key, wanted)
    return JSONResponse(
        run_view(placed.order), placed_status(placed), headers=placed_headers(placed)
    )
