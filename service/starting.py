"""Orders of a Prefect server that is still starting: refused for now, never forgotten.

``castbook serve`` answers at once, and its Prefect server half a minute later. Until then every
order is refused with ``Unavailable``, which clients read as 503 with ``Retry-After``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Literal

from castbook.errors import Unavailable
from flows.orders.port import Census, Kind, LogLine, Order, OrderEvent, Orders, Placed, State

RETRY_S = 5
_LOOK_S = 0.2


class StillStarting(Unavailable):
    """Nothing is wrong: it takes its time."""


class LateOrders:
    """See ``flows.orders.port.Orders``. ``open`` may be called from any thread."""

    def __init__(self) -> None:
        self._orders: Orders | None = None
        self._why = "jobs are still starting here: send the same request again"
        self._kind: type[Unavailable] = StillStarting

    def open(self, orders: Orders) -> None:
        """From now on everything goes to ``orders``."""
        self._orders = orders

    def fail(self, why: str) -> None:
        """Nothing can be ordered for the time being; callers are told why."""
        self._orders, self._why, self._kind = None, why, Unavailable

    @property
    def _there(self) -> Orders:
        if self._orders is None:
            raise self._kind(self._why, RETRY_S)
        return self._orders

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
        """See ``Orders.place``."""
        return await self._there.place(
            kind,
            parameters,
            key=key,
            body_sha256=body_sha256,
            principal=principal,
            trace=trace,
            name=name,
            at=at,
            priority=priority,
            tags=tags,
        )

    async def get(self, order_id: str) -> Order | None:
        """See ``Orders.get``."""
        return await self._there.get(order_id)

    async def find(
        self,
        *,
        kinds: tuple[Kind, ...] = (),
        states: tuple[State, ...] = (),
        principal: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[Order, ...]:
        """See ``Orders.find``."""
        return await self._there.find(
            kinds=kinds, states=states, principal=principal, limit=limit, offset=offset
        )

    async def cancel(self, order_id: str) -> Order | None:
        """See ``Orders.cancel``."""
        return await self._there.cancel(order_id)

    async def resume(self, order_id: str) -> Order | None:
        """See ``Orders.resume``."""
        return await self._there.resume(order_id)

    async def log(self, order_id: str, limit: int = 200, offset: int = 0) -> tuple[LogLine, ...]:
        """See ``Orders.log``."""
        return await self._there.log(order_id, limit, offset)

    async def events(self) -> AsyncIterator[OrderEvent]:
        """See ``Orders.events``. Waits for the server to be there."""
        while self._orders is None:
            await asyncio.sleep(_LOOK_S)
        async for event in self._orders.events():
            yield event

    async def healthy(self) -> bool:
        """See ``Orders.healthy``."""
        return self._orders is not None and await self._orders.healthy()

    async def census(self) -> Census:
        """See ``Orders.census``."""
        return await self._there.census()

    async def revive(self, steady: bool) -> tuple[str, ...]:
        """See ``Orders.revive``."""
        return await self._there.revive(steady)

    async def close(self) -> None:
        """See ``Orders.close``."""
        if self._orders is not None:
            await self._orders.close()
