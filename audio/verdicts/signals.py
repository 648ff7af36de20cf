"""What an engine itself says of a take: ``Speech.signals``, by these names.

| signal | meaning | complaint |
|---|---|---|
| truncated | not 0: it stopped at its limit of tokens or seconds | cut |
| stop_token | 0: it ended without its token for "the end" | cut |
| tokens | speech tokens it made, and | |
| text_tokens | tokens of the text they were made from | short, long by their ratio |
| ngram_repeats | times a run of 8 or more speech tokens came in a row; 1: none | repeats from 3 |

Every one is optional; other names are kept with the take but not judged. Limits of the ratio:
those beyond which token models of this family stop by themselves (2 and 20 speech tokens per
text token).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from audio.verdicts.findings import Finding, finding

_JOINS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "truncated": max,
    "stop_token": min,
    "tokens": operator.add,
    "text_tokens": operator.add,
    "ngram_repeats": max,
}
_RATIO: Final = (2.0, 20.0)
_SHORT_TEXT_TOKENS: Final = 4  # one word has any ratio
_REPEATS: Final = 3


def joined_signals(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The signals of a take that was spoken in pieces: what is wrong with one is wrong with
    all, tokens add up, and of any other name the first piece's stands."""
    joined: dict[str, float] = {}
    for part in parts:
        for name, value in part.items():
            join = _JOINS.get(name)
            joined[name] = (
                join(joined[name], value)
                if join and name in joined
                else joined.get(name, float(value))
            )
    return joined


def signal_findings(signals: Mapping[str, float], *, repeats: bool) -> list[Finding]:
    """What the engine's signals complain of.

    Args:
        repeats: the text itself says something twice.
    """
    found = []
    if signals.get("truncated"):
        found.append(finding("cut", "the engine stopped before the end of the text", 1))
    elif signals.get("stop_token", 1.0) == 0:
        found.append(finding("cut", "the engine never came to an end of its own", 0.9))
    text_tokens = signals.get("text_tokens", 0.0)
    if "tokens" in signals and text_tokens >= _SHORT_TEXT_TOKENS:
        ratio = signals["tokens"] / text_tokens
        words = f"{ratio:.1f} speech tokens for each token of the text"
        if ratio < _RATIO[0]:
            found.append(finding("short", words, 1 - ratio / _RATIO[0]))
        elif ratio > _RATIO[1]:
            found.append(finding("long", words, 1 - _RATIO[1] / ratio))
    times = signals.get("ngram_repeats", 0.0)
    if times >= _REPEATS and not repeats:
        words = f"the engine said the same {times:.0f} times in a row"
        found.append(finding("repeats", words, times / 100))
    return found
