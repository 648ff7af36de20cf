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
from hashlib import sha256
from pathlib import Path

from benchmarks.service_figures import Figure, counted, load, told
from benchmarks.service_posts import Sent, delivered, names, order
from benchmarks.service_site import RESTART_S, Kept, Site, speech_runs, wait_until
from benchmarks.service_watch import Watch
from tasks.batches.booth import Booth
from tasks.batches.rows import read_row

EVERY_S = 0.5  # between two orders
FINISH_S = 1800.0  # a killed worker's runs are seen as crashed after 90 s, and go on 30 s later


def kills(site: Site, count: int, rounds: int, seed: int, jobs: int, slots: int) -> list[Figure]:
    """``count`` jobs, and ``rounds`` kills of each of the three programs."""
    chance = random.Random(seed)
    victims = [program for _ in range(rounds) for program in site.programs]
    chance.shuffle(victims)
    moments = sorted(chance.sample(range(1, max(2, 4 * count // 5)), len(victims)))
    asked = names("kill", count)
    outputs, takes = site.data / "outputs", site.data / "takes"
    sent: list[Sent] = []
    sender = threading.Thread(
        target=lambda: sent.extend(
            asyncio.run(
                delivered(
                    site.address, [order(name) for name in asked], EVERY_S, random.Random(seed)
                )
            )
        ),
        name="sender",
    )
    site.worker.start()
    begun = time.monotonic()
    stood: dict[Path, tuple[int, int]] = {}
    remade: set[Path] = set()
    log = []
    with Watch(site) as watch:
        sender.start()
        for victim, moment in zip(victims, moments, strict=True):
            wait_until(lambda least=moment: _made(outputs) >= least, FINISH_S, 0.05)  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 2.0))
            remade |= _changed(stood)
            stood |= _stamps(takes)
            log.append(_kill(victim, _made(outputs)))
        wait_until(lambda: _completed(site, asked) >= count, FINISH_S, 2.0)
        sender.join(FINISH_S)
    seconds = time.monotonic() - begun
    site.worker.stop()
    remade |= _changed(stood)

    runs = [run for run in speech_runs(site) if run.parameters["output_name"] in set(asked)]
    per_order = Counter(run.parameters["output_name"] for run in runs)
    ids = {str(run.id): run.parameters["output_name"] for run in runs}
    wrong = sum(ids.get(one.task) != one.id for one in sent)
    refused = Counter(post.status for one in sent for post in one.posts)
    expected = quiet(asked, site.data.parent / "quiet")
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
        counted("kills", "takes in the store", len(_stamps(takes)), len(set(asked))),
        counted("kills", f"takes made again, of {len(stood)} that stood at a kill", len(remade), 0),
        told("kills", "runs that began more than once", sum(run.run_count > 1 for run in runs)),
        told("kills", f"all done after, load {load()}", f"{seconds:.0f} s"),
        *watch.figures("kills", jobs, slots)[:2],
    ]


def quiet(asked: list[str], data: Path) -> dict[str, str]:
    """SHA-256 of each file as an uninterrupted booth makes it."""
    with Booth(data, engine="tone") as booth:
        return {
            name: _digest(booth.speak(read_row(order(name)), data / "outputs").path)
            for name in asked
        }


def _kill(victim: Kept, made: int) -> str:
    victim.kill()
    time.sleep(RESTART_S)
    begun = time.monotonic()
    victim.start()
    return (
        f"{victim.name} after {made} files; ready {time.monotonic() - begun:.1f} s after its start"
    )


def _completed(site: Site, asked: list[str]) -> int:
    wanted = set(asked)
    return sum(
        run.parameters["output_name"] in wanted
        and run.state is not None
        and run.state.is_completed()
        for run in speech_runs(site)
    )


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
