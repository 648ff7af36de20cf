"""What stands on pages without being the text: running heads, page numbers, footnotes.

Found by repetition at the same place over pages, and by type size at the foot. Pure; a page
is a list of ``Line``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from book.readers.paged.columns import Line

HEAD, NUMBER, NOTE = "page header", "page number", "note"
Reasons = dict[tuple[int, int], str]  # (page, index of the line in it) -> reason

DEPTH = 2  # lines from the top or the bottom of a page that may be furniture
LARGE = 1.12  # times the body's type: a heading
SMALL = 0.92  # type of footnotes, as a part of the body's
_ROMAN = r"[ivxlcdm]{1,7}"
_NUMBER = re.compile(
    rf"(?:[-–—\[(·•|]\s*)?(?:(?:page|p\.|seite|第)\s*)?(?P<number>\d{{1,4}}|{_ROMAN})"
    rf"(?:\s*页|\s*頁)?(?:\s*(?:of|/|von)\s*\d{{1,4}})?(?:\s*[-–—\])·•|])?",
    re.I,
)
_ANY_NUMBER = re.compile(rf"(?<![^\W\d])\d+(?![^\W\d])|(?<!\w)(?:{_ROMAN})(?!\w)", re.I)
_NOTE = re.compile(r"(?:\[?\(?\d{1,3}[\])]?[.):]?(?!\d)|[*†‡§¶]+|[①-⑳⑴-⒇])\s*\S")


def find_margins(pages: Mapping[int, Sequence[Line]], body: float) -> Reasons:
    """Which lines are no text, and why.

    Args:
        pages: page number to its lines in reading order.
        body: the book's usual font size, in points.
    """
    reasons = _furniture(pages, body)
    running = False
    for page in sorted(pages):
        running = _notes(page, pages[page], reasons, body, running)
    return reasons


def _furniture(pages: Mapping[int, Sequence[Line]], body: float) -> Reasons:
    """Running heads, feet and page numbers.

    A place (a height on the page, in the same type size) holds furniture when most of what
    stands there over the pages is a number that counts with the pages or comes again.
    """
    places: dict[tuple[int, float], list[tuple[int, int]]] = {}
    for page, lines in pages.items():
        for index in _ends(lines):
            for near in (0, 1):  # two grids, so that no place falls between two cells
                cell = (lines[index].y + 2 * near) // 4
                places.setdefault((near, cell), []).append((page, index))
    reasons: Reasons = {}
    for found in places.values():
        counting = _counting(pages, found)
        again = _repeated(pages, found, body)
        known = counting | again
        if len(known) >= 3 and len(known) >= 0.6 * len(found):
            sizes = {pages[p][i].size for p, i in known}
            known |= {
                (p, i)
                for p, i in found
                if pages[p][i].size in sizes
                and pages[p][i].size < LARGE * body
                and not _in_text(pages[p], i)
            }
        elif (len(known) < 3 and not (len(pages) < 6 and counting)) or (
            len(known) < 0.3 * len(found)
        ):
            continue
        for page, index in known:
            number = _NUMBER.fullmatch(pages[page][index].text.strip())
            reasons[page, index] = NUMBER if number else HEAD
    return reasons


def _repeated(
    pages: Mapping[int, Sequence[Line]], found: Sequence[tuple[int, int]], body: float
) -> set[tuple[int, int]]:
    """Lines that come again at one place: alike, or but for a number that counts with the pages.

    "Chapter I" over the first chapter and "Chapter II" over the second, each once, are no
    running heads; nor is what is set larger than the text.
    """
    alike: dict[str, list[tuple[int, int]]] = {}
    shapes: dict[str, list[tuple[int, int]]] = {}
    for page, index in found:
        text = pages[page][index].text
        if (
            any(map(str.isalpha, text))
            and pages[page][index].size < LARGE * body
            and not _in_text(pages[page], index)
        ):
            alike.setdefault(text.casefold(), []).append((page, index))
            shapes.setdefault(_shape(text), []).append((page, index))
    again = {place for places in alike.values() if len(places) >= 3 for place in places}
    for places in shapes.values():
        offsets: dict[int, list[tuple[int, int]]] = {}
        for page, index in places:
            for match in _ANY_NUMBER.finditer(pages[page][index].text):
                value = _value(match.group())
                if value is not None:
                    offsets.setdefault(value - page, []).append((page, index))
        for same in offsets.values():
            if len({page for page, _ in same}) >= 2 and len(places) >= 3:
                again.update(same)
    return again


def _ends(lines: Sequence[Line]) -> list[int]:
    """The indexes of the outermost lines of a page."""
    order = sorted(range(len(lines)), key=lambda i: -lines[i].y)
    return sorted({*order[:DEPTH], *order[-DEPTH:]})


def _in_text(lines: Sequence[Line], index: int) -> bool:
    """Whether a line is set on with the text: more lines follow than furniture has.

    The distance counts towards the middle of the page, whichever end the line stands at.
    """
    order = sorted(range(len(lines)), key=lambda i: -lines[i].y)
    at = order.index(index)
    if at >= len(order) / 2:
        order.reverse()
        at = len(order) - 1 - at
    for outer, inner in pairwise(order[at : at + DEPTH + 1 - min(at, DEPTH - 1)]):
        a, b = lines[outer], lines[inner]
        if a.size != b.size or abs(a.y - b.y) > 1.6 * a.size:
            return False
    return len(order) > at + 1


def _counting(
    pages: Mapping[int, Sequence[Line]], found: Sequence[tuple[int, int]]
) -> set[tuple[int, int]]:
    """Lines that are numbers rising with the pages."""
    offsets: dict[int, set[tuple[int, int]]] = {}
    for page, index in found:
        match = _NUMBER.fullmatch(pages[page][index].text.strip())
        if match is None:
            continue
        value = _value(match["number"])
        if value is not None:
            offsets.setdefault(value - page, set()).add((page, index))
    sure: set[tuple[int, int]] = set()
    for lines in offsets.values():
        alone = len(pages) == 1 and all(_apart(pages[p], i) for p, i in lines)
        if len({page for page, _ in lines}) >= 2 or alone:
            sure |= lines
    return sure


def _apart(lines: Sequence[Line], index: int) -> bool:
    others = [abs(line.y - lines[index].y) for i, line in enumerate(lines) if i != index]
    return bool(others) and min(others) > 2 * lines[index].size


def _value(written: str) -> int | None:
    if written.isdecimal():
        return int(written)
    digits = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
    values = [digits[c] for c in written.lower()]
    following = [*values[1:], 0]
    return sum(-v if v < n else v for v, n in zip(values, following, strict=True))


def _shape(text: str) -> str:
    """A line without its numbers, to see it again on other pages."""
    return " ".join(_ANY_NUMBER.sub("#", text.casefold()).split())


def _notes(page: int, lines: Sequence[Line], reasons: Reasons, body: float, running: bool) -> bool:
    """Marks the footnotes of a page; returns whether the last may go on over the page.

    Args:
        running: whether the page before ended in a note.
    """
    left = [i for i in range(len(lines)) if (page, i) not in reasons]
    columns: dict[int, list[int]] = {}
    for i in left:
        columns.setdefault(lines[i].column, []).append(i)
    any_note = False
    for group in columns.values():
        group.sort(key=lambda i: -lines[i].y)
        foot: list[int] = []
        for i in reversed(group):
            if lines[i].size > SMALL * body:
                break
            foot.insert(0, i)
        if not foot or (len(foot) == len(group) and not running):
            continue
        while foot and not (_begins(lines[foot[0]]) or running):
            foot.pop(0)
        for i in foot:
            reasons[page, i] = NOTE
        any_note = any_note or bool(foot)
    return any_note


def _begins(line: Line) -> bool:
    return line.raised or _NOTE.match(line.text) is not None
