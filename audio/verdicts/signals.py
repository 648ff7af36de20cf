"""What an engine itself says of a take: ``Speech.signals``, by these names.

| signal | meaning | complaint |
|---|---|---|
| truncated | not 0: it stopped at its limit of tokens or seconds | cut |
| stop_token | 0: it ended without its token for "the end" | cut |
| tokens | speech tokens it made, and | |
| text_tokens | tokens of the text they were made from | short, long by their ratio |
| ngram_repeats | times a run of 8 or more speech tokens came in a row; 1: none | repeats from 3 |
| gram_count | times the same 4 speech tokens came, anywhere in the take | repeats from 4 |
| one_token_share | share of the most frequent speech token | silence over 0.25 |
| mean_log_prob, resampled_share | how sure the model was, how often it drew again | none |
| similarity | cosine of the take's voice to its reference's | none: see ``tasks/flags.py`` |

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
    "gram_count": max,
    "one_token_share": max,
    "mean_log_prob": min,
    "resampled_share": max,
    "similarity": min,
}
_RATIO: Final = (2.0, 20.0)
_SHORT_TEXT_TOKENS: Final = 4  # one word has any ratio
_REPEATS: Final = 3
_GRAMS: Final = 4
_SHARE: Final = 0.25
_SHARED_TOKENS: Final = 25  # a second: in less, one token is soon a quarter


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
    elif signals.get("gram_count", 0.0) >= _GRAMS and not repeats:
        words = f"the engine came back to the same sound {signals['gram_count']:.0f} times"
        found.append(finding("repeats", words, signals["gram_count"] / 100))
    share = signals.get("one_token_share", 0.0)
    if share > _SHARE and signals.get("tokens", 0.0) >= _SHARED_TOKENS:
        words = f"{share:.0%} of its speech tokens are one and the same: a drone, or nothing"
        found.append(finding("silence", words, share))
    return found
