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
from book.readers.outline import LONGEST_HEAD, Mark, Outline, heading_of
from book.readers.pages import PASSED_OVER, Pages
from book.readers.textbuilder import title_key

_SENTENCE = re.compile(r"[.,;!…。，；！]['\"’”»」』)]*$")
LONGEST_FIRST = 80  # characters of a first line that is the title of its document
DEEPEST = 6


def head_outline(pages: Pages, language: Language, title: str | None) -> Outline:
    """The outline that headings give, or the documents themselves."""
    runs = _runs(pages)
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


def _runs(pages: Pages) -> list[tuple[int, ...]]:
    """Headings; those that follow each other at once are one: number and title.

    A heading of a higher level than the one before begins a run of its own.
    """
    runs: list[list[int]] = []
    open_run = False
    for i, piece in enumerate(pages.pieces):
        if piece.silent or piece.part in PASSED_OVER or not pages.text(i):
            continue
        short = piece.end - piece.start <= LONGEST_HEAD
        if piece.part or not short or not (piece.level or (piece.titled and open_run)):
            open_run = False
            continue
        above = pages.pieces[runs[-1][-1]].level if open_run else 0
        same_page = bool(runs) and pages.page_of(runs[-1][0]) is pages.page_of(i)
        joins = open_run and same_page and (not piece.level or piece.level >= above)
        if joins and len(runs[-1]) < 3:
            runs[-1].append(i)
        else:
            runs.append([i])
        open_run = True
    return [tuple(run) for run in runs if pages.pieces[run[0]].level]


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
