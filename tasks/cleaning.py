"""Unused takes: what ``castbook clean`` would remove, and its removal.

Kept are all takes of the current plan, whole attempt chains, acceptances and calibration.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.plan import BookPlan
from tasks.takes import TakeStore


@dataclass(frozen=True, slots=True)
class Waste:
    """Takes nothing refers to."""

    keys: tuple[str, ...]
    bytes: int


def find_waste(plan: BookPlan, store: TakeStore) -> Waste:
    """The takes that no segment of the current plan could use."""
    needed = {key for line in (*plan.lines, *plan.calibration) for key in line.keys}
    needed |= {line.accepted for line in plan.lines if line.accepted}
    keys, size = [], 0
    for key in store:
        if key in needed:
            continue
        keys.append(key)
        for path in (store.audio_path(key), store.sidecar_path(key)):
            size += path.stat().st_size if path.exists() else 0
    return Waste(tuple(keys), size)


def remove(waste: Waste, store: TakeStore) -> None:
    """Removes them; a kill in between leaves the rest for the next time."""
    for key in waste.keys:
        store.discard(key)
    store.prune_pointers()
