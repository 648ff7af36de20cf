"""Who replaces what: rules take parts of a text in turn, and what is taken is hidden from the next.

A later rule never sees the inside of an earlier one's place, so that £2 5s. 4d. is money and
not a unit, a date and a fraction. Linear in the text for each rule that finds something.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from book.script import Replacement

TAKEN = "\ue000"  # private use: no letter, no digit, no space


class Claims:
    """A text under work: ``text`` is the print with every place that is taken hidden."""

    def __init__(self, printed: str, taken: Sequence[Replacement] = ()) -> None:
        self.printed = printed
        self.text = printed
        self._found: list[Replacement] = []
        self._insertions: set[int] = set()
        self.take(taken)
        self._found.clear()

    def take(self, found: Iterable[Replacement]) -> None:
        """Keeps those of ``found`` that touch nothing taken before them."""
        fresh = []
        at = 0
        for item in sorted(found, key=lambda r: r.start):  # what a rule found first goes first
            if item.start < at or not self._free(item.start, item.end):
                continue
            if item.start == item.end:
                self._insertions.add(item.start)
            at = item.end
            fresh.append(item)
        if not fresh:
            return
        parts, at = [], 0
        for item in fresh:
            parts += [self.text[at : item.start], TAKEN * (item.end - item.start)]
            at = item.end
        self.text = "".join([*parts, self.text[at:]])
        self._found += fresh

    def _free(self, start: int, end: int) -> bool:
        if start == end:
            inside = self.text[max(0, start - 1) : start + 1] == TAKEN * 2
            return not inside and start not in self._insertions
        if any(start < point < end for point in self._insertions):
            return False
        return TAKEN not in self.text[start:end]

    def found(self) -> tuple[Replacement, ...]:
        """What was taken and says something else than the print, in order."""
        return tuple(
            sorted(
                (r for r in self._found if self.printed[r.start : r.end] != r.spoken),
                key=lambda r: (r.start, r.end),
            )
        )


def merge(first: Sequence[Replacement], second: Iterable[Replacement]) -> tuple[Replacement, ...]:
    """``first`` (in order, disjoint), and those of ``second`` that touch none of it, in order."""
    ends = [item.end for item in first]
    more = []
    for item in second:
        i = bisect_left(ends, item.start)
        while i < len(first) and first[i].start <= item.end:
            if _touch(item, first[i]):
                break
            i += 1
        else:
            more.append(item)
    return tuple(sorted((*first, *more), key=lambda r: (r.start, r.end))) if more else tuple(first)


def _touch(one: Replacement, other: Replacement) -> bool:
    """Whether two replacements overlap; an insertion only touches what it lies inside."""
    if one.start == one.end == other.start == other.end:
        return True
    return one.start < other.end and other.start < one.end
