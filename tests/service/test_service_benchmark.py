"""What ``python -m benchmarks.service`` says of what it measured."""

from __future__ import annotations

import asyncio
import math
import random
from pathlib import Path

import httpx
import pytest

from benchmarks import service_posts
from benchmarks.service_figures import below, counted, percentile, told
from benchmarks.service_posts import Post, delivered, names, order
from benchmarks.service_scripted import NAME, chunk_times, installed
from benchmarks.service_sounds import measured


def test_a_missed_bar_is_named() -> None:
    assert below("paced", "p95", 99.9, 100).holds
    missed = below("paced", "p95", 100.0, 100)
    assert not missed.holds
    assert missed.line().endswith("MISSED")
    assert not below("paced", "nothing was accepted", math.nan, 100).holds
    assert counted("race", "runs", 3, 3).line().endswith("holds")
    assert not counted("race", "runs", 4, 3).holds
    assert told("flood", "jobs a minute", 9).holds


def test_percentiles_are_values_that_were_seen() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.95) == 95
    assert percentile([7.0], 0.95) == 7
    assert math.isnan(percentile([], 0.5))


def test_a_player_that_starts_at_the_first_sound() -> None:
    # header at 1.00, 0.2 s of sound at 1.01, 0.4 s by 1.15, all 0.6 s by 1.45: 40 ms too late
    came = [(1.00, 0.0), (1.01, 0.2), (1.15, 0.4), (1.45, 0.6)]
    first_byte, first_sound, wait, spare = measured(came, 0.90, 0.99)
    found = [round(1000 * value) for value in (first_byte, first_sound, wait, spare)]
    assert found == [10, 20, 110, -40]


def test_orders_are_different_wishes() -> None:
    bodies = [order(name) for name in names("flood", 500)]
    assert len({body["text"] for body in bodies}) == 500
    assert len({body["id"] for body in bodies}) == 500


def test_a_sender_repeats_until_it_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([0, 503, 202])

    async def post(client: httpx.AsyncClient, address: str, body: dict[str, str]) -> Post:
        code = next(answers)
        return Post(body["id"], code, 0.01, "run" if code == 202 else "")

    async def at_once(_: float) -> None:
        return None

    monkeypatch.setattr(service_posts, "_post", post)
    monkeypatch.setattr(service_posts.asyncio, "sleep", at_once)
    chance = random.Random(1)
    (sent,) = asyncio.run(delivered("http://127.0.0.1", [order("a")], lambda _: True, chance))
    assert (sent.task, [post.status for post in sent.posts]) == ("run", [0, 503, 202])


def test_the_scripted_engine_is_found_and_dates_its_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tts.engine import Request, Voice
    from tts.registry import make_engine

    monkeypatch.syspath_prepend(str(installed(tmp_path / "engine")))
    diary = tmp_path / "diary"
    engine = make_engine(NAME, {"chunk_ms": 200, "chunk_cost_ms": 1, "diary": str(diary)})
    voice = Voice("a", "oak")
    engine.prepare(voice)
    request = Request(id="1", text="One and two and three.", language="en", voice="a", seed=1)
    chunks = list(engine.stream(request))
    times = chunk_times(diary)
    assert len(times) == len(chunks) > 1
    assert times == sorted(times)
