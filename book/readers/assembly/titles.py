"""Which line under a numbered heading is its title, with all headings of the book in view.

One line in capitals under "CHAPTER IV" is a title; a short sentence is one only where most
chapters have such a line; under bare numbers a lone one is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from book.languages import Language
from book.readers.assembly.letters import is_date
from book.readers.blocks import PART, Block, Heading
from book.readers.headings import may_be_title, plain_line

MOST = 0.6  # of the headings of a kind; below it a line that might be a title is text
NEARLY_ALL = 0.8  # the same for a line that could as well be the chapter's first sentence
FEWEST = 4  # headings of a kind, below which nothing can be said of most of them
SHORT = 100  # characters of a sentence that stands where the others have titles
_EPIGRAPHS = 2  # blocks of verse that may stand between a heading and its title


def settle_titles(blocks: Sequence[Block], language: Language) -> list[Block]:
    """``blocks`` with each title line's text in its heading, and the line itself a heading."""
    kinds: dict[str, list[int]] = {}
    for i, block in enumerate(blocks):
        if block.heading and block.heading.label and not block.skip:
            kinds.setdefault(block.heading.word, []).append(i)
    result = list(blocks)
    for kind, places in kinds.items():
        titled = [i for i in places if _heading(blocks, i).title]
        found = [(i, *_candidate(blocks, i, language)) for i in places if i not in set(titled)]
        count = len(places)
        strict = len(titled) + sum(sure == 3 for _, _, sure in found)
        loose = strict + sum(sure == 2 for _, _, sure in found)
        every = loose + sum(sure == 1 for _, _, sure in found)
        least = 3
        if kind.startswith("#") and strict < 0.5 * count:
            continue
        if loose >= MOST * count:
            least = 2
        if every >= NEARLY_ALL * count and count >= FEWEST:
            least = 1
        for i, at, sure in found:
            if sure >= least:
                _join(result, i, at)
    return result


def _heading(blocks: Sequence[Block], i: int) -> Heading:
    heading = blocks[i].heading
    if heading is None:
        raise ValueError(f"block {i} is no heading")
    return heading


def _candidate(blocks: Sequence[Block], i: int, language: Language) -> tuple[int, int]:
    """The block that may be the title of heading ``i``, and how sure that is: 0 (none) to 3."""
    for at in range(i + 1, min(i + 2 + _EPIGRAPHS, len(blocks))):
        block = blocks[at]
        if block.heading and at == i + 1 and not block.skip and _names_only(block.heading):
            return at, 3  # "CHAPTER TEN", and under it "THE EPILOGUE"
        if block.heading or block.skip:
            return at, 0
        text = block.paragraph.printed
        capitals = text.upper() == text
        if block.paragraph.kind == "verse" and not capitals:
            continue
        return at, _sureness(blocks, i, at, plain_line(text), language)
    return i, 0


def _sureness(blocks: Sequence[Block], i: int, at: int, text: str, language: Language) -> int:
    if is_date(text, language) or (at + 1 < len(blocks) and blocks[at].gap > 6):
        return 0
    heading = _heading(blocks, i)
    if at > i + 1 and (heading.rank == PART or heading.number is None):
        return 0
    after = blocks[at + 1] if at + 1 < len(blocks) else None
    if after is None:
        return 0
    if may_be_title(text):
        return 3 if at == i + 1 else 2
    if heading.number is None:
        return 0
    if may_be_title(text, stop=True):
        return 2
    sentence = len(text) <= SHORT and not re.search(r"[\"“”‘「『]|[.!?]\s|[,:;—-]$", text)
    return 1 if sentence and text[:1].isupper() else 0


def _join(blocks: list[Block], i: int, at: int) -> None:
    block = blocks[at]
    title = " ".join(plain_line(block.paragraph.printed).split())
    blocks[i] = replace(blocks[i], heading=replace(_heading(blocks, i), title=title))
    blocks[at] = replace(block, heading=None, paragraph=replace(block.paragraph, kind="heading"))


def _names_only(heading: Heading) -> bool:
    """A heading without a number: "Conclusion", or a line that the list of chapters names."""
    return heading.number is None and not heading.word.startswith("#")
