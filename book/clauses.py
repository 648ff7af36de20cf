"""Where a sentence that is too long for an engine is cut: at clauses, in balance.

Each piece aims at an equal share of what is left, so that no crumb remains at the end, and
moves from there to a stronger mark nearby: first ; and :, then dashes, commas, 、, words that
join clauses, white space. Numbers, 《titles》, markup and words stay whole while anything else
in reach can be cut.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Protocol

from book.languages import Language, load_language

REACH = 0.6  # a cut lies within this share of a piece's length around its balanced place
WIDER = 3.0  # … or up to so many lengths away, before a word is cut
_SPARE = 40  # characters that such a search looks at, at least
_CLOSED = r"['\"’”»」』）)]*"
_MARKS = (  # strongest first; a cut is behind the mark and its closing quotes
    rf"[；;؛]{_CLOSED}(?=\s|[^\x00-\x7f]|$)|[：:](?!\d){_CLOSED}\s*(?=\S)",
    rf"(?:——|—|--|–|……|…){_CLOSED}",
    rf"[，,،፣](?!\d){_CLOSED}",
    r"、",
)
_WEAK = (r"\s+", r"(?<=[\u3040-\u9fff])(?=[\u3040-\u9fff])(?!(?<=[ァ-ヶー])[ァ-ヶー])")
_PENALTY = (0.0, 0.1, 0.15, 0.3, 0.5, 0.7, 1.0, 2.0)  # of a piece's length, by strength
_PROTECTED = re.compile(r"《[^》]{1,40}》|<[^<>]{1,80}>|\d[\d,.:/]*\d")
_NOT_AHEAD = "\u200d\ufe0e\ufe0f，。、；：！？,.;:!?…”’」』）)》】〉»"


class Sizes(Protocol):
    """What is asked about a part of the paragraph: ``segments.Ruler``."""

    def fits(self, start: int, end: int, share: float = 1.0) -> bool: ...

    def parts(self, start: int, end: int) -> int: ...


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """``[start, end)`` without the white space around it; begin and end swapped if only that."""
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def cut_sentence(
    text: str, start: int, end: int, language: Language, sizes: Sizes
) -> list[tuple[int, int]]:
    """``[start, end)`` in balanced pieces that fit.

    A piece is too large only where a single character is: no text is smaller.
    """
    pieces = []
    while not sizes.fits(*trim(text, start, end)):
        parts = max(2, sizes.parts(*trim(text, start, end)))
        at = _best_cut(text, start, end, parts, language)
        if at is None:
            break
        pieces.extend(cut_sentence(text, start, at, language, sizes))
        start = at
    pieces.append((start, end))
    return pieces


def _best_cut(text: str, start: int, end: int, parts: int, language: Language) -> int | None:
    """Where the first of ``parts`` balanced pieces ends: near its share, at a strong mark."""
    ideal = (end - start) / parts
    low, high = start + int(ideal * (1 - REACH)), min(end, start + int(ideal * (1 + REACH)) + 1)
    best: tuple[float, int] | None = None
    found = _candidates(text, start, end, low, high, language)
    if not found:
        far = min(end, start + int(ideal * WIDER) + _SPARE)
        found = _candidates(text, start, end, start, far, language)
    for strength, at in found or _characters(text, start, end, low, high):
        cost = abs(at - start - ideal) / ideal + _PENALTY[strength]
        if best is None or cost < best[0]:
            best = (cost, at)
    return best[1] if best else None


def _candidates(
    text: str, start: int, end: int, low: int, high: int, language: Language
) -> list[tuple[int, int]]:
    """(strength, offset) of the places to cut between ``low`` and ``high``."""
    protected = [m.span() for m in _PROTECTED.finditer(text, max(start, low - 80), high + 80)]
    found = []
    for strength, pattern in enumerate(_patterns(language.tag)):
        for match in pattern.finditer(text, low, high):
            at = match.end()
            inside = any(a < at < b for a, b in protected)
            if not inside and text[start:at].strip() and text[at:end].strip():
                found.append((strength, at))
    return found


def _characters(text: str, start: int, end: int, low: int, high: int) -> list[tuple[int, int]]:
    """Places between any two characters, for a word that is longer than the limit."""
    weakest = len(_PENALTY) - 1
    protected = [m.span() for m in _PROTECTED.finditer(text, max(start, low - 80), high + 80)]
    places = [(weakest, at) for at in range(max(low, start + 1), min(high + 1, end))]
    whole = [
        (strength, at)
        for strength, at in places
        if not unicodedata.combining(text[at])
        and text[at] not in _NOT_AHEAD
        and text[at - 1] != "\u200d"
    ]
    free = [item for item in whole if not any(a < item[1] < b for a, b in protected)]
    return free or whole or places


@cache
def _patterns(tag: str) -> tuple[re.Pattern[str], ...]:
    language = load_language(tag)
    words = "|".join(map(re.escape, language.clause_words)) or "(?!)"
    if language.han:  # … or, in Japanese, where a particle ends and the next word begins
        joining = rf"(?<=[\u3040-\u9fff])(?={words})|(?<=[ぁ-ん])(?=[\u4e00-\u9fffァ-ヶ])"
    else:
        joining = rf"\s(?=(?:{words})\s)"
    return tuple(map(re.compile, (*_MARKS, joining, *_WEAK)))
