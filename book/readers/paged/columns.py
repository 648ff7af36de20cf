"""Fragments of a page to its lines in reading order: columns, initials, note marks.

Pure geometry; knows no PDF library and no language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from book.readers.paged.pdfpages import Fragment, Page

# A gutter is at least this wide and lies in the middle of the text, with this share of the
# characters and this many lines on both sides: a list with page numbers is no two columns.
GUTTER = 0.9  # of the body's font size
SMALLEST_SIDE = 0.25
FEWEST_LINES = 6
STRIP = 2.6  # of the body's font size: white over the whole width that ends the columns above
FULL = 10  # lines of a column whose edges are sure
INITIAL = 1.7  # a letter this many times larger than the body begins a paragraph
_SPACED_HAN = re.compile("(?<=[\u2e80-\u9fff\uf900-\uffef]) (?=[\u2e80-\u9fff\uf900-\uffef])")
RAISED = 0.85  # marks of notes are at most this part of their line's size


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is printed."""

    text: str
    page: int  # 1-based
    x0: float
    x1: float
    y: float  # of the baseline
    size: float  # of most of its characters
    left: float  # edges of its column on this page
    right: float
    bold: bool = False
    marks: tuple[tuple[int, int], ...] = ()  # raised note marks in ``text``
    raised: bool = False  # begins with a raised mark, as a footnote does
    cjk: bool = False
    column: int = 0  # counted along the page's reading order

    @property
    def indent(self) -> float:
        """In units of its size."""
        return (self.x0 - self.left) / self.size

    @property
    def shortfall(self) -> float:
        """Free space at its right, in units of its size."""
        return (self.right - self.x1) / self.size

    @property
    def centred(self) -> bool:
        """Whether the free space at both sides is the same, and there is some."""
        width = self.right - self.left
        left, right = self.x0 - self.left, self.right - self.x1
        return min(left, right) > 0.04 * width and abs(left - right) < 0.6 * self.size


def body_size(pages: Iterable[Page]) -> float:
    """The font size that most characters of a book have, in points."""
    counts: Counter[float] = Counter()
    for page in pages:
        for fragment in page.fragments:
            counts[round(fragment.size * 2) / 2] += len(fragment.text)
    return max(counts, key=lambda size: (counts[size], size)) if counts else 10.0


def lines_of(page: Page, body: float) -> list[Line]:
    """The lines of a page in reading order, text off the lines left out.

    Args:
        body: the book's usual font size, in points.
    """
    fragments = [f for f in page.fragments if not f.astray]
    initials, fragments = _initials(fragments, body)
    lines: list[Line] = []
    for number, column in enumerate(_columns(fragments, body, 2)):
        lines.extend(_lines(column, page.number, number))
    for initial in initials:
        lines = _with_initial(lines, initial)
    return lines


def settle(lines: Sequence[Line]) -> list[Line]:
    """``lines`` with the edges of their columns made sure, once head and foot lines are gone.

    An edge is where at least two lines begin or end. A column of few lines (the end of a
    chapter) takes its edges from a full one on a page of the same side.
    """
    columns: dict[tuple[int, int], list[Line]] = {}
    for line in lines:
        columns.setdefault((line.page, line.column), []).append(line)
    edges = {key: _edges(group) for key, group in columns.items()}
    full = [(key, edges[key]) for key, group in columns.items() if len(group) >= FULL]
    for key, group in columns.items():
        if len(group) >= FULL:
            continue
        left, right = edges[key]
        around = [
            (abs(page - key[0]), edge)
            for (page, _), edge in full
            if (page - key[0]) % 2 == 0 and edge[0] <= left + 3 and edge[1] >= right - 3
        ] or [
            (abs(page - key[0]), edge)
            for (page, _), edge in full
            if edge[0] <= left + 3 and edge[1] >= right - 3
        ]
        if around:
            edges[key] = min(around)[1]
    return [
        replace(line, left=edges[line.page, line.column][0], right=edges[line.page, line.column][1])
        for line in lines
    ]


