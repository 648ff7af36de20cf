"""The routes of this room, and its sweep."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import APIRouter

from service.desk import Desk
from service.webhooks import deliveries, receiving
from service.webhooks.sweeping import sweep_now_and_then

router = APIRouter()
for part in (receiving, deliveries):
    router.include_router(part.router)


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
