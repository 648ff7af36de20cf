"""Texts ordered by webhook, as other systems do: paced, all at once, repeated after a refusal."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

ACCEPTED, REPLAYED, BUSY = 202, 200, 503
ANSWER_S = 120.0  # how long a client waits
PATIENCE_S = 600.0  # for one order with all its repetitions


@dataclass(frozen=True, slots=True)
class Post:
    """One request and its answer; status 0 for none."""

    id: str
    status: int
    seconds: float
    task: str = ""
    honest: bool = True  # a 503 that says when to come back


@dataclass(slots=True)
class Sent:
    """An order and every request that it took."""

    id: str
    task: str = ""
    posts: list[Post] = field(default_factory=list)


def order(name: str) -> dict[str, Any]:
    """A text of a few words that nothing else says."""
    word = hashlib.sha256(name.encode()).hexdigest()
    said = " ".join(
        ("tea", "rain", "boat", "lamp", "road", "bell")[int(c, 16) % 6] for c in word[:6]
    )
    return {"id": name, "text": f"{said}, {int(word[:6], 16)}.", "output_name": name}


def names(prefix: str, count: int) -> list[str]:
    """``prefix-0001`` …"""
    return [f"{prefix}-{number:04}" for number in range(1, count + 1)]


async def posted(address: str, orders: Sequence[dict[str, Any]], in_flight: int) -> list[Post]:
    """Each order once, with so many requests under way, each on its own connection."""
    turns = asyncio.Semaphore(in_flight)
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)

    async with httpx.AsyncClient(timeout=ANSWER_S, limits=limits) as client:

        async def one(body: dict[str, Any]) -> Post:
            async with turns:
                return await _post(client, address, body)

        return list(await asyncio.gather(*map(one, orders)))


async def delivered(
    address: str,
    orders: Iterable[dict[str, Any]],
    ready: Callable[[int], bool],
    chance: random.Random,
) -> list[Sent]:
    """One order after the other, each repeated until it is accepted: what a sender of webhooks
    does, whatever is down meanwhile.

    Args:
        ready: whether one more may follow so many.
    """
    async with httpx.AsyncClient(timeout=ANSWER_S) as client:

        async def one(body: dict[str, Any]) -> Sent:
            sent = Sent(body["id"])
            deadline = time.monotonic() + PATIENCE_S
            while not sent.task and time.monotonic() < deadline:
                post = await _post(client, address, body)
                sent.posts.append(post)
                sent.task = post.task
                if not post.task:
                    await asyncio.sleep(chance.uniform(1.0, 3.0))
            return sent

        sending: list[asyncio.Task[Sent]] = []
        for body in orders:
            while not ready(len(sending)):
                await asyncio.sleep(0.2)
            sending.append(asyncio.create_task(one(body)))
            await asyncio.sleep(0.1)
        return list(await asyncio.gather(*sending))


async def _post(client: httpx.AsyncClient, address: str, body: dict[str, Any]) -> Post:
    begun = time.monotonic()
    try:
        answer = await client.post(f"{address}/webhook/tts", json=body)
    except httpx.HTTPError:
        return Post(body["id"], 0, time.monotonic() - begun)
    seconds = time.monotonic() - begun
    code = answer.status_code
    task = answer.json().get("task_id", "") if code in (ACCEPTED, REPLAYED) else ""
    honest = code != BUSY or answer.headers.get("retry-after", "").isdigit()
    return Post(body["id"], code, seconds, task, honest)
