"""Chapters told by nothing but how their titles stand: alone, short, under a wide gap.

Only in a book without any other chapters, and only if such lines divide it into long parts:
the stories of a collection without a list of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from book.languages import Language
from book.readers.assembly.ranks import SHORTEST_NUMBERED
from book.readers.blocks import CHAPTER, Block, Heading
from book.readers.headings import may_be_title, plain_line
from book.readers.lines import WIDE_GAP

FEWEST = 3
LONGEST = 80  # characters of such a title
SHARE_BEFORE = 0.1  # of the book that may stand before the first


def settle_typography(blocks: Sequence[Block], language: Language) -> list[Block]:
    """Lone lines made headings of chapters, where a book has none."""
    live = [b.heading for b in blocks if b.heading and not b.skip]
    if any(heading.rank <= CHAPTER and heading.label + heading.title for heading in live):
        return list(blocks)
    lines = [i for i in range(len(blocks) - 1) if _stands_alone(blocks, i)]
    capitals = [i for i in lines if blocks[i].paragraph.printed.isupper()]
    chosen = _with_text(blocks, capitals if len(capitals) >= FEWEST else lines)
    if len(chosen) < FEWEST or not _divide(blocks, chosen, language):
        return list(blocks)
    result = list(blocks)
    for i in chosen:
        title = plain_line(blocks[i].paragraph.printed).rstrip(" .")
        body = replace(blocks[i].paragraph, kind="heading")
        result[i] = replace(blocks[i], paragraph=body, heading=Heading(CHAPTER, "", title))
    return result


def _with_text(blocks: Sequence[Block], lines: Sequence[int]) -> list[int]:
    """Those of the lines that text follows; the book's own title is followed by the first."""
    ends = [*lines[1:], len(blocks)] if lines else []
    return [
        i
        for i, end in zip(lines, ends, strict=True)
        if any(not b.skip and len(b.paragraph.printed) > LONGEST for b in blocks[i + 1 : end])
    ]


def _stands_alone(blocks: Sequence[Block], i: int) -> bool:
    block, following = blocks[i], blocks[i + 1]
    text = block.paragraph.printed
    if block.heading or block.skip or block.paragraph.kind != "body" or len(text) > LONGEST:
        return False
    wide = i == 0 or blocks[i - 1].skip != "" or block.gap >= WIDE_GAP
    return wide and following.gap <= block.gap + 1 and may_be_title(text, stop=text.isupper())


def _divide(blocks: Sequence[Block], lines: Sequence[int], language: Language) -> bool:
    """Whether the parts are long, and little stands before the first."""
    sizes = [0] * (len(lines) + 1)
    starts = set(lines)
    at = 0
    for i, block in enumerate(blocks):
        if i in starts:
            at += 1
        elif not block.skip:
            sizes[at] += len(block.paragraph.printed)
    enough = median(sizes[1:]) >= SHORTEST_NUMBERED[language.han]
    return enough and sizes[0] <= SHARE_BEFORE * sum(sizes)
