"""Chapters of one book, made at once by two workers of a pool of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from books_of_tone import write_book

from flows.server import POOL, Server, prefect_child

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300), pytest.mark.xdist_group("prefect")]

GPU_POOL = "castbook-gpu"


def test_two_workers_share_a_book_and_its_build_folder(
    tmp_path: Path, prefect_server: Server
) -> None:
    from flows.deployment import register_deployment
    from flows.local import run_locally
    from flows.orders.client import PrefectOrders

    project = write_book(tmp_path / "alice", options={"cost_ms": 60})
    register_deployment(prefect_server.api_url, POOL, GPU_POOL)
    root = str(Path(__file__).parents[2])
    environment = {
        **prefect_server.environment,
        "CASTBOOK_PROJECTS": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]),
        "PREFECT_LOGGING_LEVEL": "ERROR",
    }

    async def order_two() -> list[Any]:
        orders = PrefectOrders(prefect_server.api_url)
        try:
            await patiently(lambda: there(orders))
            placed = [
                (await orders.place("chapter", chapter(number), trace=f"order-{number}")).order
                for number in (1, 3)
            ]
            return await patiently(lambda: ended(orders, placed))
        finally:
            await orders.close()

    try:
        with contextlib.ExitStack() as stack:
            for name in ("first", "second"):
                words = ("worker", "start", "--pool", GPU_POOL, "--name", name)
                more = ("--type", "process", "--limit", "1")
                stack.enter_context(prefect_child((*words, *more), environment))
            first, second = asyncio.run(order_two())
    finally:
        register_deployment(prefect_server.api_url, POOL, "")  # as the other tests know it
    assert [first.state, second.state] == ["completed"] * 2, (first.message, second.message)
    # a worker takes one run at a time, so it were two of them
    taken = [when_taken(prefect_server, order.id) for order in (first, second)]
    assert max(taken) < min(first.ended_at, second.ended_at)

    # the book's own run speaks the chapter that nobody ordered, and packages all three
    masters = {p: p.stat().st_mtime_ns for p in (project / "build/chapters").glob("*.flac")}
    assert len(masters) == 2
    traces = {
        json.loads(path.read_text("utf-8"))["circumstances"]["trace"]
        for path in (project / "build/takes").rglob("*.json")
    }
    assert traces == {"order-1", "order-3"}
    takes = {p.name for p in (project / "build/takes").rglob("*.flac")}
    report = run_locally(project)
    assert report.clean
    assert report.made == len({p.name for p in (project / "build/takes").rglob("*.flac")} - takes)
    assert {p: p.stat().st_mtime_ns for p in masters} == masters
    assert list((project / "build/claims").glob("*.json")) == []
    (book,) = (project / "build/out").rglob("*.m4b")
    assert "incomplete" not in book.name


def when_taken(server: Server, run: str) -> datetime:
    """When a worker took a run; its process may need seconds more to begin on a busy machine."""
    address = f"{server.api_url}/flow_run_states/"
    states = httpx.get(address, params={"flow_run_id": run}, timeout=60).json()
    return min(datetime.fromisoformat(s["timestamp"]) for s in states if s["type"] == "PENDING")


def chapter(number: int) -> dict[str, Any]:
    """Parameters of the deployment."""
    return {"project": "alice", "number": number}


async def there(orders: Any) -> bool:
    """Whether both workers have sent a heartbeat."""
    return (await orders.census()).workers >= 2


async def ended(orders: Any, placed: list[Any]) -> list[Any] | None:
    """The orders once all have ended."""
    found = [await orders.get(order.id) for order in placed]
    return [o for o in found if o] if all(o and o.ended_at for o in found) else None


async def patiently(check: Callable[[], Awaitable[Any]], seconds: float = 120.0) -> Any:
    """Asks now and then until ``check`` gives something; that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := await check():
            return value
        await asyncio.sleep(0.5)
    raise AssertionError("it did not happen in time")
