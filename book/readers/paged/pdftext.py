"""Lines of a PDF to paragraphs: by indent, leading, short last lines, over pages.

Pure. The usual values (leading, whether first lines are set in) are taken from the book
itself once; a paragraph is then a decision between two neighbouring lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from book.readers.paged.columns import Line

SET_IN = 0.7  # units of type; smaller offsets are optical
WIDE = 1.45  # times the leading: more than that is space on purpose
SUNK = 2.5  # leadings below the usual first line: the page begins something
SCENE = 1.6  # times the usual space between paragraphs
_ENDED = re.compile(r"[.!?…。！？：:;；—–-][\"'”’」』)）\]】»*]*$")
_LEADER = re.compile(r"(?:(?:\.\s?){4,}|[.…·]{3,}|\s\.{2,})\s*(?:\d{1,4}|[ivxlc]{1,7})$")


@dataclass(frozen=True, slots=True)
class Setting:
    """How a book is set."""

    body: float  # points
    leading: dict[float, float]  # size -> usual distance of baselines
    between: float  # usual distance of baselines over a paragraph's end, in leadings
    set_in: bool  # first lines of paragraphs are
    justified: bool
    top: float  # baseline of most pages' first line, in points

    def lead(self, size: float) -> float:
        """The usual distance of two lines of a size, in points."""
        return self.leading.get(size, 1.2 * size)


@dataclass(slots=True)
class Draft:
    """A paragraph being gathered."""

    lines: list[Line]
    gap: float = 0.0  # free space above, in leadings; 0 where it cannot be known
    entry: bool = False  # a line of a table of contents with its leader
    scene: bool = field(default=False)

    @property
    def text(self) -> str:
        """Its lines with single spaces between."""
        return " ".join(line.text for line in self.lines)

    @property
    def size(self) -> float:
        """The largest type in it."""
        return max(line.size for line in self.lines)


def find_setting(lines: Sequence[Line], body: float) -> Setting:
    """The usual values of a book's text."""
    gaps: dict[float, Counter[float]] = {}
    for above, below in pairwise(lines):
        if _together(above, below) and above.size == below.size:
            gap = round(above.y - below.y, 1)
            if 0 < gap < 4 * above.size:
                gaps.setdefault(above.size, Counter())[gap] += 1
    leading = {size: max(c, key=lambda g: (c[g], -g)) for size, c in gaps.items()}
    text = [line for line in lines if abs(line.size - body) < 0.6 and not line.centred]
    first = sum(SET_IN <= line.indent <= 5 for line in text)
    full = sum(line.shortfall < 0.35 for line in text)
    wide = []
    for above, below in pairwise(lines):
        if _together(above, below) and abs(above.size - body) < 0.6 and above.size == below.size:
            ratio = (above.y - below.y) / leading.get(above.size, 1.2 * above.size)
            if 1.15 < ratio < 3:
                wide.append(ratio)
    set_in = first > 0.03 * len(text)
    usual = len(wide) > (0.05 * len(text) if set_in else 2)  # else they end scenes
    return Setting(
        body=body,
        leading=leading,
        between=median(wide) if usual else 1.0,
        set_in=set_in,
        justified=full > 0.6 * len(text),
        top=_usual_top(lines),
    )


def _usual_top(lines: Sequence[Line]) -> float:
    highest: dict[int, float] = {}
    for line in lines:
        highest[line.page] = max(line.y, highest.get(line.page, line.y))
    counts = Counter(round(y) for y in highest.values())
    return float(max(counts, key=lambda y: (counts[y], y))) if counts else 0.0


def gather(lines: Sequence[Line], setting: Setting, alone: Collection[int] = ()) -> list[Draft]:
    """The paragraphs of ``lines``, which are in reading order and hold no page furniture.

    Args:
        alone: indexes of lines that are known to be headings.
    """
    drafts: list[Draft] = []
    for i, line in enumerate(lines):
        entry = _LEADER.search(line.text) is not None
        above = drafts[-1].lines[-1] if drafts else None
        if above is None:
            drafts.append(Draft([line], entry=entry))
            continue
        gap = _gap(above, line, setting)
        parted = (i in alone) != (i - 1 in alone)
        if entry or drafts[-1].entry or parted or _begins(drafts[-1].lines, line, gap, setting):
            scene = gap >= SCENE * setting.between and _is_text(line, setting)
            scene = scene and _is_text(above, setting)
            drafts.append(Draft([line], gap, entry, scene))
        else:
            drafts[-1].lines.append(line)
    return drafts


def _gap(above: Line, line: Line, setting: Setting) -> float:
    """Distance of two baselines in leadings; 0 where a page or a column ends between them.

    On a page that begins lower than others the white above counts.
    """
    lead = setting.lead(line.size)
    if _together(above, line):
        return (above.y - line.y) / lead
    sunk = (setting.top - line.y) / lead
    return sunk if above.page != line.page and sunk > SUNK and line.column <= 1 else 0.0


def _together(above: Line, below: Line) -> bool:
    """Whether the distance of two lines says anything."""
    return above.page == below.page and above.column == below.column and above.y > below.y


def _is_text(line: Line, setting: Setting) -> bool:
    return abs(line.size - setting.body) < 0.08 * setting.body and not line.bold


def _begins(draft: Sequence[Line], line: Line, gap: float, setting: Setting) -> bool:
    """Whether ``line`` begins a paragraph after the lines of ``draft``."""
    above = draft[-1]
    if abs(above.size - line.size) > 0.08 * setting.body or above.bold != line.bold:
        return True
    if gap > max(WIDE, 0.85 * setting.between if setting.between > 1.15 else WIDE):
        return True
    if setting.between > 1.15 and gap > 0.5 * (1 + setting.between):
        return True
    if line.text[0].islower() and (gap or above.text[-1] in ",;—–"):
        return False
    if above.text[-1] in "-\u2010\u00ad" and above.text[-2:-1].isalnum():
        return False
    if above.centred or line.centred:
        return not (above.centred and line.centred and _goes_on(above, line))
    set_in, was_in = line.indent >= SET_IN, above.indent >= SET_IN
    if set_in and not was_in:
        return True
    if set_in and abs(line.indent - above.indent) < 0.3:
        if _word_fits(above, line):
            return True
        return len(draft) == 1 and setting.set_in and _ENDED.search(above.text) is not None
    if set_in:
        return line.indent > above.indent
    if setting.set_in and line.cjk:
        return above.shortfall > 2.5 and _ENDED.search(above.text) is not None
    ended = _ENDED.search(above.text) is not None
    if line.text[0] in '“"「『«' and above.text[-1] in '”"」』»' and not setting.set_in:
        return True  # two speeches: where lines are not set in, a page's end may hide the gap
    if setting.justified:
        return ended and above.shortfall > 1.5
    return ended and _word_fits(above, line) and not (setting.set_in and above.shortfall < 6)


def _goes_on(above: Line, line: Line) -> bool:
    """Whether two centred lines are one: the first is about full, or both are a heading's."""
    return above.shortfall < 0.35 * (above.right - above.left) / above.size


def _word_fits(above: Line, line: Line) -> bool:
    """Whether the first word of ``line`` would have had room at the end of ``above``."""
    words = line.text.split()
    if not words:
        return False
    length = 1 if line.cjk else len(words[0])
    width = (line.x1 - line.x0) / max(1, len(line.text)) / line.size
    return above.shortfall > (length + 1) * width + 0.3
