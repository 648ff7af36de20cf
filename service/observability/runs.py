"""Metrics of work that other processes do: what Prefect says of it, noted in this one.

Flow processes live too briefly to be scraped, and a push gateway would be one more server:
counters grow by the events of orders, gauges by a census now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import get_args

from castbook.errors import CastbookError
from flows.orders.port import Order, OrderEvent, Orders, State
from service.observability.meters import Meters
from service.starting import StillStarting

log = logging.getLogger("castbook.orders")

CENSUS_S = 15.0  # Prometheus scrapes every 15 s (deploy/prometheus/prometheus.yml)
_REMEMBERED = 10_000  # orders, and events, that are known again
_FINAL = frozenset({"completed", "failed", "cancelled"})
_SPEAKING = frozenset({"book", "chapter", "speech", "batch"})
STATES: tuple[State, ...] = get_args(State)


@dataclass(slots=True)
class _Seen:
    """What was counted of one order."""

    found: int | None = None  # finished when it began; None: nobody has told yet
    made: int = 0
    failed: int = 0
    ended: bool = False


class RunLedger:
    """Turns events of orders into counts, each event once."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._orders: OrderedDict[str, _Seen] = OrderedDict()
        self._events: OrderedDict[str, None] = OrderedDict()

    def is_new(self, event: OrderEvent) -> bool:
        """Whether an event comes for the first time: after a pause Prefect repeats a minute."""
        if event.id in self._events:
            return False
        self._events[event.id] = None
        while len(self._events) > _REMEMBERED:
            self._events.popitem(last=False)
        return True

    def knows(self, order_id: str) -> bool:
        """Whether an order's beginning is known."""
        return self._seen(order_id).found is not None

    def begins(self, order: Order, done: int) -> None:
        """The first that is heard of an order: a book has what earlier runs have left."""
        self._seen(order.id).found = done if order.kind in ("book", "chapter") else 0

    def progress(self, order_id: str, done: int) -> None:
        """So many segments or rows of an order have ended; those that had not failed were made."""
        seen = self._seen(order_id)
        new = done - (seen.found or 0) - seen.failed - seen.made
        if new > 0:
            seen.made += new
            self._meters.segments.labels("made").inc(new)

    def row_failed(self, order_id: str) -> None:
        """One row of a batch."""
        self._seen(order_id).failed += 1
        self._meters.segments.labels("failed").inc()

    def ended(self, order: Order) -> None:
        """An order in a final state; later news of the same order count no more."""
        seen = self._seen(order.id)
        if order.state not in _FINAL or seen.ended:
            return
        seen.ended = True
        if order.kind == "deliver":
            outcome = "delivered" if order.state == "completed" else "dead"
            self._meters.deliveries.labels(outcome).inc()
        elif order.kind in _SPEAKING:
            if seen.found is None:
                self.begins(order, order.done)
            self.progress(order.id, order.done)
            if order.state == "failed" and not seen.failed:
                # an order that failed before it knew its segments counts as one
                missing = max(order.total - (seen.found or 0) - seen.made, 0) or 1
                self._meters.segments.labels("failed").inc(missing)
            elif order.state == "completed" and order.kind == "speech" and not seen.made:
                self.progress(order.id, 1)

    def _seen(self, order_id: str) -> _Seen:
        seen = self._orders.setdefault(order_id, _Seen())
        self._orders.move_to_end(order_id)
        while len(self._orders) > _REMEMBERED:
            self._orders.popitem(last=False)
        return seen


async def note(event: OrderEvent, orders: Orders, ledger: RunLedger) -> None:
    """Counts what one event says; asks for the order itself only at its end."""
    if not ledger.is_new(event):
        return
    done = event.data.get("done")
    if event.kind == "progress" and isinstance(done, int):
        if not ledger.knows(event.order_id):
            order = await orders.get(event.order_id)
            if order is None:
                return
            ledger.begins(order, done)
        ledger.progress(event.order_id, done)
    elif event.kind == "line" and event.data.get("ok") is False:
        ledger.row_failed(event.order_id)
    elif event.kind == "state" and event.data.get("state") in _FINAL:
        order = await orders.get(event.order_id)
        if order is not None:
            ledger.ended(order)


async def follow(orders: Orders, ledger: RunLedger) -> None:
    """Counts events until cancelled; what is missed while Prefect is away stays uncounted."""
    while True:
        try:
            async for event in orders.events():
                await note(event, orders, ledger)
        except CastbookError as error:
            log.warning("events of orders are not heard: %s", error)
        await asyncio.sleep(CENSUS_S)


async def count(orders: Orders, meters: Meters) -> CastbookError | None:
    """Sets the gauges of runs, queue and workers. Where Prefect is away they keep their last
    value and ``audiobook_orders_up`` is 0.

    Returns:
        Why they could not be set.
    """
    try:
        census = await orders.census()
    except CastbookError as error:
        meters.orders_up.set(0)
        return error
    meters.orders_up.set(1)
    for state in STATES:
        meters.flow_runs.labels(state).set(census.runs.get(state, 0))
    meters.queue_depth.set(census.due)
    meters.workers.set(census.workers)
    return None


async def count_now_and_then(orders: Orders, meters: Meters) -> None:
    """``count`` until cancelled. That Prefect is away is said once, and that it is back."""
    away = False
    while True:
        why = await count(orders, meters)
        if why is not None and not away:
            level = logging.INFO if isinstance(why, StillStarting) else logging.WARNING
            log.log(level, "runs are not counted: %s", why)
        elif why is None and away:
            log.info("runs are counted again")
        away = why is not None
        await asyncio.sleep(CENSUS_S)
