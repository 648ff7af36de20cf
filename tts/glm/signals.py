"""What the speech tokens of a take tell of it, for nothing: signals for the verdict.

By the names that ``audio/verdicts/signals.py`` reads. Pure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

from tts.glm.lm.prompts import Generated

_RUN: Final = 8  # tokens, a third of a second: less comes again by chance, or as a held vowel
_GRAM: Final = 4
_VARIED: Final = (
    3  # different tokens in what counts as said again: a pause is one or two, many times
)


def token_signals(spoken: Sequence[Generated], text_tokens: int) -> dict[str, float]:
    """The signals of one request.

    Args:
        spoken: its pieces, in order, at least one.
        text_tokens: of all pieces.
    """
    everything = [token for one in spoken for token in one.tokens]
    count = len(everything)
    drawn = sum(len(one.tokens) + one.ended for one in spoken)
    ended = all(one.ended for one in spoken)
    found = {
        "truncated": float(not ended),
        "stop_token": float(ended),
        "tokens": float(count),
        "text_tokens": float(text_tokens),
        "ngram_repeats": float(max(repeated_run(one.tokens) for one in spoken)),
        "gram_count": float(max(most_frequent_gram(one.tokens) for one in spoken)),
        "one_token_share": max(Counter(everything).values(), default=0) / max(count, 1),
    }
    if drawn and not any(math.isnan(one.log_prob) for one in spoken):  # drawn for this take
        logs = sum(one.log_prob * (len(one.tokens) + one.ended) for one in spoken)
        found["mean_log_prob"] = logs / drawn
        found["resampled_share"] = sum(one.resampled for one in spoken) / drawn
    return found


def repeated_run(tokens: Sequence[int]) -> int:
    """How often one run of at least 8 tokens comes in a row; 1 where nothing is repeated.

    In time linear in the number of tokens unless they are one long loop of loops.
    """
    most = 1
    last: dict[tuple[int, ...], int] = {}
    reached: dict[int, int] = {}  # by distance: where the last repetition counted ends
    for at in range(len(tokens) - _RUN + 1):
        gram = tuple(tokens[at : at + _RUN])
        before = last.get(gram)
        last[gram] = at
        if before is None or len(set(gram)) < _VARIED:
            continue
        distance = at - before
        if at < reached.get(distance, 0):
            continue
        end = at
        while end < len(tokens) and tokens[end] == tokens[end - distance]:
            end += 1
        reached[distance] = end
        unit = distance * -(-_RUN // distance)  # a shorter loop counts by the first multiple
        most = max(most, (end - before) // unit)
    return most


def most_frequent_gram(tokens: Sequence[int]) -> int:
    """How often the most frequent four tokens in a row come, anywhere; 0 where none are varied
    enough to be speech."""
    grams = (tuple(tokens[at : at + _GRAM]) for at in range(len(tokens) - _GRAM + 1))
    return max(Counter(gram for gram in grams if len(set(gram)) >= _VARIED).values(), default=0)
