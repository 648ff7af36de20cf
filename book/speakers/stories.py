"""Told stories: long speeches of one teller, with a listener's word between.

“…” for pages, “Go on,” said Holmes, “…” for pages: far more than two turns apart, so that the
ties between neighbours cannot hold such a story together. Parts of one story pull each other
towards one speaker; how strongly depends on their length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from book.speakers.turns import Talk

LONG = 600  # characters: of speeches so long, nine of ten with one word between are one teller's
TALE = 1500  # characters; the longest part of a story has as many, and makes the next long
# speech its teller's even without a word between
SHORT = 300  # characters: at most this is a listener's word
_PART = 4  # … or the fourth part of the shorter speech
_WORDS = 4  # at most so many of them
_QUIET = 1  # paragraphs of narration between two parts
_MOST = 4.0  # the strongest pull between two parts, as a logarithm
_UNIT = 2.0  # of the pull, for each doubling of a length


@dataclass(frozen=True, slots=True)
class Story:
    """Turns that are probably one teller's."""

    parts: tuple[int, ...]  # numbers of turns, at least two
    pull: float  # how much likelier it is that all are one speaker's, as a logarithm


def stories(turns: Sequence[Talk]) -> list[Story]:
    """The stories of a chapter, in order."""
    found: list[Story] = []
    parts: list[int] = []
    for t, turn in enumerate(turns):
        if turn.length < LONG or turn.written is not None:
            continue
        if parts and not _continues(turns, parts, t):
            found.extend(_story(turns, parts))
            parts = []
        parts.append(t)
    found.extend(_story(turns, parts))
    return found


def unturned(story: Story) -> set[int]:
    """Its parts that take no turns with the words just before them."""
    pairs = zip(story.parts, story.parts[1:], strict=False)
    return {t for before, t in pairs if t - before != 2}


def _story(turns: Sequence[Talk], parts: Sequence[int]) -> list[Story]:
    lengths = [turns[t].length for t in parts]
    if len(parts) < 2 or max(lengths) < TALE:
        return []
    links = [_shorter(lengths[:i], lengths[i]) for i in range(1, len(parts))]
    pull = sum(min(_MOST, _UNIT * math.log2(2 * link / LONG)) for link in links)
    return [Story(tuple(parts), pull)]


def _shorter(before: Sequence[int], length: int) -> int:
    return min(max(before), length)


def _continues(turns: Sequence[Talk], parts: Sequence[int], t: int) -> bool:
    words = turns[parts[-1] + 1 : t]
    lengths = [turns[p].length for p in parts]
    if not words and max(lengths) < TALE:
        return False
    word = max(SHORT, _shorter(lengths, turns[t].length) // _PART)
    if len(words) > _WORDS or any(w.length > word for w in words):
        return False
    between = turns[t].paragraph - turns[parts[-1]].last - 1
    if between - len({w.paragraph for w in words}) > _QUIET:
        return False
    tellers = {_teller(turns[p]) for p in (*parts, t)} - {None}
    heard = {_teller(w) for w in words} - {None}
    return len(tellers) <= 1 and not tellers & heard


def _teller(turn: Talk) -> tuple[int, ...] | None:
    """Whom its tag names."""
    if turn.tag and turn.tag.phrase.kind in ("name", "I"):
        return turn.tag.phrase.who
    return None
