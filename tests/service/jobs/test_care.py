"""Orders that nobody works on are looked for; who was silent is gone only on a steady server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from fake_orders import FakeOrders

from castbook.errors import Unavailable
from service.jobs import care


class Moody(FakeOrders):
    """Does not answer the looks with these numbers; ``looks`` has None for them."""

    def __init__(self, silent: set[int], done: Callable[[], None], most: int) -> None:
        super().__init__()
        self._silent, self._done, self._most = silent, done, most
        self.seen: list[bool | None] = []

    async def revive(self, steady: bool) -> tuple[str, ...]:
        number = len(self.seen)
        self.seen.append(None if number in self._silent else steady)
        if number + 1 == self._most:
            self._done()
        if number in self._silent:
            raise Unavailable("away")
        return ("lost",) if number == 0 else ()


def looks(silent: set[int], most: int) -> list[bool | None]:
    async def look() -> list[bool | None]:
        done = asyncio.Event()
        orders = Moody(silent, done.set, most)
        looking = asyncio.create_task(care.look_now_and_then(orders, 0.001))
        await asyncio.wait_for(done.wait(), 10)
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        return orders.seen[:most]

    return asyncio.run(look())


def test_a_server_is_steady_after_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(care, "STEADY_S", 0.0025)
    assert looks(set(), 5) == [False, False, False, True, True]
    assert "lost was lost and goes on" in caplog.text


def test_a_server_that_was_away_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(care, "STEADY_S", 0.0015)
    found = looks({3}, 7)
    assert found == [False, False, True, None, False, False, True]


def test_it_begins_and_ends_with_the_app() -> None:
    async def check() -> None:
        async with care.caring(FakeOrders()):
            names = {task.get_name() for task in asyncio.all_tasks()}
            assert "orders that were lost" in names
        assert len(asyncio.all_tasks()) == 1
        async with care.caring(None):
            assert len(asyncio.all_tasks()) == 1

    asyncio.run(check())
