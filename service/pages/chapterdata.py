"""What the page of a chapter shows: plain values, made from a book that is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.problems import Problem
from tasks.assemble import chapter_stem
from tasks.plan import BookPlan, ChapterPlan, Line
from tasks.reviewing.bookcase import OpenBook
from tasks.reviewing.edits import MOST_SAID, castable, source_of
from tasks.reviewing.rows import (
    ChapterRow,
    Filter,
    LineRow,
    TakeRow,
    chapter_rows,
    characters,
    find_line,
    line_rows,
    take_count,
    take_rows,
)
from tasks.takes import TakeStore

ROWS = 250  # lines sent at once; more come when they are asked for


@dataclass(frozen=True, slots=True)
class ChapterView:
    """A chapter as a page shows it."""

    slug: str
    folder: str
    book: str  # title
    chapter: ChapterRow
    before: int | None  # number of the chapter before
    after: int | None
    chosen: Filter
    characters: tuple[tuple[str, str], ...]
    rows: tuple[LineRow, ...]  # from ``start`` on, at most ROWS of those the filter leaves
    takes: Mapping[str, int]  # anchor -> takes on disk
    fitting: int  # lines that the filter leaves
    start: int
    more: int | None  # where further lines begin
    master: bool  # a finished chapter stands, perhaps one of older takes


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who may speak a line."""

    key: str
    name: str
    styles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PanelView:
    """All about one line."""

    slug: str
    row: LineRow
    count: int  # takes on disk
    takes: tuple[TakeRow, ...]
    spoken: str
    speakers: tuple[Speaker, ...]
    voices: tuple[str, ...]  # of the project
    castable: bool
    sayable: bool  # short enough to be said otherwise as a whole
    file: str  # where the text stands
    editable: bool  # it can be changed there from here


def chapter_of(plan: BookPlan, number: int) -> ChapterPlan:
    """The chapter of that number.

    Raises:
        Problem: 404.
    """
    for chapter in plan.chapters:
        if chapter.number == number:
            return chapter
    raise Problem(404, f"the book has no chapter {number}", code="unknown_chapter")


def line_of(plan: BookPlan, anchor: str) -> Line:
    """The line of that anchor.

    Raises:
        Problem: 404; the text may have changed since the page was made.
    """
    line = find_line(plan, anchor)
    if line is None:
        raise Problem(
            404, "the book has no such line any more: load the page again", code="unknown_line"
        )
    return line


def chapter_view(book: OpenBook, number: int, chosen: Filter, start: int = 0) -> ChapterView:
    """A chapter's lines that fit the filter.

    Raises:
        Problem: the book has no such chapter.
    """
    plan = book.plan()
    chapter = chapter_of(plan, number)
    rows = [row for row in line_rows(plan, chapter, book.flags()) if chosen.keeps(row)]
    shown = tuple(rows[start : start + ROWS])
    numbers = [one.number for one in plan.chapters]
    at = numbers.index(number)
    store = TakeStore(plan.build.takes)
    lines = {str(line.segment.anchor): line for line in chapter.lines}
    return ChapterView(
        slug=book.slug,
        folder=str(book.folder),
        book=plan.project.book.title,
        chapter=summary(plan, number),
        before=numbers[at - 1] if at else None,
        after=numbers[at + 1] if at + 1 < len(numbers) else None,
        chosen=chosen,
        characters=characters(plan),
        rows=shown,
        takes={row.anchor: take_count(plan, lines[row.anchor], store) for row in shown},
        fitting=len(rows),
        start=start,
        more=start + ROWS if start + ROWS < len(rows) else None,
        master=(plan.build.chapters / f"{chapter_stem(number, chapter.title)}.flac").is_file(),
    )


def summary(plan: BookPlan, number: int) -> ChapterRow:
    """The figures of one chapter."""
    return next(row for row in chapter_rows(plan) if row.number == number)


def panel_view(book: OpenBook, anchor: str) -> PanelView:
    """All about the line of that anchor.

    Raises:
        Problem: there is none.
    """
    plan = book.plan()
    line = line_of(plan, anchor)
    chapter = chapter_of(plan, line.segment.chapter)
    at = next(i for i, one in enumerate(chapter.lines) if one is line)
    row = line_rows(plan, chapter, book.flags())[at]
    takes = take_rows(plan, line, TakeStore(plan.build.takes))
    path, editable = source_of(plan, line)
    voices = plan.project.book.voices
    return PanelView(
        slug=book.slug,
        row=row,
        count=len(takes),
        takes=takes,
        spoken=line.segment.spoken,
        speakers=tuple(
            Speaker(
                key,
                name,
                tuple(voices[plan.project.voice_of(None if key == "narrator" else key)].styles),
            )
            for key, name in characters(plan)
        ),
        voices=tuple(voices),
        castable=castable(plan, line),
        sayable=len(line.segment.printed) <= MOST_SAID,
        file=path.name,
        editable=editable,
    )
