"""Headings of Markdown: where a title stands in its line, and which depth begins chapters."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from book.readers.blocks import PART, SECTION, TITLE, Block

_ATX = re.compile(r"(#{1,6})[ \t]+(?=\S)")


@dataclass(frozen=True, slots=True)
class Atx:
    """``## Title ##``: where the title stands in the line."""

    depth: int
    start: int
    end: int


def atx_of(text: str) -> Atx | None:
    """A heading with marks, its closing marks and attributes (``{#id}``) left out.

    By hand: a pattern takes quadratic time for a title with 100,000 spaces.
    """
    match = _ATX.match(text)
    if not match:
        return None
    end = len(text)
    if text.endswith("}"):
        opening = text.rfind("{")
        if text[opening + 1 : opening + 2] in ("#", ".", ":"):
            end = len(text[:opening].rstrip())
    bare = text[:end].rstrip("#")
    if bare != text[:end] and bare[-1:] in (" ", "\t"):
        end = len(bare.rstrip())
    return Atx(len(match[1]), match.end(), max(end, match.end()))


def _is_bare(blocks: list[Block]) -> bool:
    """Whether the first heading stands right above another of its depth or one above."""
    first, second = blocks[0].heading, blocks[1].heading if len(blocks) > 1 else None
    return first is not None and second is not None and second.rank <= first.rank


def rank_depths(blocks: list[Block]) -> list[Block]:
    """Depths to ranks: the depth of the chapters is where most titles of chapters stand.

    That is the shallowest depth whose headings read like chapters; without such, the
    shallowest with at least two headings. One heading above it is the book's title.
    """
    found = [block for block in blocks if block.heading]
    if not found:
        return blocks
    depths = [block.heading.rank for block in found if block.heading]
    numbered = [b.heading.rank for b in found if b.heading and b.heading.label and b.heading.word]
    several = sorted(d for d in set(depths) if depths.count(d) > 1)
    if numbered:
        chapter = max(set(numbered), key=lambda d: (numbered.count(d), -d))
    else:
        chapter = several[0] if several else min(depths)
    first = found[0]
    title_depth = chapter if len(found) == 1 and not numbered else chapter - 1
    ranked = []
    for block in blocks:
        heading = block.heading
        if heading is None:
            ranked.append(block)
            continue
        depth = heading.rank
        alone = depth <= title_depth and (depths.count(depth) == 1 or _is_bare(blocks))
        if block is first and alone and not heading.label:
            ranked.append(
                Block(block.paragraph, replace(heading, rank=TITLE), "title page", "title page")
            )
            continue
        rank = PART if depth < chapter else PART + 1 if depth == chapter else SECTION
        ranked.append(Block(block.paragraph, replace(heading, rank=rank)))
    return ranked
