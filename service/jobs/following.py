"""Following a run: server-sent events, and the same over a WebSocket.

The first event is a ``snapshot`` of the run, unless the follower says which event it saw last
and that one is still kept: then what it missed comes first. Ids are those of ``OrderEvent``.
The stream ends after the final state. Should an event get lost between Prefect and here, the
run is looked at with every ping, so that nobody waits for ever.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response, WebSocket
from fastapi.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect

from castbook.errors import CastbookError, Unavailable
from flows.orders.port import Order, OrderEvent
from service.desk import Desk, desk_of
from service.jobs.broadcaster import Broadcaster, Follower
from service.jobs.finding import found
from service.jobs.views import FINAL, run_view
from service.problems import Problem, problem_of
from service.security.guard import CallerOf

PING_S = 15.0
LINGER_S = 1.0  # after the final state: lines that were on their way with it
CRASH_S = 60.0  # a crashed run is started again by then, or stays as it is
LONGEST = timedelta(hours=2)  # then the client comes back, with the id it saw last

router = APIRouter(tags=["jobs"])


@dataclass(frozen=True, slots=True)
class Told:
    """One message of a stream; a ping has no name."""

    name: str = ""
    id: str = ""
    data: Any = None


@router.get(
    "/v1/runs/{run_id}/events",
    summary="Follow a run by server-sent events",
    response_class=StreamingResponse,
    responses={204: {"description": "It has ended, and you saw its end"}, 404: {}},
)
async def follow_run(
    request: Request,
    run_id: str,
    caller: CallerOf,
    last_event_id: Annotated[str, Header(max_length=100)] = "",
) -> Response:
    """Events ``snapshot``, ``state``, ``progress``, ``line`` and ``resync``."""
    desk = desk_of(request)
    order = await found(desk, run_id)
    if last_event_id and order.state in FINAL:
        with desk.part(Broadcaster).following(order.id, last_event_id) as follower:
            if not follower.missed:
                return Response(status_code=204)  # tells an EventSource not to come back
    return StreamingResponse(
        _lines(desk, order, last_event_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.websocket("/v1/runs/{run_id}/events")
async def follow_run_by_socket(
    socket: WebSocket, run_id: str, caller: CallerOf, last: Annotated[str, Query()] = ""
) -> None:
    """The same messages as JSON objects ``{event, id, data}``; ``last`` is the last id seen."""
    desk = desk_of(socket)
    await socket.accept()
    try:
        order = await found(desk, run_id)
        async with aclosing(tell(desk, order, last)) as messages:
            async for told in messages:
                await socket.send_json(
                    {"event": told.name or "ping", "id": told.id, "data": told.data}
                )
        await socket.close()
    except WebSocketDisconnect:
        return
    except (Problem, CastbookError) as error:
        await _refuse(socket, error)


async def tell(
    desk: Desk, order: Order, last: str = "", ping_s: float = PING_S
) -> AsyncGenerator[Told, None]:
    """What a follower of ``order`` hears, up to its end.

    Args:
        last: id of the event that it saw last.
        ping_s: silence after which it hears a ping.
    """
    until = datetime.now(UTC) + LONGEST
    with desk.part(Broadcaster).following(order.id, last) as follower:
        if follower.known:
            for missed in follower.missed:
                yield _told(missed)
            if any(map(_ends, follower.missed)):
                return
        # read now that we follow: what happens from here on is heard
        order = await found(desk, order.id)
        if not follower.known:
            yield _snapshot("snapshot", order, follower)
        if order.state in FINAL and not _may_go_on(order):
            return
        while datetime.now(UTC) < until:
            event = await follower.next(ping_s)
            if event is None:
                yield Told()
                now = await _looked_at(desk, order)
                if now.state in FINAL and not _may_go_on(now):
                    yield _snapshot("snapshot", now, follower)
                    return
            elif follower.lost:
                follower.lost = False
                order = await _looked_at(desk, order)
                yield _snapshot("resync", order, follower)
                if order.state in FINAL:
                    return
            else:
                yield _told(event)
                if _ends(event):
                    break
        while (event := await follower.next(LINGER_S)) is not None:
            yield _told(event)


async def _looked_at(desk: Desk, order: Order) -> Order:
    """The order as it stands; as it stood, while Prefect does not answer."""
    try:
        return await found(desk, order.id)
    except Unavailable:
        return order


def _may_go_on(order: Order) -> bool:
    """A run that has just crashed is started again by Prefect's automation."""
    ended = order.ended_at or order.created_at
    return order.crashed and (datetime.now(UTC) - ended).total_seconds() < CRASH_S


def _ends(event: OrderEvent) -> bool:
    return event.kind == "state" and event.data["state"] in FINAL and not event.data.get("crashed")


def _told(event: OrderEvent) -> Told:
    return Told(event.kind, event.id, dict(event.data))


def _snapshot(name: str, order: Order, follower: Follower) -> Told:
    # its id is that of the newest event before it: whoever comes back with it misses none
    return Told(name, follower.last or f"0-{order.id}", run_view(order))


async def _lines(desk: Desk, order: Order, last: str) -> AsyncIterator[str]:
    async with aclosing(tell(desk, order, last)) as messages:
        async for told in messages:
            if not told.name:
                yield ": ping\n\n"
                continue
            data = json.dumps(told.data, ensure_ascii=False)
            yield f"id: {told.id}\nevent: {told.name}\ndata: {data}\n\n"


async def _refuse(socket: WebSocket, error: Exception) -> None:
    """Closes with the reason: 4404 for HTTP's 404 and so on."""
    problem = problem_of(error)
    reason = problem.detail.encode()[:120].decode("utf-8", "ignore")  # a frame has room for 123
    await socket.close(4000 + problem.status, reason)
