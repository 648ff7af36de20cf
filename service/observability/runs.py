"""Metrics of work that other processes do: what Prefect says of it, noted in this one.

Flow processes live too briefly to be scraped, and a push gateway would be one more server:
counters grow by the events of orders, gauges by a census now and then.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, get_args

from castbook.errors import CastbookError
from flows.orders.port import Order, OrderEvent, Orders, State
from service.observability.meters import Meters

log = logging.getLogger("castbook.orders")

CENSUS_S = 15.0  # Prometheus scrapes every 15 s (deploy/prometheus/prometheus.yml)
_REMEMBERED = 10_000  # orders whose progress is remembered; a book is one
_FINAL = frozenset({"completed", "failed", "cancelled"})
STATES: tuple[State, ...] = get_args(State)


class RunLedger:
    """Turns events of orders into counts, each once."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._done: OrderedDict[str, int] = OrderedDict()  # order -> segments counted
        self._ended: OrderedDict[str, None] = OrderedDict()

    def progress(self, order_id: str, data: Mapping[str, Any]) -> None:
        """``{"done": n, …}`` of an order: what is new counts as made."""
        done = data.get("done")
        if not isinstance(done, int) or isinstance(done, bool):
            return
        before = self._done.get(order_id, 0)
        if done > before:
            self._meters.segments.labels("made").inc(done - before)
            _remember(self._done, order_id, done)

    def ended(self, order: Order) -> None:
        """An order in a final state; later news of the same order count no more."""
        if order.state not in _FINAL or order.id in self._ended:
            return
        _remember(self._ended, order.id, None)
        if order.kind == "deliver":
            outcome = "delivered" if order.state == "completed" else "dead"
            self._meters.deliveries.labels(outcome).inc()
            return
        self.progress(order.id, {"done": order.done})
        if order.state == "failed":
            missing = max(order.total - max(order.done, self._done.get(order.id, 0)), 0)
            # an order of one text has no total
            self._meters.segments.labels("failed").inc(missing or 1)
        elif order.state == "completed" and order.kind == "speech" and not order.done:
            self._meters.segments.labels("made").inc()


def _remember(memory: OrderedDict[str, Any], order_id: str, value: Any) -> None:
    memory[order_id] = value
    memory.move_to_end(order_id)
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)


async def note(event: OrderEvent, orders: Orders, ledger: RunLedger) -> None:
    """Counts what one event says; asks for the order itself only at its end."""
    if event.kind == "progress":
        ledger.progress(event.order_id, event.data)
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


async def count(orders: Orders, meters: Meters) -> None:
    """Sets the gauges of runs, queue and workers. Where Prefect is away they keep their last
    value and ``audiobook_orders_up`` is 0."""
    try:
        census = await orders.census()
    except CastbookError as error:
        meters.orders_up.set(0)
        log.warning("no census of the runs: %s", error)
        return
    meters.orders_up.set(1)
    for state in STATES:
        meters.flow_runs.labels(state).set(census.runs.get(state, 0))
    meters.queue_depth.set(census.due)
    meters.workers.set(census.workers)


async def count_now_and_then(orders: Orders, meters: Meters) -> None:
    """``count`` until cancelled."""
    while True:
        await count(orders, meters)
        await asyncio.sleep(CENSUS_S)
