"""Crowds of orders: twenty at once with one key, hundreds at once, and what becomes of them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import httpx

from benchmarks.service_figures import Figure, below, counted, load, percentile, told
from benchmarks.service_posts import ACCEPTED, BUSY, REPLAYED, Post, names, order, posted
from benchmarks.service_site import Site, cpu_s, speech_runs, wait_until
from benchmarks.service_watch import Watch

RACERS, RACES = 20, 3
PACED = 20  # requests in flight whose p95 is promised
SOON_MS = 100.0
CANCELLERS = 8
FINISH_S = 7200.0  # a job is a process of its own: 4-5 s of CPU each
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def race(site: Site) -> list[Figure]:
    """Twenty requests at once with one key; several keys, one after the other."""
    accepted, replayed, tasks, others = 0, 0, set(), 0
    asked = names("race", RACES)
    for name in asked:
        answers = asyncio.run(posted(site.address, [order(name)] * RACERS, RACERS))
        accepted += sum(post.status == ACCEPTED for post in answers)
        replayed += sum(post.status == REPLAYED for post in answers)
        tasks |= {post.task for post in answers if post.task}
        others += sum(post.status not in (ACCEPTED, REPLAYED) for post in answers)
    runs = [run for run in speech_runs(site) if run.parameters["output_name"] in asked]
    word = f"{RACES} keys, each {RACERS} times at once"
    return [
        counted("race", f"{word}: answers 202", accepted, RACES),
        counted("race", f"{word}: answers 200, the same task", replayed, RACES * (RACERS - 1)),
        counted("race", f"{word}: other answers", others, 0),
        counted("race", f"{word}: tasks named", len(tasks), RACES),
        counted("race", f"{word}: runs there", len(runs), RACES),
    ]


def paced(site: Site, count: int) -> list[Figure]:
    """Acceptance with few and with twenty requests in flight; no worker takes the machine.

    What was accepted is cancelled in the end: its acceptance was the question.
    """
    found = []
    for in_flight in (1, 4, PACED):
        many = count if in_flight == PACED else max(10, count // 5)
        orders = [order(name) for name in names(f"paced{in_flight}", many)]
        before = cpu_s(site.server), cpu_s(site.api)
        posts = asyncio.run(posted(site.address, orders, in_flight))
        spent = cpu_s(site.server) - before[0], cpu_s(site.api) - before[1]
        word = f"{in_flight} in flight"
        found += _accepted("paced", posts, word, in_flight == PACED)
        server_ms, api_ms = (1000 * seconds / many for seconds in spent)
        cpu = f"{server_ms:.0f} ms, {api_ms:.0f} ms"
        found.append(told("paced", f"{word}: CPU an order, Prefect server and API", cpu))
        found.append(_exist("paced", site, posts, word))
        _cancel(site, [post.task for post in posts if post.task])
    return found


def flood(site: Site, count: int, finish: int, jobs: int, slots: int) -> list[Figure]:
    """Hundreds truly at once. Those that are told to come back do; then a worker starts, and
    what was accepted is seen to its end.

    Args:
        finish: so many of them; the others are cancelled. A job costs 4-5 s of CPU.
    """
    wanted = names("flood", count)
    begun = time.monotonic()
    posts = asyncio.run(posted(site.address, [order(name) for name in wanted], count))
    word = f"{count} at once"
    found = _accepted("flood", posts, word, False)
    found.append(told("flood", f"{word}: all answered after", f"{time.monotonic() - begun:.1f} s"))
    found.append(_exist("flood", site, posts, word))
    open_ = {post.id for post in posts if not post.task}
    rounds = 0
    while open_ and rounds < 20:  # as their senders do
        time.sleep(2.0)
        again = asyncio.run(posted(site.address, [order(name) for name in sorted(open_)], PACED))
        open_ -= {post.id for post in again if post.task}
        rounds += 1
    found.append(
        counted("flood", f"refused ones not accepted after {rounds} rounds", len(open_), 0)
    )

    runs = [run for run in speech_runs(site) if run.parameters["output_name"] in set(wanted)]
    found.append(counted("flood", "runs of these orders", len(runs), count))
    kept = wanted[:finish]
    _cancel(site, [str(run.id) for run in runs if run.parameters["output_name"] not in set(kept)])

    site.worker.start()
    begun = time.monotonic()
    with Watch(site) as watch:
        wait_until(lambda: _ended(site, kept) >= len(kept), FINISH_S, 5.0)
    seconds = time.monotonic() - begun
    site.worker.stop()
    mine = [run for run in speech_runs(site) if run.parameters["output_name"] in set(kept)]
    states = Counter(run.state_type.value for run in mine if run.state_type)
    sounds = len(list((site.data / "outputs").glob("flood-*.wav")))
    return [
        *found,
        counted(
            "flood",
            f"completed, of the {len(kept)} seen to the end",
            states["COMPLETED"],
            len(kept),
        ),
        counted("flood", "files made", sounds, len(kept)),
        told("flood", f"jobs a minute, load {load()}", f"{60 * len(kept) / seconds:.0f}"),
        *watch.figures("flood", jobs, slots),
    ]


def _accepted(part: str, posts: list[Post], word: str, promised: bool) -> list[Figure]:
    codes = Counter(post.status for post in posts)
    dishonest = sum(post.status not in (ACCEPTED, BUSY) or not post.honest for post in posts)
    times = [1000 * post.seconds for post in posts if post.status == ACCEPTED]
    p95 = percentile(times, 0.95)
    note = f"{word}, load {load()}"
    return [
        told(part, f"{word}: answers", dict(codes)),
        counted(part, f"{word}: neither 202 nor 503 with Retry-After", dishonest, 0),
        told(part, f"{note}: p50 of acceptance", f"{percentile(times, 0.5):.0f} ms"),
        below(part, f"{note}: p95 of acceptance", p95, SOON_MS)
        if promised
        else told(part, f"{note}: p95 of acceptance", f"{p95:.0f} ms"),
    ]


def _exist(part: str, site: Site, posts: list[Post], word: str) -> Figure:
    """Accepted ones that are no run, or not one of their own."""
    named = {str(run.id): run.parameters["output_name"] for run in speech_runs(site)}
    lost = [post for post in posts if post.task and named.get(post.task) != post.id]
    return counted(part, f"{word}: accepted and no run", len(lost), 0)


def _ended(site: Site, wanted: list[str]) -> int:
    asked = set(wanted)
    return sum(
        run.parameters["output_name"] in asked
        and run.state_type is not None
        and run.state_type.value in FINAL
        for run in speech_runs(site)
    )


def _cancel(site: Site, tasks: list[str]) -> None:
    async def all_of_them() -> None:
        turns = asyncio.Semaphore(CANCELLERS)
        async with httpx.AsyncClient(timeout=120) as client:

            async def one(task: str) -> None:
                async with turns:
                    await client.delete(f"{site.address}/v1/runs/{task}")

            await asyncio.gather(*map(one, tasks))

    asyncio.run(all_of_them())
