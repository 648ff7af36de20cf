"""A book of letters or a diary: its dates are its chapters, where it has no others.

``THE JOHN GRIER HOME, / February 15.`` above a letter, ``May 7th.--I love my garden.`` at the
head of an entry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from book.languages import Language
from book.readers.blocks import CHAPTER, Block, Heading

FEWEST = 6  # dated heads; fewer are letters in a novel
SHARE = 60_000  # characters of a book to each of them at most, or they divide nothing
HEAD = 4  # lines of an address above a date
_ADDRESS = 60  # characters of such a line


@cache
def _date(language: Language) -> re.Pattern[str] | None:
    months = "|".join(sorted(map(re.escape, language.headings.months), key=lambda w: (-len(w), w)))
    if not months:
        return None
    day = r"\d{1,2}(?:st|nd|rd|th|d|\.)?"
    month = rf"(?:{months})\.?"
    year = r"(?:,?\s*(?:1[5-9]|20)(?:\d\d|--|——|—))?"
    article = r"(?:the\s+|le\s+|den\s+|el\s+)?"
    return re.compile(
        rf"{article}(?:{month}\s+(?:the\s+)?{day}|{day}\s+(?:of\s+|de\s+)?{month}){year}"
        rf"(?!\w|\s+[a-z])",
        re.I,
    )


def is_date(text: str, language: Language) -> bool:
    """Whether a short line holds a date: the head of a letter, not a title."""
    pattern = _date(language)
    return pattern is not None and len(text) <= 2 * _ADDRESS and pattern.search(text) is not None


def settle_letters(blocks: Sequence[Block], language: Language) -> list[Block]:
    """Dates made headings of chapters, if the book has no other chapters and many dates."""
    if any(
        b.heading and b.heading.rank <= CHAPTER and b.heading.label and not b.skip for b in blocks
    ):
        return list(blocks)
    heads = [(i, date) for i, b in enumerate(blocks) if (date := _head(b, language))]
    length = sum(len(block.paragraph.printed) for block in blocks)
    if len(heads) < FEWEST or length > SHARE * len(heads):
        return list(blocks)
    result = list(blocks)
    before = -1
    for i, date in heads:
        block = blocks[i]
        alone = len(block.paragraph.printed) <= _ADDRESS
        first = i
        while alone and first - 1 > before and i - first < HEAD and _is_address(blocks, first):
            first -= 1
        result[first] = replace(result[first], heading=Heading(CHAPTER, "", date))
        if alone:
            for k in range(first, i + 1):
                body = replace(result[k].paragraph, kind="heading")
                result[k] = replace(result[k], paragraph=body)
        before = i
    return result


def _head(block: Block, language: Language) -> str | None:
    """The date that begins a paragraph or stands alone in it."""
    pattern = _date(language)
    text = block.paragraph.printed.lstrip("_*[( ")
    if pattern is None or block.heading or block.skip:
        return None
    match = pattern.match(text)
    if match and (
        text[match.end() :].lstrip("_")[:1] in ("", ".", ",", "-", "—", "–", ":", ")", "]")
    ):
        return " ".join(match.group().split()).rstrip(".,")
    inside = pattern.search(text) if len(text) <= _ADDRESS else None
    if inside and inside.end() >= len(text.rstrip(" .,:_)]")) and "," in text[: inside.start()]:
        return " ".join(inside.group().split()).rstrip(".,")
    return None


def _is_address(blocks: Sequence[Block], below: int) -> bool:
    """Whether the block above ``below`` is a line of the address over a letter's date."""
    block = blocks[below - 1]
    text = block.paragraph.printed
    if block.heading or block.skip or len(text) > _ADDRESS or blocks[below].gap > 1:
        return False
    return text.endswith(",") or (text.upper() == text and text.rstrip(".")[-1:].isalpha())
