"""How fast engines were on this build: the ground of ``plan``'s estimate, never a promise."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from castbook.files import write_text
from tasks.location import Build
from tasks.plan import Line

FEWEST = 20  # takes: fewer say more about starting the engine than about its speed


def read_speeds(build: Build) -> Mapping[str, float]:
    """Audio seconds made per second of earlier runs, by engine; empty before the first."""
    try:
        loaded = json.loads((build.folder / "speeds.json").read_bytes())
        return {str(k): float(v) for k, v in loaded.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def store_speed(build: Build, made: Sequence[Line], seconds: float) -> None:
    """Remembers a run in which ``made`` were spoken within ``seconds``.

    Only runs with one engine: a mixture says nothing about either.
    """
    engines = {line.speaker.setup.name for line in made}
    takes = [line.take for line in made if line.take is not None]
    if len(engines) != 1 or len(takes) < FEWEST or seconds <= 0:
        return
    audio = sum(take.frames / take.rate for take in takes)
    speeds = {**read_speeds(build), engines.pop(): round(audio / seconds, 1)}
    write_text(build.folder / "speeds.json", json.dumps(speeds, indent=1, sort_keys=True))
