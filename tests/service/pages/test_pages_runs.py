"""Which run a book's page shows, and how long it will take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from fake_orders import FakeOrders

from castbook.errors import Unavailable
from flows.orders.port import Order
from service.pages.runs import newest_orders, order_work, run_view, seconds_left
from service.problems import Problem

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HILL = Path("/books/hill")


def order(name: str, state: Any, project: str = "/books/hill", **more: Any) -> Order:
    parameters = {"project": project, **({"number": 2} if name == "chapter" else {})}
    fields: dict[str, Any] = {
        "started_at": NOW - timedelta(seconds=60),
        "parameters": parameters,
        **more,
    }
    return Order(name, "book", state, name, NOW, **fields)


@pytest.mark.parametrize(
    ("state", "done", "total", "left"),
    [
        ("processing", 20, 80, 180.0),
        ("processing", 80, 80, 0.0),
        ("processing", 0, 80, None),
        ("processing", 0, 0, None),
        ("completed", 20, 80, None),
    ],
)
def test_what_is_left_follows_from_the_speed_so_far(
    state: str, done: int, total: int, left: float | None
) -> None:
    assert seconds_left(order("a", state, done=done, total=total), NOW) == left


def test_the_newest_working_run_is_shown_else_the_newest() -> None:
    others = order("other", "processing", "/books/hill-2")
    ended, works = order("ended", "failed"), order("chapter", "processing")
    shown = run_view([others, ended, works], HILL, NOW)
    assert shown is not None
    assert (shown.id, shown.chapter, shown.active) == ("chapter", 2, True)
    shown = run_view([others, ended], HILL, NOW)
    assert shown is not None and (shown.id, shown.active) == ("ended", False)
    assert run_view([others], HILL, NOW) is None


def test_only_web_addresses_become_links() -> None:
    shown = run_view([order("a", "failed", page="javascript:alert(1)")], HILL, NOW)
    assert shown is not None and shown.page == ""


def test_a_server_that_is_away_shows_no_run_and_takes_no_order() -> None:
    away = FakeOrders(away=True)
    assert anyio.run(newest_orders, away) == ()
    with pytest.raises(Unavailable):
        anyio.run(order_work, away, HILL, "hill", "me")
    with pytest.raises(Problem, match="castbook make /books/hill"):
        anyio.run(order_work, None, HILL, "hill", "me")
