"""``POST /webhook/SOURCE``: a payload of another system becomes a text or a book.

The source proves itself by its own signature (``configs/hooks/SOURCE.yaml``), not by an API
key. The same payload is the same order; another one of the same id is a revision.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from castbook.errors import InputError
from castbook.signatures import SignatureRefused
from castbook.tracing import current_trace
from flows.orders.port import Placed
from service.desk import Desk, desk_of
from service.jobs.ordering import (
    ANSWERS,
    Wanted,
    callback_of,
    place,
    placed_headers,
    placed_status,
)
from service.jobs.wishes import checked, speech_parameters
from service.problems import Problem
from service.security.guard import WEBHOOK, Caller, guard_of
from service.security.rates import WRONG_KEY_COST, bucket_of
from service.voices.admission import admit_text
from tasks.hooks.manuscripts import words_of
from tasks.hooks.mapping import Hooked, Ignored, map_payload, read_payload
from tasks.hooks.projects import stage_book
from tasks.hooks.proofs import NoSecret, check
from tasks.hooks.sources import Source, UnknownSource, find_source, hooks_folder

router = APIRouter(tags=["jobs"])
_log = logging.getLogger("castbook.orders")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.post(
    "/webhook/{source}",
    status_code=202,
    summary="Place a text or a book by another system's webhook",
    responses={**ANSWERS, 403: {"description": "Closed"}, 404: {"description": "No such source"}},
    openapi_extra=_BODY,
)
async def receive(request: Request, source: str) -> JSONResponse:
    """What the source is and where its fields stand says its file; see docs/webhooks.md."""
    desk = desk_of(request)
    headers = {
        name: request.headers[name]
        for name in set(request.headers.keys())
        if len(request.headers.getlist(name)) == 1  # one that comes twice is none
    }
    body = await request.body()
    found = await _source(desk, source)
    await _prove(request, found, headers, body)
    caller = Caller(f"webhook:{found.name}", WEBHOOK, found.file.signature.scheme)
    request.state.principal = caller.principal  # for the log's line of this request
    hooked = await anyio.to_thread.run_sync(lambda: map_payload(found, read_payload(body), headers))
    if isinstance(hooked, Ignored):
        return JSONResponse({"status": "ignored", "reason": hooked.reason})
    _log.info(
        "MAPPED trace=%s name=%s form=%s characters=%d",
        current_trace(), hooked.name, hooked.form, len(hooked.content),
    )  # fmt: skip
    ordered = await _order(desk, found, hooked, caller)
    task = ordered.order.id
    return JSONResponse(
        {"status": "accepted", "task_id": task, "taskId": task},
        placed_status(ordered),
        headers=placed_headers(ordered),
    )


async def _source(desk: Desk, name: str) -> Source:
    try:
        return await anyio.to_thread.run_sync(find_source, name, hooks_folder(desk.settings.data))
    except UnknownSource as error:
        # which ones there are is not said to whoever asks
        raise Problem(404, f"there is no source {name[:100]!r}", code="unknown_source") from error
    except InputError as error:
        _log.error("%s", error)
        raise Problem(
            403,
            "this source is closed: its file is wrong, the log says where",
            code="source_closed",
        ) from error


async def _prove(request: Request, source: Source, headers: dict[str, str], body: bytes) -> None:
    guard = guard_of(desk_of(request))
    try:
        await anyio.to_thread.run_sync(check, source.file, headers, body, time.time())
    except NoSecret as refused:
        _log.error("%s: %s", source.name, refused)
        raise Problem(
            403, "this source is closed: its secret is not set", code="source_closed"
        ) from refused
    except SignatureRefused as refused:
        if refused.code.startswith("bad_"):  # a wrong secret, and not merely none
            bucket = bucket_of(guard.address(request.scope))
            guard.buckets.spill(f"address {bucket}", WRONG_KEY_COST)
        raise Problem(401, refused.message, code=refused.code) from refused
    except InputError as error:
        _log.error("%s: %s", source.name, error)
        raise Problem(
            403, "this source is closed: its secret is of another kind", code="source_closed"
        ) from error


async def _order(desk: Desk, source: Source, hooked: Hooked, caller: Caller) -> Placed:
    told: dict[str, Any] = dict(callback_of(desk, hooked.callback))
    if hooked.kind == "speech":
        row = {
            "text": hooked.content,
            "voice": hooked.voice,
            "language": hooked.language,
            "id": hooked.id,
            "output_name": f"{hooked.name}-{hooked.digest[:8]}",  # revisions side by side
        }
        said = {key: value for key, value in row.items() if value}
        parameters = {**speech_parameters(await checked(desk, said, caller)), **told}
    else:
        review = await admit_text(desk, words_of(hooked), caller)
        staged = await anyio.to_thread.run_sync(
            stage_book, desk.settings.data, hooked, source.folder, time.time()
        )
        parameters = {"project": staged.project.name, "revision": staged.revision, **told}
        if review:
            parameters["review"] = True
    wanted = Wanted(hooked.kind, parameters, hooked.digest, hooked.name)
    key = f"{hooked.id}:{hooked.digest}"
    return await place(desk, caller, f"/webhook/{source.name}", key, wanted)
