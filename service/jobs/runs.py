"""``/v1/runs``: jobs placed, listed, looked at and ended."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from flows.orders.port import Kind, State
from service.desk import Desk, desk_of
from service.jobs.finding import found, orders_of
from service.jobs.ordering import (
    ANSWERS,
    Priority,
    Wanted,
    body_digest,
    callback_of,
    idempotency_key,
    place,
    placed_headers,
    placed_status,
)
from service.jobs.projects import check_project
from service.jobs.uploads import kept_rows
from service.jobs.views import run_view, waiting_headers
from service.jobs.wishes import checked, speech_parameters
from service.problems import Problem
from service.security.guard import Caller, CallerOf

router = APIRouter(tags=["jobs"])
MOST_ROWS_BYTES = 512 * 1024  # of rows inside a JSON body; more are uploaded as a file


class Common(BaseModel):
    """What every kind of run takes."""

    name: str = Field("", max_length=200, description="Shown on the dashboard")
    at: datetime | None = Field(None, description="Not before this time")
    priority: Priority = "normal"


class SpeechRun(Common):
    """One text; further fields are those of a row of a batch."""

    model_config = ConfigDict(extra="allow")
    kind: Literal["speech"]
    callback: str = Field("", max_length=2000, description="An address that is told the end")


class BatchRun(Common):
    """Rows, each by itself: one that is wrong does not hold the others back."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["batch"]
    callback: str = Field("", max_length=2000, description="An address that is told the end")
    rows: list[dict[str, Any]] = Field(min_length=1, max_length=10_000)


class BookRun(Common):
    """A project of this machine; only what is missing is made."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["book"]
    project: str = Field(min_length=1, max_length=200)
    chapters: str | None = Field(None, max_length=200, description="Such as 1,3-5")
    only: list[Annotated[str, Field(max_length=500)]] | None = Field(None, max_length=1000)
    redo: bool = False
    keep: bool = False
    callback: str = Field("", max_length=2000, description="An address that is told the end")


class ChapterRun(Common):
    """One chapter of a project."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["chapter"]
    project: str = Field(min_length=1, max_length=200)
    number: int = Field(ge=1, le=10_000)
    only: list[Annotated[str, Field(max_length=500)]] | None = Field(None, max_length=1000)
    redo: bool = False
    keep: bool = False


RunBody = Annotated[SpeechRun | BatchRun | BookRun | ChapterRun, Field(discriminator="kind")]


@router.post("/v1/runs", status_code=202, summary="Place a job", responses=ANSWERS)
async def create_run(
    request: Request, caller: CallerOf, body: Annotated[RunBody, Body()]
) -> JSONResponse:
    """A speech, batch, book or chapter, done by a worker; see ``Location``."""
    desk = desk_of(request)
    key = idempotency_key(request)
    said = body.model_dump(mode="json", exclude_unset=True)
    parameters, kind = await parameters_of(desk, body, caller)
    wanted = Wanted(kind, parameters, body_digest(said), body.name, body.at, body.priority)
    placed = await place(desk, caller, "/v1/runs", key, wanted)
    return JSONResponse(
        run_view(placed.order), placed_status(placed), headers=placed_headers(placed)
    )


async def parameters_of(
    desk: Desk, body: SpeechRun | BatchRun | BookRun | ChapterRun, caller: Caller
) -> tuple[dict[str, Any], Kind]:
    """What the flow is told.

    Raises:
        InputError, Problem: it cannot be done.
    """
    match body:
        case SpeechRun():
            written = dict(body.model_extra or {})
            told = callback_of(desk, body.callback)
            said = speech_parameters(await checked(desk, written, caller))
            return {**said, **told}, "speech"
        case BatchRun():
            content = b"\n".join(json.dumps(row).encode() for row in body.rows)
            if len(content) > MOST_ROWS_BYTES:
                raise Problem(
                    413,
                    "rows: too large for a body; post them as a file to /v1/batches",
                    code="body_too_large",
                    param="rows",
                )
            told = callback_of(desk, body.callback)
            kept = await kept_rows(desk, content, caller)
            return {**kept.parameters, **told}, "batch"
        case _:
            await anyio.to_thread.run_sync(check_project, desk, body.project)
            fields = body.model_dump(exclude={*Common.model_fields, "kind", "callback"})
            said = {name: value for name, value in fields.items() if value is not None}
            told = callback_of(desk, body.callback) if isinstance(body, BookRun) else {}
            return {**said, **told}, body.kind


@router.get("/v1/runs", summary="List jobs, the newest first")
async def list_runs(
    request: Request,
    caller: CallerOf,
    kind: Annotated[list[Kind] | None, Query()] = None,
    status: Annotated[list[State] | None, Query()] = None,
    mine: bool = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> dict[str, Any]:
    """Without their progress, which each run's own page has."""
    orders = await orders_of(desk_of(request)).find(
        kinds=tuple(kind or ()),
        states=tuple(status or ()),
        principal=caller.principal if mine else None,
        limit=limit,
        offset=offset,
    )
    return {
        "object": "list",
        "data": [run_view(order) for order in orders],
        "has_more": len(orders) == limit,
    }


@router.get("/v1/runs/{run_id}", summary="Look at a job", responses={404: {}})
async def get_run(request: Request, caller: CallerOf, run_id: str) -> JSONResponse:
    """State, progress, addresses; ``Retry-After`` while it works."""
    order = await found(desk_of(request), run_id)
    return JSONResponse(run_view(order), headers=waiting_headers(order))


@router.delete("/v1/runs/{run_id}", summary="End a job", status_code=202, responses={404: {}})
async def cancel_run(request: Request, caller: CallerOf, run_id: str) -> JSONResponse:
    """Asks for an end; what is finished is kept."""
    desk = desk_of(request)
    await found(desk, run_id)
    order = await orders_of(desk).cancel(run_id) or await found(desk, run_id)
    return JSONResponse(run_view(order), 202, headers=waiting_headers(order))


@router.post("/v1/runs/{run_id}/resume", summary="Let a paused job go on", responses={404: {}})
async def resume_run(request: Request, caller: CallerOf, run_id: str) -> JSONResponse:
    """For a job that waits for a person, such as one that a moderator wants to see."""
    desk = desk_of(request)
    if not (await found(desk, run_id)).paused:
        raise Problem(409, "this run does not wait for anybody", code="not_paused")
    order = await orders_of(desk).resume(run_id) or await found(desk, run_id)
    return JSONResponse(run_view(order), headers=waiting_headers(order))


@router.get("/v1/runs/{run_id}/log", summary="The log of a job", responses={404: {}})
async def get_log(
    request: Request,
    caller: CallerOf,
    run_id: str,
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    """At most 200 lines, the oldest first; ask again with ``offset``."""
    desk = desk_of(request)
    await found(desk, run_id)
    lines = await orders_of(desk).log(run_id, limit, offset)
    rows = [
        {"at": line.at.isoformat().replace("+00:00", "Z"), "level": line.level, "text": line.text}
        for line in lines
    ]
    return {"object": "list", "data": rows, "has_more": len(rows) == limit}
