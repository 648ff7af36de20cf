"""What happens to orders, as one stream: the server's events in the service's words.

Ids are the time of the event and a part of Prefect's own id: the same in every process and
after every restart, and growing, so that a client can say which one it saw last.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator

from prefect.client.schemas.objects import StateType
from prefect.events.clients import PrefectEventSubscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.events.schemas.events import Event, ReceivedEvent

from flows.orders.port import OrderEvent
from flows.orders.progress import LINE, PROGRESS
from flows.orders.states import MARK, state_of

_RUN = "prefect.flow-run."
_PAUSE_S = (0.5, 3.0)  # before the next try to connect

_log = logging.getLogger("castbook.orders")


async def follow(api_url: str) -> AsyncIterator[OrderEvent]:
    """Events from about a minute ago on, for as long as they are asked for.

    The server's restarts are waited out; what happened meanwhile comes after them.
    """
    while True:
        wanted = EventFilter(event=EventNameFilter(prefix=[_RUN, "castbook."]))
        try:
            async with PrefectEventSubscriber(
                api_url, wanted, reconnection_attempts=3, reconnect_on_clean_close=True
            ) as subscriber:
                async for event in subscriber:
                    if (told := order_event(event)) is not None:
                        yield told
        except Exception as error:  # the boundary to a socket that raises many kinds
            _log.warning("no events from %s: %s; trying again", api_url, error)
        await asyncio.sleep(random.uniform(*_PAUSE_S))


def order_event(event: Event | ReceivedEvent) -> OrderEvent | None:
    """An event of the server as one of an order; None where it is not for clients."""
    resource = event.resource.id
    if not resource.startswith(_RUN):
        return None
    order_id = resource.removeprefix(_RUN)
    micros = int(event.occurred.timestamp() * 1_000_000)
    number = f"{micros:017d}-{event.id.hex[-8:]}"
    if event.event == PROGRESS:
        data = {name: int(event.payload.get(name, 0)) for name in ("done", "total")}
        return OrderEvent(number, order_id, "progress", data, event.occurred)
    if event.event == LINE:
        return OrderEvent(number, order_id, "line", dict(event.payload), event.occurred)
    written = event.resource.get("prefect.state-type") or ""
    ours = any(related.id == f"prefect.tag.{MARK}" for related in event.related)
    if not ours or written not in StateType.__members__:
        return None  # a heartbeat, or a run of somebody else
    kind = StateType[written]
    return OrderEvent(
        number,
        order_id,
        "state",
        {
            "state": state_of(kind),
            "paused": kind is StateType.PAUSED,
            "crashed": kind is StateType.CRASHED,
            "message": event.resource.get("prefect.state-message") or "",
        },
        event.occurred,
    )
