"""Orders that nobody works on go on: looked for now and then while the app lives.

A worker that is killed while it starts a run, or a server that is killed before it has written
down what it heard, leaves runs that wait for ever. Whatever Prefect's automations see, they
mend in two minutes; this is for what they do not see.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from castbook.errors import CastbookError
from flows.orders.port import Orders

PAUSE_S = 60.0
STEADY_S = 360.0  # longer than ``flows.orders.reviving.SILENT``

_log = logging.getLogger("castbook.orders")


@contextlib.asynccontextmanager
async def caring(orders: Orders | None) -> AsyncIterator[None]:
    """Looks while the context is open."""
    if orders is None:
        yield
        return
    looking = asyncio.create_task(look_now_and_then(orders), name="orders that were lost")
    try:
        yield
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking


async def look_now_and_then(orders: Orders, pause_s: float = PAUSE_S) -> None:
    """Looks until cancelled. A look without an answer begins the count of steady time anew."""
    answered_s = 0.0
    while True:
        await asyncio.sleep(pause_s)  # first of all: a server that has just started is busy
        try:
            for name in await orders.revive(answered_s >= STEADY_S):
                _log.warning("%s was lost and goes on", name)
            answered_s += pause_s
        except CastbookError as error:
            answered_s = 0.0
            _log.warning("nobody looked after lost orders: %s", error)