def _edges(lines: Sequence[Line]) -> tuple[float, float]:
    lefts = sorted(line.x0 for line in lines)
    rights = sorted((line.x1 for line in lines), reverse=True)
    left = next((a for a, b in pairwise(lefts) if b - a <= 1), lefts[0])
    right = next((a for a, b in pairwise(rights) if a - b <= 2), rights[0])
    return left, max(right, left + 1)


def _initials(fragments: Sequence[Fragment], body: float) -> tuple[list[Fragment], list[Fragment]]:
    """Large first letters that text stands beside, and all the rest."""
    initials = [
        f
        for f in fragments
        if f.size >= INITIAL * body
        and len(f.text.strip("“‘\"' ")) == 1
        and f.text.strip("“‘\"' ").isalpha()
        and sum(_beside(f, other, body) for other in fragments) >= 1
    ]
    return initials, [f for f in fragments if f not in initials]


def _beside(initial: Fragment, other: Fragment | Line, body: float) -> bool:
    gap = other.x0 - initial.x1
    level = initial.y - 0.4 * body <= other.y <= initial.y + initial.size
    return level and -0.3 * body <= gap <= 1.5 * body and other.size < initial.size / 1.3


def _with_initial(lines: list[Line], initial: Fragment) -> list[Line]:
    """``initial`` put before the highest line beside it; those beside it are not set in."""
    beside = [i for i, line in enumerate(lines) if _beside(initial, line, line.size)]
    if not beside:
        return lines
    first = max(beside, key=lambda i: lines[i].y)
    lead = initial.text.strip()
    changed = list(lines)
    for i in beside:
        changed[i] = replace(lines[i], x0=lines[i].left)
    line = changed[first]
    moved = tuple((a + len(lead), b + len(lead)) for a, b in line.marks)
    changed[first] = replace(line, text=lead + line.text, marks=moved)
    return changed


def _columns(fragments: Sequence[Fragment], body: float, depth: int) -> list[list[Fragment]]:
    """Groups of fragments in reading order; one group where there are no columns."""
    gutter = _gutter(fragments, body) if depth else None
    if gutter is None:
        return [list(fragments)] if fragments else []
    across = {round(f.y, 1) for f in fragments if f.x0 < gutter < f.x1}
    groups: list[list[Fragment]] = []
    for band in _bands(fragments, across, body):
        if any(f.x0 < gutter < f.x1 for f in band):
            groups.append(band)
            continue
        for side in ([f for f in band if f.x1 <= gutter], [f for f in band if f.x0 >= gutter]):
            groups.extend(_columns(side, body, depth - 1))
    return groups


def _bands(
    fragments: Sequence[Fragment], across: Collection[float], body: float
) -> list[list[Fragment]]:
    """Runs of lines, from top to bottom, that columns do not go on over.

    They end at lines over both columns and at white strips over the whole width.
    """
    bands: list[list[Fragment]] = []
    wide = False
    for f in sorted(fragments, key=lambda f: -f.y):
        here = any(abs(f.y - y) <= 0.5 * body for y in across)
        if not bands or here != wide or bands[-1][-1].y - f.y > STRIP * body:
            bands.append([])
        bands[-1].append(f)
        wide = here
    return bands


