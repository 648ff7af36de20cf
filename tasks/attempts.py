"""The chain of attempts: what is tried when the verdict complains. Pure.

Only a bad verdict raises the attempt; a crash or time-out keeps it. Attempts 0 and 1 speak
the text with different seeds; the last speaks it in shorter pieces, joined and stored as
one take. Re-rolling the seed alone often lands in the same failure, so the last attempt
changes the text's shape (source: Audicle's published experience, docs/measurements.md).

For an engine without seeds an attempt must change something, or there is none: 0, then the
shorter pieces if the text has a place to cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.takes import Take

POLICY_VERSION = 1

Change = Literal["", "seed", "shorter"]
State = Literal["done", "doubtful", "missing", "failed"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the takes on disk mean for one segment."""

    state: State
    take: Take | None = None  # the take to use (done, doubtful)
    attempt: int | None = None  # the attempt to make next (missing, failed)


def chain(seeds: bool, cuttable: bool) -> tuple[Change, ...]:
    """What each attempt of a segment changes; its length is the number of attempts."""
    if seeds:
        return ("", "seed", "shorter") if cuttable else ("", "seed", "seed")
    return ("", "shorter") if cuttable else ("",)


def decide(attempts: Sequence[Take | None], accepted: str | None = None) -> Decision:
    """Recomputes the accepted take from the sidecars of a chain, first attempt first.

    Args:
        attempts: the take of each attempt, or None where there is none.
        accepted: the key of a doubtful take that a person accepted.

    The first good take wins. A chain that is exhausted without one is doubtful when some
    take is usable (the best by score, then by attempt), else failed: its last attempt is
    made again by a later run.
    """
    for take in attempts:
        if take is not None and accepted is not None and take.key == accepted:
            return Decision("done", take)
    for number, take in enumerate(attempts):
        if take is None:
            return Decision("missing", attempt=number)
        if take.verdict.good:
            return Decision("done", take)
    usable = [
        (take.verdict.score, number, take)
        for number, take in enumerate(attempts)
        if take is not None and take.verdict.usable
    ]
    if not usable:
        return Decision("failed", attempt=len(attempts) - 1)
    best = min(usable, key=lambda entry: entry[:2])[2]
    return Decision("doubtful", best)
