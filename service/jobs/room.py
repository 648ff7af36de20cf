"""The routes of this room, and its broadcaster."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import APIRouter

from service.desk import Desk
from service.jobs import batches, files, following, runs, seeds
from service.jobs.broadcaster import Broadcaster, broadcasting
from service.jobs.care import caring

router = APIRouter()
for part in (runs, batches, following, files, seeds):
    router.include_router(part.router)


@contextlib.asynccontextmanager
async def open_room(desk: Desk) -> AsyncIterator[None]:
    """Listens to Prefect while the app lives, and looks after orders that nobody works on."""
    async with broadcasting(desk.orders) as broadcaster, caring(desk.orders):
        desk.parts[Broadcaster] = broadcaster
        try:
            yield
        finally:
            if desk.orders is not None:
                await desk.orders.close()
