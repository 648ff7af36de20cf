"""From an id in a path to the order, or to the right refusal."""

from __future__ import annotations

from flows.orders.port import Order, Orders
from service.desk import Desk
from service.problems import Problem

MOST_ID = 100  # characters


def orders_of(desk: Desk) -> Orders:
    """The port to Prefect.

    Raises:
        Problem: 503, where no server is configured.
    """
    if desk.orders is None:
        raise Problem(
            503,
            "there are no jobs here: no Prefect server is configured; set PREFECT_API_URL, or"
            " start castbook serve without --no-jobs",
            code="no_jobs",
            headers={"Retry-After": "30"},
        )
    return desk.orders


async def found(desk: Desk, order_id: str) -> Order:
    """The order of that id.

    Raises:
        Problem: 404, there is none.
        Unavailable: Prefect does not answer.
    """
    order = await orders_of(desk).get(order_id) if len(order_id) <= MOST_ID else None
    if order is None:
        raise Problem(404, f"there is no run {order_id[:MOST_ID]!r}", code="unknown_run")
    return order
