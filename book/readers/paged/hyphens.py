"""Hyphens at the ends of printed lines: which of them are there for the line's end only.

Decided by the book itself: how it writes the word elsewhere, and whether it breaks words at
all. Pure; a paragraph is a list of lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

HYPHENS = "-\u2010\u00ad"
# A book that breaks words has most of them elsewhere unbroken; in one that does not, a hyphen
# at a line's end is that of a compound (The Sign of the Four set by a browser: 0 of 14).
SEEN = 4  # line ends with a hyphen, below which nothing can be said
BREAKS = 0.15  # of them join to words of the book
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010’'][^\W\d_]+)*")
_HEAD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*$")
_TAIL = re.compile(r"[^\W\d_]+(?:[-\u2010’'][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Hyphenation:
    """How a book uses hyphens."""

    words: Counter[str]  # casefolded, broken ones left out
    breaks: bool  # it breaks words at line ends

    def is_soft(self, above: str, below: str) -> bool:
        """Whether the hyphen that ends ``above`` goes when ``below`` is joined to it.

        A hyphen that the book writes elsewhere stays; so does one between two words of the
        book that it never writes as one, and one before a capital or a digit.
        """
        if above.endswith("\u00ad"):
            return True
        halves = _halves(above, below)
        if halves is None or not below[0].islower():
            return False
        first, second = halves
        if self.words[f"{first}-{second}"]:
            return False
        if self.words[first + second]:
            return True
        if not self.breaks or "-" in first:
            return False  # mother-in-|law
        lead = second.partition("-")[0]
        known = self.words[first] and self.words[lead]
        return not (len(first) > 1 and len(lead) > 2 and known)


def find_hyphenation(paragraphs: Iterable[Sequence[str]]) -> Hyphenation:
    """How a book, given as the lines of its paragraphs, uses hyphens."""
    words: Counter[str] = Counter()
    ends: list[tuple[str, str]] = []
    for lines in paragraphs:
        broken = False
        for line in lines:
            found = [_folded(word) for word in _WORD.findall(line)]
            first, broken = int(broken), line[-1:] in HYPHENS
            words.update(found[first : -1 if broken else None])
        ends.extend(
            halves
            for above, below in pairwise(lines)
            if above[-1:] in HYPHENS and (halves := _halves(above, below))
        )
    joined = sum(words[a + b] > 0 and not words[f"{a}-{b}"] for a, b in ends)
    return Hyphenation(words, len(ends) < SEEN or joined >= BREAKS * len(ends))


def _halves(above: str, below: str) -> tuple[str, str] | None:
    """The parts of a word around a line's end, casefolded."""
    head, tail = _HEAD.search(above[:-1]), _TAIL.match(below)
    if head is None or tail is None:
        return None
    return _folded(head.group()), _folded(tail.group())


def _folded(word: str) -> str:
    return word.casefold().replace("\u2010", "-")
