"""One stream of events from Prefect, for any number of followers in this process.

Keeps the last events of the orders that were heard of last, so that a follower who comes back
with the id of the last event it saw misses none. Memory is bounded in every direction: events
of an order, orders, events that wait for a slow follower.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from castbook.errors import CastbookError
from flows.orders.port import OrderEvent, Orders

KEPT_EVENTS = 500  # of one order
KEPT_ORDERS = 1_000
MOST_WAITING = 200  # events for one follower; one that is slower starts anew from a snapshot
AGAIN_S = 5.0  # before the stream is opened again

_log = logging.getLogger("castbook.orders")


@dataclass(eq=False, slots=True)
class Follower:
    """Somebody who follows one order."""

    missed: tuple[OrderEvent, ...]  # since the event that it saw last
    known: bool  # False: what it saw last is not kept any more, or it saw nothing yet
    last: str  # id of the newest event that is kept; "" for none
    lost: bool = False  # it was too slow: events are missing
    _waiting: asyncio.Queue[OrderEvent] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))

    def offer(self, event: OrderEvent) -> None:
        """Puts an event in its queue; a queue that is full is emptied and called lost."""
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.lost = True
            while not self._waiting.empty():
                self._waiting.get_nowait()
            self._waiting.put_nowait(event)

    async def next(self, seconds: float) -> OrderEvent | None:
        """The next event; None if there is none for so long."""
        try:
            return await asyncio.wait_for(self._waiting.get(), seconds)
        except TimeoutError:
            return None


class Broadcaster:
    """Of one process; lives in ``desk.parts``. Used from the event loop alone."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, deque[OrderEvent]] = OrderedDict()
        self._followers: dict[str, set[Follower]] = {}

    async def listen(self, orders: Orders) -> None:
        """Hears all events, until cancelled."""
        while True:
            try:
                async for event in orders.events():
                    self.publish(event)
            except CastbookError as error:
                _log.warning("events of orders are not heard: %s", error)
            await asyncio.sleep(AGAIN_S)

    def publish(self, event: OrderEvent) -> None:
        """Keeps an event and hands it to those who follow its order."""
        kept = self._kept.get(event.order_id)
        if kept is None:
            kept = self._kept[event.order_id] = deque(maxlen=KEPT_EVENTS)
            if len(self._kept) > KEPT_ORDERS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(event.order_id)
        kept.append(event)
        for follower in self._followers.get(event.order_id, ()):
            follower.offer(event)

    @contextlib.contextmanager
    def following(self, order_id: str, last: str = "") -> Iterator[Follower]:
        """A follower of an order.

        Args:
            last: id of the event that it saw last.
        """
        kept = tuple(self._kept.get(order_id, ()))
        ids = [event.id for event in kept]
        known = last in ids
        missed = kept[ids.index(last) + 1 :] if known else ()
        follower = Follower(missed, known, ids[-1] if ids else "")
        self._followers.setdefault(order_id, set()).add(follower)
        try:
            yield follower
        finally:
            others = self._followers[order_id]
            others.discard(follower)
            if not others:
                del self._followers[order_id]


@contextlib.asynccontextmanager
async def broadcasting(orders: Orders | None) -> AsyncIterator[Broadcaster]:
    """A broadcaster that listens while the context is open."""
    broadcaster = Broadcaster()
    if orders is None:
        yield broadcaster
        return
    listening = asyncio.create_task(broadcaster.listen(orders), name="events of orders")
    try:
        yield broadcaster
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
