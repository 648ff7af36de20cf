"""The documents of a book in reading order, with all their pieces numbered through.

A place in the book is the index of a piece; whatever begins somewhere begins at a piece.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from book.readers.headings import plain_line
from book.readers.xhtml.pieces import Markup, Piece
from book.readers.xhtml.textbuilder import squeezed, title_key

PASSED_OVER = frozenset(["page numbers", "captions", "hidden", "tables"])  # not what a part is


@dataclass(frozen=True, slots=True)
class Page:
    """One document."""

    member: str
    document: int  # index of its source
    first: int  # index of its first piece in the book
    markup: Markup

    @property
    def last(self) -> int:
        """Index behind its last piece."""
        return self.first + len(self.markup.pieces)


class Pages:
    """All documents; ``pieces`` are those of the whole book."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = tuple(pages)
        self.pieces: list[Piece] = [p for page in pages for p in page.markup.pieces]
        self._firsts = [page.first for page in pages]
        self._by_member = {page.member: page for page in pages}
        self._ends: dict[str, list[int]] = {}
        self._titles: dict[str, dict[str, int]] = {}
        self._texts: list[str | None] = [None] * len(self.pieces)

    def page_of(self, at: int) -> Page:
        """The document of piece ``at``."""
        return self.pages[max(bisect_right(self._firsts, at) - 1, 0)]

    def of_member(self, member: str) -> Page | None:
        """The document stored as ``member``."""
        return self._by_member.get(member)

    def text(self, at: int) -> str:
        """The text of a piece without what is edited out of it."""
        known = self._texts[at]
        if known is None:
            page, piece = self.page_of(at), self.pieces[at]
            known = squeezed(page.markup.text, piece.start, piece.end, piece.edits)
            self._texts[at] = known
        return known

    def line(self, at: int) -> str:
        """The text of a piece as one line, for comparing it with titles."""
        return plain_line(self.text(at))

    def place(self, member: str, fragment: str) -> tuple[int | None, bool]:
        """The first piece at or after a target, and whether its fragment exists."""
        page = self.of_member(member)
        if page is None:
            return None, False
        if not fragment:
            return page.first, True
        span = page.markup.anchors.get(fragment)
        if span is None:
            return page.first, False
        ends = self._ends.get(member)
        if ends is None:
            ends = self._ends[member] = [piece.end for piece in page.markup.pieces]
        return page.first + bisect_right(ends, span[0]), True

    def titled(self, member: str, title: str) -> int | None:
        """The first heading of a document that reads like ``title``."""
        known = self._titles.get(member)
        if known is None:
            known = self._titles[member] = {}
            page = self.of_member(member)
            for i in range(page.first, page.last) if page is not None else ():
                if self.pieces[i].level or self.pieces[i].titled:
                    known.setdefault(title_key(self.line(i)), i)
        return known.get(title_key(title))

    def settled(self, at: int, stop: int) -> int:
        """The first piece from ``at`` on that tells what the part is for; ``at`` if none does."""
        for i in range(at, min(stop, len(self.pieces))):
            piece = self.pieces[i]
            if not piece.silent and piece.part not in PASSED_OVER and self.text(i):
                return i
        return min(at, max(len(self.pieces) - 1, 0))
