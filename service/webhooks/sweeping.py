"""Ends that nobody was told: of runs that were cancelled, or died before their last step.

The run itself places its callback. Whatever it could not place is placed here, under the same
key, so that it makes no difference who was first.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from castbook.errors import CastbookError
from flows.orders.port import Order, Orders
from service.starting import StillStarting
from tasks.hooks.callbacks import delivery_key, delivery_parameters

PAUSE_S = 300.0
AGAIN_S = 15.0  # while the server is away
SETTLED = timedelta(minutes=2)  # the run has its own last step behind it
CRASHED = timedelta(hours=1)  # the server starts a crashed run again after 30 s
OLDEST = timedelta(days=3)
_PAGE = 200
_log = logging.getLogger("castbook.orders")


async def sweep_now_and_then(orders: Orders, pause_s: float = PAUSE_S) -> None:
    """Sweeps until cancelled; the first time as soon as the server answers."""
    told: set[str] = set()
    away = False
    while True:
        try:
            await sweep(orders, told, datetime.now(UTC))
            away = False
        except CastbookError as error:
            if not away and not isinstance(error, StillStarting):
                _log.warning("callbacks are not looked after: %s", error)
            away = True
        await asyncio.sleep(min(AGAIN_S, pause_s) if away else pause_s)


async def sweep(orders: Orders, told: set[str], now: datetime) -> int:
    """Places what is missing among the newest orders; how many deliveries are new.

    Args:
        told: keys that need no second look; it grows.
    """
    ended = await orders.find(
        kinds=("speech", "batch", "book"),
        states=("completed", "failed", "cancelled"),
        limit=_PAGE,
    )
    placed = 0
    due = {delivery_key(order.id, _kind(order)): order for order in ended if is_due(order, now)}
    for key, order in due.items():
        if key in told:
            continue
        parameters = delivery_parameters(
            str(order.parameters["callback"]),
            _kind(order),
            order.id,
            _told(order),
            trace=order.trace,
            at=order.ended_at,
        )
        placed += (await orders.place("deliver", parameters, key=key, trace=order.trace)).new
        told.add(key)
    told &= set(due)  # what has left the page is too old, or will be found placed
    return placed


def is_due(order: Order, now: datetime) -> bool:
    """Whether somebody should have been told by now."""
    if not order.parameters.get("callback") or order.ended_at is None:
        return False
    age = now - order.ended_at
    return (CRASHED if order.crashed else SETTLED) <= age < OLDEST


def _kind(order: Order) -> str:
    return f"{order.kind}.{'completed' if order.state == 'completed' else 'failed'}"


def _told(order: Order) -> dict[str, str]:
    said = {"request_id": str(order.parameters["id"])} if order.parameters.get("id") else {}
    if order.state == "completed":
        return said
    return {**said, "error": order.message or order.state}
