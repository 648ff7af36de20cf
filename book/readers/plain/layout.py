"""Lines of plain text to groups of lines: what belongs to one paragraph.

Some files wrap their lines (Project Gutenberg), some have a paragraph on each line (the web
in China): decided once for a file, by its own lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from book.languages import Language

# Of lines inside a block, 5-25 % end like a sentence when the file is wrapped (32 novels of
# Project Gutenberg, 4 stories of Lu Xun) and nearly all when each line is a paragraph.
WRAPPED_BELOW = 0.5
VERSE_WIDTH = 0.8  # a verse's lines stay below this share of the file's wrap width
VERSE_INDENT = 4  # columns of a verse above text at the margin
POEM_WIDTH = 45  # median characters of a line in a file that is all verse
_END = re.compile(r"[.!?…。！？：:；;—-][\"'”’」』)）\]】*_]*$")


class Line(NamedTuple):
    """A line without its newline and without white space at its ends."""

    start: int  # of the stripped text
    end: int
    indent: int  # columns; a full-width space is two
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of one paragraph."""

    lines: tuple[Line, ...]
    gap: int  # blank lines above
    verse: bool = False

    @property
    def start(self) -> int:
        return self.lines[0].start

    @property
    def end(self) -> int:
        return self.lines[-1].end

    @property
    def joined(self) -> str:
        """The lines with single spaces between them."""
        return " ".join(line.text for line in self.lines)


def lines_of(text: str, start: int, end: int) -> list[Line]:
    """All lines of ``text[start:end]``; a blank one has an empty text."""
    lines = []
    at = start
    for raw in text[start:end].split("\n"):
        body = raw.lstrip()
        lead = raw[: len(raw) - len(body)]
        body = body.rstrip()
        indent = len(lead) + lead.count("\u3000") + 3 * lead.count("\t")
        lines.append(Line(at + len(lead), at + len(lead) + len(body), indent, body))
        at += len(raw) + 1
    return lines


def group_lines(lines: list[Line], language: Language) -> list[Group]:
    """The paragraphs of a file, in order."""
    blocks = _blocks(lines)
    if not is_wrapped([block for block, _ in blocks]):
        return [
            Group((line,), gap if i == 0 else 0)
            for block, gap in blocks
            for i, line in enumerate(block)
        ]
    inner = [len(line.text) for block, _ in blocks for line in block[:-1]]
    width = sorted(inner)[int(0.9 * (len(inner) - 1))]
    all_verse = not language.han and _is_poem([block for block, _ in blocks], inner)
    groups = []
    for block, gap in blocks:
        for i, part in enumerate(_split_at_indents(block, width)):
            verse = len(part) > 1 and (all_verse or _is_verse(part, width, language.han))
            groups.append(Group(tuple(part), 0 if i else gap, verse))
    return groups


def _blocks(lines: list[Line]) -> list[tuple[list[Line], int]]:
    """Runs of lines that are not blank, with the number of blank lines above."""
    blocks: list[tuple[list[Line], int]] = []
    block: list[Line] = []
    gap = 0
    for line in lines:
        if line.text:
            if not block:
                blocks.append((block, gap))
            block.append(line)
            gap = 0
        else:
            block = []
            gap += 1
    return blocks


def is_wrapped(blocks: list[list[Line]]) -> bool:
    """Whether a line end inside a block is soft: few of them end a sentence."""
    inner = [line for block in blocks for line in block[:-1]]
    ended = sum(_END.search(line.text) is not None for line in inner)
    return bool(inner) and ended < WRAPPED_BELOW * len(inner)


def _is_poem(blocks: list[list[Line]], inner: list[int]) -> bool:
    """Whether a whole file is verse: short lines, most of them with a capital."""
    later = [line.text for block in blocks for line in block[1:]]
    capitals = sum(not text.lstrip("\"'“‘(_")[:1].islower() for text in later)
    return median(inner) < POEM_WIDTH and capitals >= 0.8 * len(later)


def _split_at_indents(block: list[Line], width: int) -> list[list[Line]]:
    """A first line set in, after a line that ends a sentence, begins a paragraph.

    So does a line at the margin under lines that were all set in and short: verse, then text.
    """
    parts = [[block[0]]]
    for i in range(1, len(block)):
        line, before = block[i], block[i - 1]
        after = block[i + 1].indent if i + 1 < len(block) else 0
        first = before.indent == 0 or len(parts[-1]) == 1  # or after a paragraph of one line
        set_in = line.indent >= 2 and first and after == 0
        leaves = line.indent == 0 and before.indent >= VERSE_INDENT and len(parts[-1]) > 1
        set_out = leaves and _all_set_in(parts[-1], width)
        if (set_in or set_out) and _END.search(before.text):
            parts.append([])
        parts[-1].append(line)
    return parts


def _all_set_in(lines: list[Line], width: int) -> bool:
    return all(
        line.indent >= VERSE_INDENT and len(line.text) <= VERSE_WIDTH * width for line in lines
    )


def _is_verse(lines: list[Line], width: int, han: bool) -> bool:
    """Short lines, set in or each with a capital: a poem, an address, a letter's head."""
    if max(len(line.text) for line in lines) > VERSE_WIDTH * width:
        return False
    if all(line.indent >= 2 for line in lines):
        return True
    return not han and all(not line.text.lstrip("\"'“‘(_")[:1].islower() for line in lines)
