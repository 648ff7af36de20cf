"""Where parts and chapters begin in a book without navigation: by its headings, or its pages.

The level of ``<h1>`` to ``<h6>`` that holds the chapters is the one on which most numbered
headings stand, else the highest that occurs more than once. A book without any heading has a
chapter where a document begins with a short line.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from book.languages import Language
from book.readers.blocks import CHAPTER, PART, SECTION, TITLE, Heading
from book.readers.headings import match_heading
from book.readers.xhtml.headlines import LONGEST_HEAD, heading_of
from book.readers.xhtml.meanings import PARTS, TEXT
from book.readers.xhtml.outline import Mark, Outline
from book.readers.xhtml.pages import PASSED_OVER, Pages
from book.readers.xhtml.textbuilder import title_key

_SENTENCE = re.compile(r"[.,;!…。，；！]['\"’”»」』)]*$")
LONGEST_FIRST = 80  # characters of a first line that is the title of its document
LONGEST_RUN = 3  # lines of one heading
TYPED = TEXT - {"abstract", "epigraph", "subchapter", "z3998:letter"}


def head_outline(pages: Pages, language: Language, title: str | None) -> Outline:
    """The outline that headings give, or the documents themselves."""
    runs = _runs(pages, language)
    typed = _by_type(runs, pages, language)
    if typed:
        return Outline(tuple(typed), (), frozenset(), ())
    if runs:
        marks = _by_level(runs, pages, language, title)
        return Outline(tuple(marks), (), frozenset(), ())
    marks = [
        Mark(i, found, (i,))
        for i, piece in enumerate(pages.pieces)
        if not piece.part and not piece.silent and piece.end - piece.start <= LONGEST_HEAD
        if (found := match_heading(pages.line(i), language)) and not found.word.endswith(".")
    ]
    if any(mark.heading.rank <= CHAPTER for mark in marks) or len(pages.pages) < 2:
        return Outline(tuple(marks), (), frozenset(), ())
    return Outline(tuple(_by_page(pages, language)), (), frozenset(), ())


def _by_type(runs: list[tuple[int, ...]], pages: Pages, language: Language) -> list[Mark]:
    """Where elements typed as chapters and their like begin, if most of the text is in such."""
    inside = total = 0
    for i, piece in enumerate(pages.pieces):
        if not piece.part and not piece.silent:
            length = len(pages.text(i))
            total += length
            inside += 0 if TYPED.isdisjoint(piece.types) else length
    if inside * 2 <= total:
        return []
    marks = []
    for run in runs:
        begins = frozenset[str]().union(*(pages.pieces[i].begins for i in run))
        if TYPED.isdisjoint(begins):
            continue
        rank = CHAPTER if begins & (TYPED - PARTS) else PART
        marks.append(Mark(run[0], replace(_heading(run, pages, language), rank=rank), run))
    return marks


def _runs(pages: Pages, language: Language) -> list[tuple[int, ...]]:
    """Headings; those that follow each other at once and belong together are one: the lines of
    one header, a number and its title, two lines of one level."""
    runs: list[list[int]] = []
    open_run = False
    for i, piece in enumerate(pages.pieces):
        if piece.silent or piece.part in PASSED_OVER or not pages.text(i):
            continue
        short = piece.end - piece.start <= LONGEST_HEAD
        if piece.part or not short or not (piece.level or (piece.titled and open_run)):
            open_run = False
            continue
        if open_run and len(runs[-1]) < LONGEST_RUN and _joins(runs[-1], i, pages, language):
            runs[-1].append(i)
        else:
            runs.append([i])
        open_run = True
    return [tuple(run) for run in runs if pages.pieces[run[0]].level]


def _joins(run: list[int], at: int, pages: Pages, language: Language) -> bool:
    """Whether a heading goes on with the one before."""
    first, last, piece = pages.pieces[run[0]], pages.pieces[run[-1]], pages.pieces[at]
    if pages.page_of(run[0]) is not pages.page_of(at) or piece.begins:
        return False
    if last.titled and piece.titled:
        return True
    own = match_heading(pages.line(at), language)
    if (own is not None and own.label) or (piece.level and piece.level < first.level):
        return False
    begun = match_heading(pages.line(run[0]), language)
    waits = begun is not None and bool(begun.label) and not begun.title and len(run) == 1
    return waits or not piece.level or piece.level == last.level


def _by_level(
    runs: list[tuple[int, ...]], pages: Pages, language: Language, title: str | None
) -> list[Mark]:
    levels = [pages.pieces[run[0]].level for run in runs]
    headings = [_heading(run, pages, language) for run in runs]
    numbered = Counter(
        level
        for level, heading in zip(levels, headings, strict=True)
        if heading.label and heading.rank in (CHAPTER, SECTION) and heading.number is not None
    )
    several = [level for level in sorted(set(levels)) if levels.count(level) > 1]
    if numbered and max(numbered.values()) > 1:
        chapter = max(numbered, key=lambda level: (numbered[level], -level))
    else:
        chapter = several[0] if several else min(levels)
    marks = []
    for i, (run, level, heading) in enumerate(zip(runs, levels, headings, strict=True)):
        rank = PART if level < chapter else CHAPTER if level == chapter else SECTION
        if rank == PART and i == 0 and _is_book_title(heading, level, levels, title):
            rank = TITLE
        if heading.label and heading.rank == PART and level <= chapter:
            rank = PART
        if rank == SECTION and heading.label and heading.rank == CHAPTER and heading.number is None:
            rank = CHAPTER  # an epilogue one level too deep
        if rank != SECTION:
            marks.append(Mark(run[0], replace(heading, rank=rank), run))
    return marks


def _is_book_title(heading: Heading, level: int, levels: list[int], title: str | None) -> bool:
    named = title is not None and title_key(heading.title) in title_key(title)
    return not heading.label and (named or levels.count(level) == 1)


def _heading(run: tuple[int, ...], pages: Pages, language: Language) -> Heading:
    lines = [pages.line(i) for i in run]
    found = match_heading(lines[0], language)
    if found is None:
        if len(lines) > 1 and all(pages.pieces[i].titled for i in run):
            own = [h for line in lines[1:] if (h := match_heading(line, language)) and h.label]
            if not own:  # the lines of one header
                return Heading(CHAPTER, "", ": ".join(lines))
        whole = heading_of(lines[0], CHAPTER, language)
        numbered = [h for line in lines[1:] if (h := match_heading(line, language)) and h.label]
        return replace(numbered[0], title=whole.title) if numbered else whole
    if found.label and not found.title and len(lines) > 1:
        return replace(found, title=lines[1])
    return found


def _by_page(pages: Pages, language: Language) -> list[Mark]:
    marks = []
    for page in pages.pages:
        at = pages.settled(page.first, page.last)
        if page.first == page.last or at >= page.last or pages.pieces[at].part:
            continue
        line = pages.line(at)
        known = match_heading(line, language)
        if known is not None or (len(line) <= LONGEST_FIRST and not _SENTENCE.search(line)):
            heading = replace(known, rank=CHAPTER) if known else Heading(CHAPTER, "", line)
            marks.append(Mark(at, heading, (at,)))
    return marks
