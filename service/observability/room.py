"""Metrics, health and readiness; and the layer that gives every request its trace."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

from anyio import to_thread
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from castbook import __version__
from service.desk import Desk, desk_of
from service.observability.access import check_reader
from service.observability.meters import Meters
from service.observability.runs import RunLedger, count_now_and_then, follow
from service.observability.speechmeter import SpeechMeter
from service.observability.watch import Watch
from tasks.archive.settings import ArchiveSettings

router = APIRouter(tags=["operations"])

_READY_S = 3.0  # a probe's own limit is usually a few seconds


def add_middleware(app: FastAPI, desk: Desk) -> None:
    """Puts the meters on the desk and the watch around everything."""
    archives = bool(ArchiveSettings.read().bucket)
    meters = Meters(desk.settings, orders=desk.orders is not None, archives=archives)
    desk.parts[Meters] = meters
    desk.parts[SpeechMeter] = meters.speech
    app.add_middleware(Watch, meters=meters)


@contextlib.asynccontextmanager
async def open_room(desk: Desk) -> AsyncIterator[None]:
    """Follows the orders while the app runs, where there are any."""
    if desk.orders is None:
        yield
        return
    meters = desk.part(Meters)
    tasks = [
        asyncio.create_task(follow(desk.orders, RunLedger(meters)), name="count events"),
        asyncio.create_task(count_now_and_then(desk.orders, meters), name="census"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, 401: {"description": "a key is needed"}},
)
async def metrics(request: Request) -> Response:
    """What Prometheus reads: for callers of this machine, and for those with a key."""
    await check_reader(request)
    meters = desk_of(request).part(Meters)
    # in a thread: a GPU's driver may take its time
    text = await to_thread.run_sync(generate_latest, meters.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process lives: 200, whatever else is away."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz", responses={503: {"description": "something this service needs is away"}})
async def readyz(request: Request) -> JSONResponse:
    """Whether requests can be served: the data folder can be written, Prefect answers."""
    desk = desk_of(request)
    found = {"data": await to_thread.run_sync(_writable, desk)}
    if desk.orders is not None:
        found["orders"] = await _orders_answer(desk)
    ready = all(found.values())
    return JSONResponse(
        {
            "status": "ready" if ready else "not ready",
            "checks": {name: "ok" if fine else "away" for name, fine in found.items()},
        },
        200 if ready else 503,
        headers={} if ready else {"Retry-After": "5"},
    )


def _writable(desk: Desk) -> bool:
    """Whether the data folder, or the nearest folder above it that exists, can be written."""
    folder = desk.settings.data
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK)


async def _orders_answer(desk: Desk) -> bool:
    assert desk.orders is not None
    try:
        return await asyncio.wait_for(desk.orders.healthy(), _READY_S)
    except TimeoutError:
        return False
