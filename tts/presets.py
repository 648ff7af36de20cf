"""The presets an engine ships, from ``configs/engines/ENGINE.yaml``, and finding one by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from castbook.errors import BrokenPromise
from castbook.resources import read_config
from tts.engine import Preset


@cache
def engine_data(engine: str) -> Mapping[str, Any]:
    """The shipped data of an engine."""
    import yaml  # an engine's own environment need not have it to check options

    data = yaml.safe_load(read_config("engines", f"{engine}.yaml"))
    if not isinstance(data, dict):
        raise BrokenPromise(f"configs/engines/{engine}.yaml is no map")
    return data


@cache
def shipped_presets(engine: str) -> tuple[Preset, ...]:
    """The presets of an engine, in the order of its file, which is the order of preference."""
    return tuple(
        Preset(
            name=str(name),
            languages=tuple(entry["languages"]),
            gender=entry["gender"],
            description=entry.get("description", ""),
        )
        for name, entry in engine_data(engine)["presets"].items()
    )


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the nearest match, for an error message."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else None
