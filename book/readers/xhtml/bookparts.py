"""Documents and stretches of a book that are not its text, where their markup does not say so.

Evidence, in this order: landmarks and guide, the entry of the navigation, the heading, links
that make up most of a page (a list of chapters), marks of a page with the rights, class and
file names, the place before everything that the navigation knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from book.readers.xhtml.meanings import (
    READ,
    TEXT,
    part_of_names,
    part_of_title,
    part_of_types,
    states_rights,
)  # fmt: skip
from book.readers.xhtml.navigation import Navigation
from book.readers.xhtml.outline import Outline
from book.readers.xhtml.pages import Page, Pages
from book.readers.xhtml.textbuilder import title_key

LONGEST_UNTOLD = 3000  # characters of a document before the first entry that is no preface
LONGEST_DISPLAY = 20_000  # of a cover or title page; longer ones hold the book
FEWEST_LINKS, LINKED = 4, 0.8  # lines and share of characters in links that make a list
NOTE_START = 12  # characters before a note's anchor in its own line: a number, a mark
LONGEST_NOTE = 40  # paragraphs; a longer stretch is no note but a chapter that is linked to
FRONT = "front matter"
_MEMBER = re.compile(r"[^/]+(?=\.\w+$)|[^/]+$")


def label_pieces(pages: Pages, navigation: Navigation, outline: Outline, title: str | None) -> None:
    """Sets ``part`` of the pieces that are skipped by default and have none yet."""
    for start, end, part in outline.matter:
        _label(pages, range(start, end), part)
    first = min((mark.at for mark in outline.marks), default=0)
    begun = _beginning(navigation, pages)
    landmarks = {
        mark.member: part
        for mark in navigation.landmarks
        if not mark.fragment and (part := part_of_types(mark.types))
    }
    starts = {mark.at for mark in outline.marks}
    for page in pages.pages:
        whole = range(page.first, page.last)
        own = [i for i in whole if not pages.pieces[i].part and not pages.pieces[i].silent]
        if not own:
            continue
        types = frozenset().union(*(pages.pieces[i].types for i in own))
        length = sum(len(pages.text(i)) for i in own)
        part = landmarks.get(page.member, "")
        listed = page.member in outline.listed
        if not part and TEXT.isdisjoint(types) and not listed:
            part = _part(page, own, pages, length)
            if not part and page.last <= max(first, begun):
                part = _front(page, own, pages, types, length, title, page.last <= begun)
        if part and (length <= LONGEST_DISPLAY or part in ("index", "notes", "bibliography")):
            _label(pages, whole, part)
    for page in pages.pages:
        _label_sections(page, pages, starts)


def label_notes(pages: Pages, targets: Iterable[tuple[str, str, int]]) -> None:
    """Labels the notes that marks in the text point to.

    Args:
        targets: member, fragment, and the piece that the mark stands in.
    """
    for member, fragment, origin in targets:
        page = pages.of_member(member)
        span = page.markup.anchors.get(fragment) if page is not None else None
        if page is None or span is None:
            continue
        at, _ = pages.place(member, fragment)
        if at is None or at >= page.last:
            continue
        piece = pages.pieces[at]
        before = page.markup.text[piece.start : span[0]]
        last = at
        while last + 1 < page.last and pages.pieces[last + 1].end <= span[1]:
            last += 1
            if last - at > LONGEST_NOTE:
                break
        inside = at <= origin <= last
        if inside or piece.level or len(before.strip()) > NOTE_START or last - at > LONGEST_NOTE:
            continue
        _label(pages, range(at, last + 1), "notes")


def _label(pages: Pages, where: range, part: str) -> None:
    for i in where:
        piece = pages.pieces[i]
        piece.part = piece.part or part


def _beginning(navigation: Navigation, pages: Pages) -> int:
    """The piece at which the book says that reading starts; 0 when it does not say."""
    for mark in navigation.landmarks:
        if not mark.types.isdisjoint(("bodymatter", "text", "start")):
            at, _ = pages.place(mark.member, mark.fragment)
            if at is not None:
                return at
    for entry in navigation.entries:
        if part_of_title(entry.title) == READ and entry.member:
            at, _ = pages.place(entry.member, entry.fragment)
            if at is not None:
                return at
    return 0


def _part(page: Page, own: list[int], pages: Pages, length: int) -> str:
    """What a whole document is by its heading, its links, its words or its name."""
    first = own[0]
    head = pages.pieces[first]
    line = pages.line(first)
    if head.level or head.titled or len(own) > 1:
        part = part_of_title(line)
        if part and part != READ:
            return part
    linked = sum(pages.pieces[i].linked for i in own)
    lines = sum(1 for i in own if pages.pieces[i].linked)
    if lines >= FEWEST_LINKS and linked >= LINKED * length:
        return "contents"
    if states_rights("\n".join(pages.text(i) for i in own) if length <= LONGEST_DISPLAY else ""):
        return "copyright"
    names = [*page.markup.names, *_MEMBER.findall(page.member)]
    return part_of_names(names) if length <= LONGEST_DISPLAY else ""


def _front(
    page: Page,
    own: list[int],
    pages: Pages,
    types: frozenset[str],
    length: int,
    title: str | None,
    before_start: bool,
) -> str:
    """Whether an unlisted document before all chapters is none of the text."""
    if "frontmatter" in types and before_start:
        return FRONT
    if any(match in types for match in ("bodymatter", "backmatter")):
        return ""
    key = title_key(title) if title else ""
    line = title_key(pages.line(own[0]))
    if key.strip() and (line == key or (line in key and line.strip())):
        return "title page"
    return FRONT if length <= LONGEST_UNTOLD else ""


def _label_sections(page: Page, pages: Pages, starts: set[int]) -> None:
    """Sections inside a document whose heading says what they are, up to the next heading of
    their level; ends a list of chapters with the links."""
    i = page.first
    while i < page.last:
        piece = pages.pieces[i]
        part = "" if piece.part or not piece.level or i in starts else part_of_title(pages.line(i))
        if not part or part == READ or not TEXT.isdisjoint(piece.types - {"part", "division"}):
            i += 1
            continue
        end = i + 1
        while end < page.last and end not in starts:
            level = pages.pieces[end].level
            if level and level <= piece.level:
                break
            end += 1
        _label(pages, range(i, end), part)
        i = end
