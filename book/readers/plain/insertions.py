"""What editors put between the lines of a text: ``[Illustration: …]``, page numbers.

Found before paragraphs are made, since a bracket may hold several.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from book.readers.plain.layout import Group

MOST_GROUPS, MOST_CHARACTERS = 60, 30_000  # of one bracket; an unclosed one must not eat a book
_OPENING = re.compile(
    r"_?\[+\s*_?(?P<what>illustration|frontispiece|decoration|footnote|note|sidenote|transcriber"
    r"|transcription|blank page|map|music|cover)(?:s|['’]s|s['’])?\b",
    re.I,
)
_REASONS = {"footnote": "notes", "note": "notes", "sidenote": "notes", "transcriber": "transcriber",
            "transcription": "transcriber"}  # fmt: skip
_PAGE_MARK = re.compile(
    r"[\[{(]\s*(?:p(?:a?g(?:e|\.)?)?\.?)\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[\]})]|\{\d{1,4}\}"
    r"|(?:page|pg\.)\s+\d{1,4}",
    re.I,
)
_LONE_NUMBER = re.compile(r"[-–—\s]*(\d{1,4})[-–—\s]*")
_ENDED = re.compile(r"[.!?…。！？:：;—-][\"'”’」』)）\]_*]*$")
FEWEST_PAGES = 5
RISING = 0.8  # of lone numbers follow the one before, if they are those of pages
TORN = 0.3  # of them stand inside a sentence: chapters' numbers never do


def find_insertions(groups: Sequence[Group]) -> dict[int, str]:
    """Indices of groups that are no text, with the reason."""
    found: dict[int, str] = {}
    i = 0
    while i < len(groups):
        text = groups[i].joined
        opened = _OPENING.match(text)
        end = _closed(groups, i) if opened else i
        if opened and end > i:
            reason = _REASONS.get(opened["what"].lower(), "illustrations")
            found.update((k, reason) for k in range(i, end))
        elif _PAGE_MARK.fullmatch(text):
            found[i] = "page number"
        i = max(end, i + 1)
    found.update((k, "page number") for k in _page_numbers(groups))
    return found


def _closed(groups: Sequence[Group], start: int) -> int:
    """The group after the one that closes the bracket opened in ``start``, or ``start``."""
    depth = size = 0
    for i in range(start, min(start + MOST_GROUPS, len(groups))):
        text = groups[i].joined.rstrip(" _.")
        size += len(text)
        depth += text.count("[") - text.count("]")
        if depth <= 0:  # text behind the bracket is the book's
            return i + 1 if text.endswith("]") else start
        if size > MOST_CHARACTERS:
            break
    return start


def _page_numbers(groups: Sequence[Group]) -> list[int]:
    """Lone numbers that rise through the file and often tear a sentence in two."""
    lone = [(i, m) for i, g in enumerate(groups) if (m := _LONE_NUMBER.fullmatch(g.joined))]
    if len(lone) < FEWEST_PAGES:
        return []
    numbers = [int(match[1]) for _, match in lone]
    rising = sum(b == a + 1 for a, b in itertools.pairwise(numbers))
    torn = sum(i > 0 and not _ENDED.search(groups[i - 1].joined) for i, _ in lone)
    pages = rising >= RISING * (len(lone) - 1) and torn >= TORN * len(lone)
    return [i for i, _ in lone] if pages else []
