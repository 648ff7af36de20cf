"""The service under load and under fire: are orders accepted, kept, made once, heard soon?

    python -m benchmarks.service [race|paced|flood|kills|sounds …] [--json]

PostgreSQL, a Prefect server, ``castbook serve`` and a worker are started as they are deployed,
on loopback; the tone engine speaks. Nothing is left behind.

| part | measures |
|---|---|
| race | twenty requests at once with one idempotency key: one run |
| paced | p50 and p95 of acceptance with 1, 4 and 20 requests in flight, without a worker |
| flood | 500 webhook posts truly at once; then every accepted one as a run, to its end |
| kills | 50 jobs while API, worker and Prefect server are killed and started again |
| sounds | first byte, first decodable 20 ms and underruns of a streamed text, each format |

Ends with 1 when a bar of the issue is missed. Times depend on what else the machine does: the
load average stands beside them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.service_crowds import flood, paced, race
from benchmarks.service_figures import Figure
from benchmarks.service_kills import kills
from benchmarks.service_site import standing
from benchmarks.service_sounds import sounds

PARTS = ("race", "paced", "flood", "kills", "sounds")
COST_MS = 200  # of a segment: what is killed is killed while an engine speaks
LIBRARY = f"version: 1\nengine: tone\nengines:\n  tone: {{cost_ms: {COST_MS}}}\n"


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.service", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none"
    )
    parser.add_argument("--posts", type=int, default=500, help="at once in flood")
    parser.add_argument("--finish", type=int, help="of them, seen to the end; all if absent")
    parser.add_argument("--paced", type=int, default=200, help="orders with 20 in flight")
    parser.add_argument("--jobs", type=int, default=50, help="in kills")
    parser.add_argument("--rounds", type=int, default=1, help="kills of each program")
    parser.add_argument("--seed", type=int, default=1, help="of victims and moments")
    parser.add_argument("--limit", type=int, default=4, help="runs at once of the worker")
    parser.add_argument("--slots", type=int, default=2, help="syntheses at once")
    parser.add_argument("--tries", type=int, default=20, help="requests of each format in sounds")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    figures = []
    for figure in measure(options.parts or list(PARTS), options):
        figures.append(figure)
        print(figure.line(), file=sys.stderr if options.json else sys.stdout, flush=True)
    missed = sum(not figure.holds for figure in figures)
    if options.json:
        print(
            json.dumps(
                {"figures": [asdict(figure) for figure in figures], "missed": missed}, indent=1
            )
        )
    else:
        print(f"bars missed: {missed}")
    return 1 if missed else 0


def measure(parts: list[str], options: argparse.Namespace) -> Iterator[Figure]:
    """Each part's figures, as soon as it is done."""
    with tempfile.TemporaryDirectory(prefix="castbook-service-") as place:
        if "sounds" in parts:
            yield from sounds(Path(place), options.tries)
        if set(parts) == {"sounds"}:
            return
        with standing(
            Path(place) / "site", jobs=options.limit, slots=options.slots, library=LIBRARY
        ) as site:
            if "race" in parts:
                yield from race(site)
            if "paced" in parts:
                yield from paced(site, options.paced)
            if "flood" in parts:
                finish = options.posts if options.finish is None else options.finish
                yield from flood(site, options.posts, finish, options.limit, options.slots)
            if "kills" in parts:
                yield from kills(
                    site, options.jobs, options.rounds, options.seed, options.limit, options.slots
                )


if __name__ == "__main__":
    sys.exit(main())