def _gutter(fragments: Sequence[Fragment], body: float) -> float | None:
    """The middle of an empty strip between two columns, or None."""
    if not fragments:
        return None
    left, right = min(f.x0 for f in fragments), max(f.x1 for f in fragments)
    rows = {round(f.y / body) for f in fragments}
    if right - left < 12 * body or len(rows) < FEWEST_LINES:
        return None
    step = body / 4
    cells = [0] * (int((right - left) / step) + 2)
    for f in fragments:
        for cell in range(int((f.x0 - left) / step), int((f.x1 - left) / step) + 1):
            cells[cell] += 1
    allowed = 0.12 * len(rows)
    best, run = (0, 0), 0
    low, high = int(0.25 * len(cells)), int(0.75 * len(cells))
    for cell in range(low, high):
        run = run + 1 if cells[cell] <= allowed else 0
        if run > best[0]:
            best = (run, cell)
    if best[0] * step < GUTTER * body:
        return None
    middle = left + (best[1] - best[0] / 2 + 0.5) * step
    sides = (
        [f for f in fragments if f.x1 <= middle],
        [f for f in fragments if f.x0 >= middle],
    )
    characters = sum(len(f.text) for f in fragments)
    for side in sides:
        if sum(len(f.text) for f in side) < SMALLEST_SIDE * characters:
            return None
        if len({round(f.y / body) for f in side}) < FEWEST_LINES:
            return None
    starts = Counter(round(f.x0 / body) for f in sides[1])
    if max(starts.values()) < 0.3 * len({round(f.y / body) for f in sides[1]}):
        return None
    return middle


def _lines(fragments: Sequence[Fragment], page: int, column: int) -> list[Line]:
    """The lines of one column, from top to bottom."""
    rows: list[list[Fragment]] = []
    for fragment in sorted(fragments, key=lambda f: (-f.y, f.x0)):
        if rows and _same_row(rows[-1], fragment):
            rows[-1].append(fragment)
        else:
            rows.append([fragment])
    left = min(f.x0 for f in fragments)
    right = max(f.x1 for f in fragments)
    lines = (_line(sorted(row, key=lambda f: f.x0), page, left, right) for row in rows)
    return [replace(line, column=column) for line in lines]


def _same_row(row: Sequence[Fragment], fragment: Fragment) -> bool:
    """Raised marks hang above the baseline, by at most half of the line's size."""
    large = max((*row, fragment), key=lambda f: f.size)
    drop = row[0].y - fragment.y
    near = max(f.y for f in row) - fragment.y
    if drop <= 0.2 * large.size:
        return True
    smaller = all(f.size <= RAISED * large.size for f in row if f.y > fragment.y + 0.5)
    return smaller and near <= 0.6 * large.size


def _line(row: Sequence[Fragment], page: int, left: float, right: float) -> Line:
    sizes: Counter[float] = Counter()
    for f in row:
        sizes[f.size] += len(f.text.strip())
    size = max(sizes, key=lambda s: (sizes[s], s))
    base = min((f.y for f in row if f.size == size), default=row[0].y)
    text, marks = "", []
    last: Fragment | None = None
    for f in row:
        words = _SPACED_HAN.sub("", f.text.strip())
        wide = last is not None and f.x0 - last.x1 > 0.2 * size
        spaced = last is not None and (last.text.endswith(" ") or f.text.startswith(" "))
        raised = f.size <= RAISED * size and f.y > base + 0.12 * size
        if text and (spaced or wide) and not (_wide(text[-1]) or _wide(words[0])):
            text += " "
        if raised and _is_mark(words):
            marks.append((len(text), len(text) + len(words)))
        text += words
        last = f
    bold = sum(len(f.text) for f in row if f.bold) > 0.7 * sum(len(f.text) for f in row)
    return Line(
        text, page, row[0].x0, max(f.x1 for f in row), base, size, left, right, bold,
        marks=tuple(marks),
        raised=bool(marks) and marks[0][0] == 0,
        cjk=sum(map(_wide, text)) > 0.3 * len(text),
    )  # fmt: skip


def _is_mark(text: str) -> bool:
    """Whether raised characters call a note: digits, an asterisk, a lone letter; not ``th``."""
    bare = text.strip("[](){}., ")
    return bare.isdigit() or bare in {*"*†‡§¶abcdefgh", "**", "††", ""}


def _wide(character: str) -> bool:
    """Whether it is a character of a script without spaces between words."""
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef"
