"""Orders in memory, for tests of whatever places or follows them."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import itertools
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from castbook.errors import Unavailable
from flows.orders.port import Census, KeyReused, Kind, LogLine, Order, OrderEvent, Placed, State


@dataclass
class FakeOrders:
    """See ``flows.orders.port.Orders``. Nothing runs: the test says what happens (``move``)."""

    away: bool = False  # the server does not answer
    orders: dict[str, Order] = field(default_factory=dict)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> id, body
    placed: list[Mapping[str, Any]] = field(default_factory=list)  # arguments of each new order
    lines: dict[str, list[str]] = field(default_factory=dict)  # logs
    _followers: list[asyncio.Queue[OrderEvent]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def place(
        self,
        kind: Kind,
        parameters: Mapping[str, Any],
        *,
        key: str | None = None,
        body_sha256: str = "",
        principal: str = "",
        trace: str = "",
        name: str = "",
        at: datetime | None = None,
        priority: Literal["high", "normal", "low"] = "normal",
        tags: tuple[str, ...] = (),
    ) -> Placed:
        self._answer()
        if key is not None and key in self.keys:
            known, body = self.keys[key]
            if body != body_sha256:
                raise KeyReused("this key was used before, for another request")
            return Placed(self.orders[known], False)
        order = Order(
            id=str(uuid.uuid4()),
            kind=kind,
            state="pending",
            name=name or f"{kind}-{len(self.orders) + 1}",
            created_at=datetime.now(UTC),
            parameters=dict(parameters),
            principal=principal,
            trace=trace,
            page="http://prefect.test/runs/flow-run/1",
        )
        self.orders[order.id] = order
        if key is not None:
            self.keys[key] = (order.id, body_sha256)
        self.placed.append(
            {
                "kind": kind,
                "parameters": dict(parameters),
                "key": key,
                "principal": principal,
                "trace": trace,
                "at": at,
                "priority": priority,
                "tags": tags,
            }
        )
        return Placed(order, True)

    async def get(self, order_id: str) -> Order | None:
        self._answer()
        return self.orders.get(order_id)

    async def find(
        self,
        *,
        kinds: tuple[Kind, ...] = (),
        states: tuple[State, ...] = (),
        principal: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[Order, ...]:
        self._answer()
        found = [
            order
            for order in reversed(self.orders.values())
            if (not kinds or order.kind in kinds)
            and (not states or order.state in states)
            and principal in (None, order.principal)
        ]
        return tuple(found[offset : offset + limit])

    async def cancel(self, order_id: str) -> Order | None:
        self._answer()
        if order_id in self.orders and self.orders[order_id].ended_at is None:
            self.move(order_id, state="cancelled", paused=False, ended_at=datetime.now(UTC))
        return self.orders.get(order_id)

    async def resume(self, order_id: str) -> Order | None:
        self._answer()
        if order_id in self.orders and self.orders[order_id].paused:
            self.move(order_id, paused=False)
        return self.orders.get(order_id)

    async def log(self, order_id: str, limit: int = 200, offset: int = 0) -> tuple[LogLine, ...]:
        self._answer()
        rows = self.lines.get(order_id, [])[offset : offset + limit]
        return tuple(LogLine(datetime.now(UTC), 20, text) for text in rows)

    async def events(self) -> AsyncIterator[OrderEvent]:
        queue: asyncio.Queue[OrderEvent] = asyncio.Queue()
        self._followers.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._followers.remove(queue)

    async def healthy(self) -> bool:
        return not self.away

    async def census(self) -> Census:
        self._answer()
        found = list(self.orders.values())
        runs = collections.Counter(order.state for order in found)
        due = sum(order.state == "pending" and not order.paused for order in found)
        return Census(runs, due, 1)

    async def revive(self, steady: bool) -> tuple[str, ...]:
        self._answer()
        return ()

    async def close(self) -> None:
        return None

    def move(self, order_id: str, **changes: Any) -> None:
        """Changes an order, as its flow would, and tells those who follow."""
        order = dataclasses.replace(self.orders[order_id], **changes)
        self.orders[order_id] = order
        if {"state", "paused", "message"} & changes.keys():
            shown = ("state", "paused", "crashed", "message")
            self.tell(order_id, "state", {name: getattr(order, name) for name in shown})
        if {"done", "total"} & changes.keys():
            self.tell(order_id, "progress", {"done": order.done, "total": order.total})

    def tell(
        self, order_id: str, kind: Literal["state", "progress", "line"], data: Mapping[str, Any]
    ) -> None:
        """An event, for everyone who follows."""
        event = OrderEvent(f"{next(self._numbers):017d}-0", order_id, kind, data, datetime.now(UTC))
        for queue in self._followers:
            queue.put_nowait(event)

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("the Prefect server does not answer", retry_after_s=2)
