"""Following runs: replay by the last id, snapshots, slow readers, the end of a stream."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_orders import FakeOrders
from live import live, make_desk
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from flows.orders.port import Order, OrderEvent
from service.app import create_app
from service.desk import Desk
from service.jobs import following
from service.jobs.broadcaster import (
    KEPT_EVENTS,
    KEPT_ORDERS,
    MOST_WAITING,
    Broadcaster,
    broadcasting,
)
from service.jobs.following import Told, tell

numbers = itertools.count(1)
ROOMS = ("service.jobs.room", "service.security.room")


def event(order: str = "o", kind: Any = "line", **data: Any) -> OrderEvent:
    return OrderEvent(f"{next(numbers):017d}-0", order, kind, data, datetime.now(UTC))


def run(check: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(check(), 20))


def test_who_comes_back_misses_nothing() -> None:
    broadcaster = Broadcaster()
    events = [event(text=str(number)) for number in range(5)]
    for each in events:
        broadcaster.publish(each)
    with broadcaster.following("o", events[1].id) as follower:
        assert follower.known
        assert list(follower.missed) == events[2:]
    with broadcaster.following("o", "an id that nobody kept") as follower:
        assert not follower.known
        assert follower.missed == ()
        assert follower.last == events[-1].id


def test_memory_is_bounded_in_every_direction() -> None:
    broadcaster = Broadcaster()
    for number in range(KEPT_ORDERS + 50):
        broadcaster.publish(event(f"order {number}"))
    with broadcaster.following("order 0") as follower:
        assert follower.last == ""
    first = event()
    broadcaster.publish(first)
    with broadcaster.following("o") as slow:
        for _ in range(KEPT_EVENTS):
            broadcaster.publish(event())
        assert slow.lost
        assert slow._waiting.qsize() <= MOST_WAITING
    with broadcaster.following("o", first.id) as follower:
        assert not follower.known
    assert not broadcaster._followers


async def placed(orders: FakeOrders) -> Order:
    return (await orders.place("speech", {"text": "Hello."})).order


async def until_heard(orders: FakeOrders) -> None:
    while not orders._followers:
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LINGER_S", 0.05)


def test_a_follower_hears_a_snapshot_and_then_everything_to_the_end(tmp_path: Path) -> None:
    orders = FakeOrders()
    desk = make_desk(tmp_path, orders)

    async def check() -> None:
        async with broadcasting(orders) as desk.parts[Broadcaster]:
            await until_heard(orders)
            order = await placed(orders)
            heard: list[Told] = []
            async for told in tell(desk, order):
                heard.append(told)
                if told.name == "snapshot":
                    orders.move(order.id, state="processing")
                    orders.move(order.id, done=1, total=2)
                    orders.move(order.id, state="completed")
                    orders.tell(order.id, "line", {"text": "the last line was late"})
            assert [told.name for told in heard] == [
                "snapshot", "state", "progress", "state", "line",
            ]  # fmt: skip
            again = [told async for told in tell(desk, order, heard[2].id)]
            assert [told.name for told in again] == ["state", "line"]

    run(check)


def test_an_end_that_was_never_told_is_seen_with_the_next_ping(tmp_path: Path) -> None:
    orders = FakeOrders()
    desk = make_desk(tmp_path, orders)

    async def check() -> None:
        async with broadcasting(None) as desk.parts[Broadcaster]:  # hears nothing
            order = await placed(orders)
            names = []
            async for told in tell(desk, order, ping_s=0.01):
                names.append(told.name)
                if len(names) == 3:
                    orders.away = True  # a server that is away ends no stream
                if len(names) == 5:
                    orders.away = False
                    orders.move(order.id, state="completed")
            assert names[0] == names[-1] == "snapshot"
            assert set(names[1:-1]) == {""}

    run(check)


def test_a_crash_is_no_end_while_it_may_be_started_again(tmp_path: Path) -> None:
    orders = FakeOrders()
    desk = make_desk(tmp_path, orders)

    async def check() -> None:
        async with broadcasting(orders) as desk.parts[Broadcaster]:
            await until_heard(orders)
            order = await placed(orders)
            now = datetime.now(UTC)
            orders.move(order.id, state="failed", crashed=True, ended_at=now)
            stream = tell(desk, order, ping_s=0.01)
            first = await anext(stream)
            assert first.data["status"] == "failed"
            assert [(await anext(stream)).name for _ in range(3)] == ["state", "", ""]
            orders.move(order.id, ended_at=now - timedelta(minutes=2))
            rest = [told.name async for told in stream]
            assert rest[-1] == "snapshot"

    run(check)


def test_who_is_too_slow_starts_anew(tmp_path: Path) -> None:
    orders = FakeOrders()
    desk = make_desk(tmp_path, orders)

    async def check() -> None:
        async with broadcasting(None) as desk.parts[Broadcaster]:
            order = await placed(orders)
            stream = tell(desk, order)
            await anext(stream)
            for _ in range(MOST_WAITING + 10):
                desk.part(Broadcaster).publish(event(order.id, text="fast"))
            told = await anext(stream)
            assert (told.name, told.data["id"]) == ("resync", order.id)
            await stream.aclose()

    run(check)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """(address, orders, desk) of an app that asks for a key."""
    orders = FakeOrders()
    keys = {"ann": "key-of-ann"}
    desk: Desk = make_desk(tmp_path_factory.mktemp("data"), orders, api_keys=keys)
    with live(create_app(desk, ROOMS)) as address:
        yield address, orders, desk


KEY = {"X-API-Key": "key-of-ann"}


def blocks(text: str) -> list[dict[str, str]]:
    """The messages of an event stream."""
    found = [
        dict(line.split(": ", 1) for line in block.splitlines())
        for block in text.split("\n\n")
        if block and not block.startswith(":")
    ]
    assert all({"id", "event", "data"} == set(block) for block in found)
    return found


def test_event_streams_resume_and_end(served: Any) -> None:
    address, orders, _ = served
    order = asyncio.run(placed(orders))
    url = f"{address}/v1/runs/{order.id}/events"
    text = ""
    with httpx.stream("GET", url, headers=KEY, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        for chunk in answer.iter_text():
            if not text:
                orders.move(order.id, done=1, total=2)
                orders.tell(order.id, "line", {"text": "[✓] 任务1完成 → output_001.wav"})
                orders.move(order.id, state="completed")
            text += chunk
    heard = blocks(text)
    assert [block["event"] for block in heard] == ["snapshot", "progress", "line", "state"]
    assert json.loads(heard[2]["data"])["text"] == "[✓] 任务1完成 → output_001.wav"
    rest = httpx.get(url, headers={**KEY, "Last-Event-ID": heard[1]["id"]}, timeout=10)
    assert blocks(rest.text) == heard[2:]
    over = httpx.get(url, headers={**KEY, "Last-Event-ID": heard[-1]["id"]}, timeout=10)
    assert over.status_code == 204
    fresh = blocks(httpx.get(url, headers=KEY, timeout=10).text)
    assert [block["event"] for block in fresh] == ["snapshot"]
    assert httpx.get(url, timeout=10).status_code == 401
    assert httpx.get(f"{address}/v1/runs/no/events", headers=KEY, timeout=10).status_code == 404


def test_sockets_hear_the_same(served: Any) -> None:
    address, orders, _ = served
    url = address.replace("http", "ws")

    async def check() -> None:
        order = await placed(orders)
        async with connect(f"{url}/v1/runs/{order.id}/events", additional_headers=KEY) as socket:
            first = json.loads(await socket.recv())
            assert (first["event"], first["data"]["status"]) == ("snapshot", "pending")
            orders.move(order.id, state="cancelled")
            second = json.loads(await socket.recv())
            assert (second["event"], second["data"]["state"]) == ("state", "cancelled")
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1000
        resumed = f"{url}/v1/runs/{order.id}/events?last={first['id']}"
        async with connect(resumed, additional_headers=KEY) as socket:
            assert json.loads(await socket.recv())["event"] in ("snapshot", "state")
        async with connect(f"{url}/v1/runs/no/events", additional_headers=KEY) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4404
        with pytest.raises((InvalidStatus, ConnectionClosed)):
            async with connect(f"{url}/v1/runs/{order.id}/events") as socket:
                await socket.recv()

    run(check)
