"""What a digital library wraps around a book: found by its own marks and cut off whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

_START = re.compile(
    r"^[ \t]*\*\*\*[ \t]*START OF (?:THE|THIS) PROJECT GUTENBERG.*$"
    r"|^[ \t]*\*END[ *]+THE SMALL PRINT.*$",
    re.M | re.I,
)
_END = re.compile(
    r"^[ \t]*\*\*\*[ \t]*END OF (?:THE|THIS) PROJECT GUTENBERG"
    r"|^[ \t]*End of (?:the )?Project Gutenberg",
    re.M | re.I,
)
_TITLE = re.compile(r"^Title:[ \t]*(.+?(?:\n[ \t]+\S.*)*)[ \t]*$", re.M)
_AUTHOR = re.compile(r"^Author:[ \t]*(.+?)[ \t]*$", re.M)


@dataclass(frozen=True, slots=True)
class Cut:
    """The book's own text is ``[start, end)``; the rest is licence."""

    start: int
    end: int
    title: str | None = None
    author: str | None = None


def cut_licence(text: str) -> Cut:
    """Where the book stands between a Project Gutenberg header and licence."""
    start = 0
    title = author = None
    for begin in _START.finditer(text, 0, min(len(text), 40_000)):
        start = begin.end()
    if start:
        header = text[:start]
        title, author = _field(_TITLE, header), _field(_AUTHOR, header)
    end = _END.search(text, start)
    return Cut(start, end.start() if end else len(text), title, author)


def _field(pattern: re.Pattern[str], header: str) -> str | None:
    match = pattern.search(header)
    return " ".join(match[1].split()) if match else None
