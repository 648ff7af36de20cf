"""What is found wrong with a take: one word, one sentence, and how grave it is.

The kinds, which sidecars, reports and the recogniser's policy go by:

| kind | what is wrong |
|---|---|
| empty | nothing sounds |
| short, long | it cannot be the text: words are missing, or there are too many |
| repeats | something is said again that the text has once |
| cut | it stops before its end |
| pause, silence | a hole in it; more silence than the text's marks explain |
| noise, hum | a burst; a steady tone or hiss under the whole |
| level | much louder or quieter than the voice's own, or than its own other part |
| clipped | overdriven |
| heard | a recogniser understood another text (given by ``tasks/hearing.py``) |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# What each kind costs; a take with the lower sum is the better one. Lost words are graver
# than said-again ones, both than bad sound.
COSTS: Final = {
    "empty": 1_000_000,
    "short": 50_000,
    "repeats": 40_000,
    "long": 30_000,
    "cut": 20_000,
    "noise": 15_000,
    "pause": 10_000,
    "silence": 9_000,
    "level": 8_000,
    "hum": 7_000,
    "clipped": 5_000,
}
GRADES: Final = 999  # within a kind


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One complaint."""

    cost: int
    kind: str
    words: str  # for people


def finding(kind: str, words: str, severity: float = 0.0) -> Finding:
    """A finding; ``severity`` 0…1 orders those of one kind."""
    grade = max(0, min(GRADES, round(1000 * severity)))
    return Finding(COSTS[kind] + grade, kind, words)
