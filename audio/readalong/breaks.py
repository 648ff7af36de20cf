"""Where a text is cut into captions of at most two lines, and a caption into its lines.

Knows no times: texts in, stretches of code points out. Nothing but white space is left out,
no word is torn, and Chinese and Japanese are cut between characters as their rules allow.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from itertools import pairwise
from typing import Final

Stretch = tuple[int, int]  # [start, end) code points of the text

# Netflix's timed text style guides: 42 characters a line, 16 for Chinese; two lines.
_COLUMNS: Final = 42
_WIDE_COLUMNS: Final = 32  # 16 characters of two columns
_LINES: Final = 2

_SENTENCE_END: Final = re.compile(r"[.!?…。！？][\"'”’」』）)]*$")
_CLAUSE_END: Final = re.compile(r"[,;:—–，；：、][\"'”’」』）)]*$")
_WITHIN_CLAUSE: Final = 0.6  # costs of a cut, in captions; see ``breaks``
_AFTER_CLAUSE: Final = 0.2
_COMMA_WORTH: Final = 8  # columns by which a first line may be less even to end at a comma

# Han and kana may be cut between any two characters; Hangul has spaces. An opening mark
# sticks to what follows, every other mark to what is before.
OPENING: Final = "“‘「『（《〈【[({"
_OPEN = re.escape(OPENING)
_HAN = r"\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ATOM: Final = re.compile(
    rf"[{_OPEN}]*(?:[{_HAN}]|[^\s{_HAN}{_OPEN}]+(?:[\[({{][^\s{_HAN}{_OPEN}]+)*)[^\s\w{_OPEN}]*"
    rf"|[{_OPEN}]+"
)


def breaks(text: str) -> list[tuple[Stretch, ...]]:
    """The captions of a text, each as the stretches of its one or two lines.

    Each caption costs one, plus the square of its emptiness, plus the cut after it: most
    inside a clause, less after a comma, nothing after a sentence. The cheapest whole wins.
    A word wider than a line is left whole. A text without words has no captions.
    """
    laid = _Laid(text)
    count = len(laid.atoms)
    if count == 0:
        return []
    if laid.fits(0, count):
        return [laid.lines(0, count)]
    best: list[tuple[float, int]] = [(0.0, 0)]  # of the first n atoms: cost, last cut
    for end in range(1, count + 1):
        choices = []
        for begin in range(end - 1, -1, -1):
            if begin < end - 1 and not laid.fits(begin, end):
                break
            choices.append((best[begin][0] + laid.cost(begin, end), begin))
        best.append(min(choices))
    cuts = [count]
    while cuts[-1] > 0:
        cuts.append(best[cuts[-1]][1])
    return [laid.lines(a, b) for a, b in pairwise(reversed(cuts))]


class _Laid:
    """A text on one endless line, atom by atom, white space as single spaces."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.atoms = [match.span() for match in _ATOM.finditer(text)]
        self._from: list[int] = []  # columns
        self._to: list[int] = []
        at = before = 0
        for start, end in self.atoms:
            at += bool(self._from) and start > before
            self._from.append(at)
            at += _width(text[start:end])
            self._to.append(at)
            before = end
        wide = at > 1.5 * sum(end - start for start, end in self.atoms)
        self._limit = _WIDE_COLUMNS if wide else _COLUMNS

    def fits(self, begin: int, end: int) -> bool:
        """Whether ``atoms[begin:end]`` can be shown in two lines."""
        if self._columns(begin, end) <= self._limit:
            return True
        upper = bisect_right(self._to, self._from[begin] + self._limit)
        return begin < upper and self._columns(upper, end) <= self._limit

    def cost(self, begin: int, end: int) -> float:
        """Of showing ``atoms[begin:end]`` at once and cutting after it."""
        filled = min(1.0, self._columns(begin, end) / (_LINES * self._limit))
        return 1.0 + (1.0 - filled) ** 2 + self._cut_cost(end)

    def _cut_cost(self, at: int) -> float:
        """Of a cut before atom ``at``."""
        last = self._text[slice(*self.atoms[at - 1])]
        if at == len(self.atoms) or _SENTENCE_END.search(last):
            return 0.0
        return _AFTER_CLAUSE if _CLAUSE_END.search(last) else _WITHIN_CLAUSE

    def lines(self, begin: int, end: int) -> tuple[Stretch, ...]:
        """``atoms[begin:end]`` in one line if it fits, else in two: the evenest, or a little
        less even if that ends the first at a comma."""
        if self._columns(begin, end) <= self._limit or end - begin == 1:
            return (self._stretch(begin, end),)

        def unevenness(cut: int) -> tuple[bool, int]:
            widest = max(self._columns(begin, cut), self._columns(cut, end))
            whole = self._cut_cost(cut) < _WITHIN_CLAUSE
            return widest > self._limit, widest - (_COMMA_WORTH if whole else 0)

        at = min(range(begin + 1, end), key=unevenness)
        return self._stretch(begin, at), self._stretch(at, end)

    def _columns(self, begin: int, end: int) -> int:
        return self._to[end - 1] - self._from[begin]

    def _stretch(self, begin: int, end: int) -> Stretch:
        return self.atoms[begin][0], self.atoms[end - 1][1]


def flat(text: str) -> str:
    """White space as single spaces, none at the ends."""
    return " ".join(text.split())


def _width(text: str) -> int:
    """Columns: two for wide characters, none for accents that combine."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )
