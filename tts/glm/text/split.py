"""Long text to pieces of 30 to 60 units, cut behind punctuation where there is some.

A unit is one hanzi, one word of letters, or one other character, with the spaces behind it.
Its length is one; that of an English word is 0.7 for each syllable. ``"".join(pieces)`` is
the text, always. Upstream counts its cuts in units and its lengths in syllables and fails where
the two disagree; here a cut lies at the last unit that fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from tts.glm.text.marks import PUNCTUATION
from tts.glm.text.syllables import syllables

SHORTEST: Final = 30
LONGEST: Final = 60
_PER_SYLLABLE: Final = 0.7
# scripts without spaces between words: Thai to Khmer, CJK, kana, Hangul, the astral ideographs
_SINGLE: Final = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3000-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_LETTER: Final = rf"[^\W\d_{_SINGLE}]"
_UNIT = re.compile(rf"(?:{_LETTER}(?:['-]*{_LETTER})*|[\s\S])\s*")


def units(text: str) -> list[str]:
    """``text`` as its units, in order, nothing lost; leading space is a unit of its own."""
    return _UNIT.findall(text)


def length(text: str) -> float:
    """The sum of the lengths of the units."""
    return sum(map(_length, units(text)))


def split(text: str, shortest: int = SHORTEST, longest: int = LONGEST) -> list[str]:
    """The pieces of ``text``; none of them empty.

    Args:
        text: normalised text.
        shortest: a piece ends at the first punctuation at or beyond this length.
        longest: no piece is longer, in units and in length, unless one unit is.
    """
    return ["".join(part) for part in _parts(units(text), shortest, longest)]


def _parts(all_units: list[str], shortest: int, longest: int) -> Iterator[list[str]]:
    held: list[str] = []
    total = 0.0
    for unit in all_units:
        held.append(unit)
        total += _length(unit)
        if _closes(unit) and total >= shortest:
            yield from _cut(held, longest)
            held, total = [], 0.0
    yield from _cut(held, longest)


def _cut(held: list[str], longest: int) -> Iterator[list[str]]:
    while sum(map(_length, held)) > longest and len(held) > 1:
        at = longest
        if len(held) > longest:
            at += _closes(held[longest])
        else:
            at = _fitting(held, longest)
        yield held[:at]
        held = held[at:]
    if held:
        yield held


def _fitting(held: list[str], longest: int) -> int:
    """How many units fit: at least one, punctuation behind them included."""
    total = 0.0
    for at, unit in enumerate(held):
        total += _length(unit)
        if total > longest and not _closes(unit):
            return max(at, 1)
    return len(held)


def _closes(unit: str) -> bool:
    return unit[0] in PUNCTUATION


@lru_cache(maxsize=65536)
def _length(unit: str) -> float:
    word = unit.rstrip()
    # "don't" and "well-known" count one, as upstream counts them
    return _PER_SYLLABLE * syllables(word) if word.isascii() and word.isalpha() else 1
