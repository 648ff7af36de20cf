"""The routes of this room, and its sweep."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import APIRouter, FastAPI

from service.desk import Desk
from service.webhooks import deliveries, receiving
from service.webhooks.sweeping import sweep_now_and_then
from tasks.hooks.settings import DeliverySettings

router = APIRouter()
for part in (receiving, deliveries):
    router.include_router(part.router)


def add_middleware(app: FastAPI, desk: Desk) -> None:
    """Adds none: refuses a secret that is none before the app serves anybody.

    Raises:
        InputError: CASTBOOK_CALLBACK_SECRET is no secret of Standard Webhooks.
    """
    DeliverySettings.read({"CASTBOOK_CALLBACK_SECRET": desk.settings.callback_secret})


@contextlib.asynccontextmanager
async def open_room(desk: Desk) -> AsyncIterator[None]:
    """Looks for ends that nobody was told, while the app lives."""
    if desk.orders is None:
        yield
        return
    sweeping = asyncio.create_task(sweep_now_and_then(desk.orders), name="untold ends")
    try:
        yield
    finally:
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping
