"""Which part of a long text was heard: the text's own spelling for a recogniser's words. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from audio.hearing.tokens import tokens

_LEAST: Final = 0.75  # of what was heard must stand there, in order: else it is another text
_ROOM: Final = 0.3  # of the heard length, more on both sides: words left out or added
_COMMON: Final = 200  # a word found more often says nothing about where
_OPENING: Final = "\"'“‘«»„‚([（「『《—–"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of the text."""

    text: str
    agreement: float  # share of the heard tokens that stand in it, in order


def find_excerpt(text: str, heard: str, language: str) -> Excerpt | None:
    """The stretch of ``text`` that ``heard`` is, or None where there is none.

    Memory and time grow with the text's length once; the alignment looks at one place only.

    Args:
        text: of a whole recording.
        heard: by a recogniser, in some seconds of it.
        language: BCP 47.
    """
    written, said = tokens(text, language), tokens(heard, language)
    forms, wanted = [token.form for token in written], [token.form for token in said]
    if not forms or not wanted:
        return None
    found = [_matched(forms, wanted, place) for place in _places(forms, wanted)]
    if not found:
        return None
    agreement, start, end = max(found, key=lambda match: (match[0], -match[1]))
    if agreement < _LEAST:
        return None
    return Excerpt(_with_marks(text, written[start].start, written[end - 1].end), agreement)


def _matched(forms: Sequence[str], wanted: Sequence[str], begin: int) -> tuple[float, int, int]:
    """How much of ``wanted`` stands near a place, and from where to where."""
    room = max(2, round(_ROOM * len(wanted)))
    first = max(0, begin - room)
    window = forms[first : begin + len(wanted) + room]
    matcher = SequenceMatcher(None, window, wanted, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    if not blocks:
        return 0.0, begin, begin + 1
    # words that were misheard at the edges stand beside those that were not
    start = max(0, first + blocks[0].a - blocks[0].b)
    missing = len(wanted) - (blocks[-1].b + blocks[-1].size)
    end = min(len(forms), first + blocks[-1].a + blocks[-1].size + missing)
    return sum(block.size for block in blocks) / len(wanted), start, end


def _places(forms: Sequence[str], wanted: Sequence[str]) -> set[int]:
    """Where in ``forms`` most of ``wanted`` stands: word by word, and with a word more or less."""
    where: dict[str, list[int]] = defaultdict(list)
    for at, form in enumerate(forms):
        where[form].append(at)
    exact: Counter[int] = Counter()
    for at, form in enumerate(wanted):
        found = where.get(form, ())
        if len(found) <= max(_COMMON, len(forms) // 100):
            exact.update(place - at for place in found)
    if not exact:
        return set()
    loose: Counter[int] = Counter()
    for place, count in exact.items():
        for near in range(-2, 3):
            loose[place + near] += count * (3 - abs(near))
    return {_first_most(exact), _first_most(loose)}


def _first_most(votes: Counter[int]) -> int:
    best = max(votes.values())
    return max(0, min(place for place, count in votes.items() if count == best))


def _with_marks(text: str, start: int, end: int) -> str:
    """The stretch with the marks that belong to its first and last word."""
    while start > 0 and text[start - 1] in _OPENING:
        start -= 1
    while end < len(text) and not text[end].isspace() and not text[end].isalnum():
        end += 1
    return " ".join(text[start:end].split())
