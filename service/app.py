"""The app: routes of all rooms, their middleware, one place for errors.

A room is a module with ``router`` (routes) and, if it needs them, ``open_room(desk)``: an
async context manager that puts the room's own objects into ``desk.parts`` and cleans up.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from importlib import import_module
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from castbook import __version__
from castbook.errors import CastbookError
from service.desk import Desk
from service.gate import Gate, device_slots
from service.problems import Problem, answer_with_problem
from service.settings import ServiceSettings
from tasks.shelf.shelf import Shelf
from tasks.speech.studio import Studio

ROOMS = (
    "service.speech.room",
    "service.voices.room",
    "service.jobs.room",
    "service.webhooks.room",
    "service.observability.room",
    "service.security.room",
    "service.pages.room",
)


def open_desk(settings: ServiceSettings) -> Desk:
    """The desk that ``settings`` ask for. Imports Prefect only where a server is configured."""
    shelf, gate, orders = Shelf(settings.data / "library", settings.engine), Gate(), None
    if settings.prefect_api_url:
        from flows.orders.client import PrefectOrders

        orders = PrefectOrders(settings.prefect_api_url)
        if settings.shares_slots:
            gate.share(device_slots(settings.prefect_api_url))
    studio = Studio(shelf, slots=settings.slots, gate=gate)
    return Desk(settings, shelf, studio, orders, {Gate: gate})


def create_app(desk: Desk, names: Sequence[str] = ROOMS) -> FastAPI:
    """The app over a desk, which it closes at its end.

    Args:
        names: modules of the rooms; all of them, but for a test of one.
    """
    rooms = [import_module(name) for name in names]

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(desk.studio.close)
            for room in rooms:
                opened: Any = getattr(room, "open_room", None)
                if opened is not None:
                    await stack.enter_async_context(opened(desk))
            yield

    app = FastAPI(
        title="castbook", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.desk = desk
    for kind in (Problem, CastbookError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer_with_problem)
    for room in rooms:
        app.include_router(room.router)
    for room in reversed(rooms):  # the first room's middleware is the outermost
        wrap: Any = getattr(room, "add_middleware", None)
        if wrap is not None:
            wrap(app, desk)
    return app
