"""A phrase as someone remembers or pastes it, found in the book.

Three readings, from strict to lax; the first that finds anything counts: as printed but for
case, spaces and the shapes of quotes; letters and digits alone, without accents (other
quotes, dashes, marks of emphasis, words run together); and the same in what is spoken
("eighteen ninety"). A phrase may run over several segments of a chapter.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from book.anchors import normalise
from book.script import Segment

_ENOUGH: Final = 0.6  # of the phrase's words must be in a segment that is offered instead


def find_phrase(phrase: str, segments: Sequence[Segment]) -> list[tuple[int, ...]]:
    """Where the phrase stands: for each place the indices of the segments it touches."""
    for form, text, glue in _READINGS:
        wanted = form(phrase)
        if wanted:
            found = list(dict.fromkeys(_places(wanted, segments, form, text, glue)))
            if found:
                return found
    return []


def nearest_segment(phrase: str, segments: Sequence[Segment]) -> Segment | None:
    """The segment that shares most words with a phrase that was not found."""
    wanted = set(normalise(phrase).split())
    shared = [len(wanted.intersection(normalise(s.printed).split())) for s in segments]
    if len(wanted) < 2 or not shared or max(shared) < _ENOUGH * len(wanted):
        return None
    return segments[shared.index(max(shared))]


def letters(text: str) -> str:
    """Letters and digits alone, without case, accents and spaces."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if c.isalnum())


def _printed(segment: Segment) -> str:
    return segment.printed


def _spoken(segment: Segment) -> str:
    return segment.spoken


_READINGS: Final = (
    (normalise, _printed, " "),
    (letters, _printed, ""),
    (letters, _spoken, ""),
)


def _places(
    wanted: str,
    segments: Sequence[Segment],
    form: Callable[[str], str],
    text: Callable[[Segment], str],
    glue: str,
) -> Iterator[tuple[int, ...]]:
    for group in _chapters(segments):
        texts = [form(text(segments[index])) for index in group]
        begins, at = [], 0
        for one in texts:
            begins.append(at)
            at += len(one) + len(glue)
        whole = glue.join(texts)
        at = whole.find(wanted)
        while at >= 0:
            first = bisect_right(begins, at) - 1
            last = bisect_right(begins, at + len(wanted) - 1) - 1
            yield tuple(group[first : last + 1])
            at = whole.find(wanted, at + 1)


def _chapters(segments: Sequence[Segment]) -> Iterable[list[int]]:
    groups: dict[int, list[int]] = {}
    for index, segment in enumerate(segments):
        groups.setdefault(segment.chapter, []).append(index)
    return groups.values()
