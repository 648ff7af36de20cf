"""The lines that print a heading, and the heading that an entry and those lines make together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from book.languages import Language
from book.readers.blocks import Heading
from book.readers.headings import match_heading
from book.readers.xhtml.pages import PASSED_OVER, Pages
from book.readers.xhtml.textbuilder import title_key

HEAD_RUN = 6  # pieces that may make up one heading: part, number, title, subtitle, epithet, place
LOOK_AHEAD = 3  # pieces before the heading that an entry points to: a picture, an epigraph
LONGEST_HEAD = 300  # characters of a line that is taken for a heading
_NUMBERED = re.compile(r"(\d{1,3})[.:)]\s+(\S.*)")


def heading_of(title: str, rank: int, language: Language) -> Heading:
    """The heading that ``title`` is, of a rank that is known."""
    found = match_heading(title, language)
    numbered = _NUMBERED.fullmatch(title)
    if numbered and (found is None or found.number is None):  # "1. Introduction"
        return Heading(rank, numbered[1], numbered[2], "#digits.", int(numbered[1]))
    if found is None or found.number is None:  # "Appendix B: …" is best left as it is written
        return Heading(rank, "", title, found.word if found else "")
    return replace(found, rank=rank)


def find_head(title: str, reach: range, taken: set[int], pages: Pages) -> tuple[int, ...]:
    """The pieces at a place that are its heading."""
    key = title_key(title)
    run: list[int] = []
    passed = 0
    for i in reach:
        piece = pages.pieces[i]
        if i in taken or piece.silent or piece.part in PASSED_OVER or not pages.text(i):
            continue
        line = pages.line(i)
        own = title_key(line)
        told = bool(own.strip()) and (own in key or key in own)
        meant = (piece.level or piece.titled) and not piece.part and "epigraph" not in piece.types
        if len(line) <= LONGEST_HEAD and (meant or told):
            run.append(i)
            if len(run) == HEAD_RUN:
                break
        elif run or passed == LOOK_AHEAD or len(line) > LONGEST_HEAD:
            break
        else:
            passed += 1
    return tuple(run)


def differ(one: Heading, other: Heading) -> bool:
    """Whether two headings of one kind have different numbers."""
    same_kind = one.word.rstrip(".") == other.word.rstrip(".")
    return same_kind and bool(one.number and other.number) and one.number != other.number


def completed(heading: Heading, printed: Sequence[str], rank: int, language: Language) -> Heading:
    """With the label or the title that the text has and the entry lacks."""
    if not printed:
        return heading
    if heading.label and not heading.title:
        label = title_key(heading.label)
        title = next((line for line in printed if label not in title_key(line)), "")
        found = match_heading(title, language) if title else None
        if found is not None and found.number == heading.number:
            return replace(heading, title=found.title)
        return replace(heading, title=title)
    if not heading.label:
        found = match_heading(printed[0], language)
        if found is not None and found.label and not found.title and len(printed) > 1:
            return replace(found, rank=rank, title=heading.title)
        if found is not None and found.title and title_key(found.title) == title_key(heading.title):
            return replace(found, rank=rank)
    return heading
