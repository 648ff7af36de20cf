"""SIGKILL for API, worker and Prefect server while jobs are ordered and made.

A sender orders all jobs, one after another, and repeats what is not accepted. Whenever a seeded
number of them is finished, the next victim is killed at a seeded moment and started again as
its systemd unit would be. Then everything must be there once, as in a quiet build: one run for
each order, completed; files with the sound that an uninterrupted booth makes of the same words;
no take that stood at a kill made again.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import httpx

from benchmarks.service_figures import Figure, counted, load, told
from benchmarks.service_posts import Sent, delivered, names, order
from benchmarks.service_site import RESTART_S, Kept, Site, speech_runs
from benchmarks.service_watch import Watch
from tasks.batches.booth import Booth
from tasks.batches.rows import read_row

AHEAD = 12  # orders that are not made yet: the sender is at work until near the end
PATIENCE_S = 600.0  # without anything new; a killed worker's runs go on after two minutes


def kills(site: Site, count: int, rounds: int, seed: int, jobs: int, slots: int) -> list[Figure]:
    """``count`` jobs, and ``rounds`` kills of each of the three programs."""
    chance = random.Random(seed)
    victims = [program for _ in range(rounds) for program in site.programs]
    chance.shuffle(victims)
    moments = sorted(chance.sample(range(1, max(2, 4 * count // 5)), len(victims)))
    asked = names("kill", count)
    outputs, takes = site.data / "outputs", site.data / "takes"
    sent: list[Sent] = []

    def send() -> None:
        bodies, dice = [order(name) for name in asked], random.Random(seed)
        sent.extend(
            asyncio.run(delivered(site.address, bodies, lambda n: n < _made(outputs) + AHEAD, dice))
        )

    sender = threading.Thread(target=send, name="sender")
    site.worker.start()
    begun = time.monotonic()
    stood: dict[Path, tuple[int, int]] = {}
    remade: set[Path] = set()
    log = []
    with Watch(site) as watch:
        sender.start()
        for victim, moment in zip(victims, moments, strict=True):
            _patiently(lambda: _made(outputs), moment, 0.05)
            time.sleep(chance.uniform(0.0, 2.0))
            remade |= _changed(stood)
            stood |= _stamps(takes)
            log.append(_kill(victim, _made(outputs)))
        _patiently(lambda: _completed(site, asked), count, 2.0)
        sender.join(PATIENCE_S)
    seconds = time.monotonic() - begun
    site.worker.stop()
    remade |= _changed(stood)

    runs = [run for run in speech_runs(site) if run.parameters["output_name"] in set(asked)]
    per_order = Counter(run.parameters["output_name"] for run in runs)
    ids = {str(run.id): run.parameters["output_name"] for run in runs}
    wrong = sum(ids.get(one.task) != one.id for one in sent)
    refused = Counter(post.status for one in sent for post in one.posts)
    expected = quiet(asked, site.data.parent / "quiet")
    files = len(list(outputs.glob("*.wav")))  # those of other parts too
    found = {name: _digest(outputs / f"{name}.wav") for name in asked}
    return [
        *(told("kills", f"{number}. {text}", "") for number, text in enumerate(log, 1)),
        told("kills", "answers to the sender (0: none)", dict(refused)),
        counted("kills", "orders accepted", sum(bool(one.task) for one in sent), count),
        counted("kills", "accepted, and its run is not there", wrong, 0),
        counted("kills", "runs of these orders", len(runs), count),
        counted(
            "kills", "orders with more than one run", sum(n > 1 for n in per_order.values()), 0
        ),
        counted("kills", "runs completed", _completed(site, asked), count),
        counted(
            "kills",
            "files with the right sound",
            sum(found[n] == expected[n] for n in asked),
            count,
        ),
        counted("kills", "takes in the store, one for each file", len(_stamps(takes)), files),
        counted("kills", f"takes made again, of {len(stood)} that stood at a kill", len(remade), 0),
        told("kills", "runs that began more than once", sum(run.run_count > 1 for run in runs)),
        told("kills", f"all done after, load {load()}", f"{seconds:.0f} s"),
        # runs of a killed worker count as running until they are seen as crashed
        told(
            "kills",
            f"most runs at once, of {jobs} that a worker takes",
            max(watch.running, default=0),
        ),
        watch.slots_held("kills", slots),
    ]


def quiet(asked: list[str], data: Path) -> dict[str, str]:
    """SHA-256 of each file as an uninterrupted booth makes it."""
    with Booth(data, engine="tone") as booth:
        return {
            name: _digest(booth.speak(read_row(order(name)), data / "outputs").path)
            for name in asked
        }


def _patiently(counted: Callable[[], int], least: int, pause_s: float) -> None:
    """Waits until there are as many, or until none has come for too long: the table tells."""
    most, since = -1, time.monotonic()
    while most < least and time.monotonic() - since < PATIENCE_S:
        time.sleep(pause_s)
        if (now := counted()) > most:
            most, since = now, time.monotonic()


def _kill(victim: Kept, made: int) -> str:
    victim.kill()
    time.sleep(RESTART_S)
    begun = time.monotonic()
    victim.start()
    return (
        f"{victim.name} after {made} files; ready {time.monotonic() - begun:.1f} s after its start"
    )


def _completed(site: Site, asked: list[str]) -> int:
    """Runs that are; 0 from a server that does not answer."""
    wanted = set(asked)
    try:
        runs = speech_runs(site)
    except httpx.HTTPError:
        return 0
    done = [run for run in runs if run.state is not None and run.state.is_completed()]
    return sum(run.parameters["output_name"] in wanted for run in done)


def _made(outputs: Path) -> int:
    return len(list(outputs.glob("kill-*.wav")))


def _stamps(takes: Path) -> dict[Path, tuple[int, int]]:
    """Inode and time of every take that is there: its sidecar is its commit mark."""
    found = {}
    for path in takes.glob("*/*.json"):
        state = path.stat()
        found[path] = (state.st_ino, state.st_mtime_ns)
    return found


def _changed(stood: dict[Path, tuple[int, int]]) -> set[Path]:
    changed = set()
    for path, stamp in stood.items():
        state = path.stat()
        if (state.st_ino, state.st_mtime_ns) != stamp:
            changed.add(path)
    return changed


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
