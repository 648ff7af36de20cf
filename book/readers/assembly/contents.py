"""A book's own list of its chapters: where it stands, and which lines further down it names.

The list is labelled, not dropped. Lines of the text that repeat an entry become headings, so
that chapters without a number or the word "chapter" are found too; an entry that nothing
repeats is a warning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from book.languages import Language
from book.readers.assembly.entries import promote, read_entries
from book.readers.blocks import PART, Block
from book.readers.headings import plain_line
from book.readers.lines import (
    LONGEST_ENTRY,
    WIDE_GAP,
    bare,
    has_page,
    is_contents_head,
    squeeze,
    without_page,
)

_NUMBER = re.compile(r"\A(?:\d{1,3}|[IVXLC]{1,7})[\s.:)—–-]+")  # in front of an entry
SYNOPSIS = 1200  # characters of what a chapter is about, under its entry (Three Men in a Boat)


@dataclass(frozen=True, slots=True)
class Contents:
    """Blocks with the list labelled and its chapters made headings."""

    blocks: tuple[Block, ...]
    warnings: tuple[str, ...]


def settle_contents(blocks: Sequence[Block], language: Language) -> Contents:
    """The list of chapters labelled "contents", and the lines that it names made headings."""
    run = _find_run(blocks, language)
    if not run:
        repeated = _repeated_headings(blocks)
        return Contents(tuple(_labelled(blocks, repeated)), ())
    labelled = _labelled(blocks, run)
    entries = read_entries([blocks[i] for i in sorted(run) if not blocks[i].skip], language)
    last = max(run)
    after = last + 1 if last + 1 < len(blocks) else 0
    promoted, missing = promote(labelled, entries, after, run, language)
    found = len(entries) - len(missing)
    if not entries or found < 0.5 * len(entries):
        return Contents(tuple(labelled if found < 2 else promoted), ())
    named = [f"the contents list names {e.text!r}, but no heading reads so" for e in missing]
    return Contents(tuple(promoted), tuple(named))


def _labelled(blocks: Sequence[Block], where: Iterable[int]) -> list[Block]:
    chosen = frozenset(where)
    return [
        replace(block, skip="contents", part="contents")
        if i in chosen and not block.skip
        else block
        for i, block in enumerate(blocks)
    ]


# -- where the list stands ------------------------------------------------------------------


def _find_run(blocks: Sequence[Block], language: Language) -> frozenset[int]:
    """Blocks of all lists of chapters (each volume of a book may have its own)."""
    texts = [_name(block) for block in blocks]
    later = Counter(texts)
    empty = _text_after(blocks)
    keys = Counter(b.heading.key for b in blocks if b.heading and b.heading.label)
    run: set[int] = set()
    i = 0
    while i < len(blocks):
        if blocks[i].skip or not is_contents_head(blocks[i].paragraph.printed, language):
            i += 1
            continue
        end = _end_of_run(blocks, i, _Book(texts, later, keys, empty), language)
        if end > i + 1:  # a lone "Contents" may be anything; a list has an entry
            run.update(range(i, end))
        i = max(end, i + 1)
    return frozenset(run)


def _name(block: Block) -> str:
    text = block.paragraph.printed
    return squeeze(without_page(plain_line(text))) if len(text) <= LONGEST_ENTRY else ""


@dataclass(frozen=True, slots=True)
class _Book:
    """What is known of all blocks while a list is followed."""

    names: Sequence[str]
    later: Counter[str]
    keys: Counter[tuple[int, str, int | None, str]]
    empty: Sequence[bool]  # a labelled heading without text of its own


def _end_of_run(blocks: Sequence[Block], head: int, book: _Book, language: Language) -> int:
    """The first block after the list that ``blocks[head]`` heads."""
    seen: set[object] = set()
    part: object = None
    j = head + 1
    while j < len(blocks):
        block = blocks[j]
        text, heading, name = block.paragraph.printed, block.heading, book.names[j]
        own = heading is not None and heading.number is not None and not heading.title
        paged = has_page(text) and not own  # the number of "Chapter 1" is no page
        key: object = name
        if heading and heading.label:
            numbered = heading.rank > PART and heading.number is not None
            key = (part if numbered else None, heading.key)  # numbers restart in each part
            part = heading.key if heading.rank == PART else part
        again = key in seen or (name in seen and (heading is None or heading.number is None))
        if again and not paged and _has_text(blocks, j, book):
            return _without_parts(blocks, j, seen)
        if _ends_list(text, language):
            return j
        if heading and blocks[head].heading:
            # where headings are marked as such, an entry is none
            plain = j > head + 1 and not any(b.heading for b in blocks[head + 1 : j])
            if plain or _has_text(blocks, j, book):
                return j
        listed = bool(name) and book.later[name] > 1
        known = heading is not None and book.keys[heading.key] > 1
        prose = _reads_on(text) and not (paged or listed or known)
        if prose or len(text) > LONGEST_ENTRY:
            above = blocks[j - 1].heading
            synopsis = above is not None and book.keys[above.key] > 1 and len(text) <= SYNOPSIS
            if not synopsis or j == head + 1:
                return _given_back(blocks, head, j)
        elif block.gap >= WIDE_GAP and j > head + 2 and not (heading or paged or listed):
            return j
        seen |= {key, squeeze(_NUMBER.sub("", without_page(text)))}
        j += 1
    return j


def _has_text(blocks: Sequence[Block], j: int, book: _Book) -> bool:
    """Whether the heading or line ``j`` stands above text, as no entry of a list does."""
    heading = blocks[j].heading
    if heading and heading.label:
        return not book.empty[j]
    following = (block.paragraph.printed for block in blocks[j + 1 : j + 5])
    return any(len(text) > LONGEST_ENTRY or _reads_on(text) for text in following)


def _reads_on(text: str) -> bool:
    return len(text) > 90 and text.rstrip("\"'”’」』)）*_")[-1:] in tuple(".!?…。！？:：;；,，")


def _ends_list(text: str, language: Language) -> bool:
    words = language.headings
    return bare(text) in {*words.notes, *words.illustrations, *words.transcriber}


def _without_parts(blocks: Sequence[Block], j: int, seen: set[object]) -> int:
    """Before ``j``: a bare number and headings of parts, directly above, which the list lacks."""
    number = blocks[j - 1].heading
    own = blocks[j].heading
    if number and number.word.startswith("#") and (own is None or own.number is None):
        j -= 1
    heading = blocks[j].heading
    while j > 1 and heading:
        above = blocks[j - 1].heading
        if not above or not above.label or above.rank >= heading.rank or above.rank != PART:
            break
        if len([key for key in seen if isinstance(key, tuple) and key[1] == above.key]) > 1:
            break
        j -= 1
    return j


def _given_back(blocks: Sequence[Block], head: int, j: int) -> int:
    """Text begins at ``j``: the heading above it belongs to it, if the list names it not."""
    i = j
    while i - 1 > head and j - i < 3:
        block = blocks[i - 1]
        heading = block.heading
        wide = block.gap >= WIDE_GAP
        if has_page(block.paragraph.printed) or not (heading or wide):
            break
        i -= 1
        if heading and heading.label:
            return i
    return j if i == j or not blocks[i].heading else i


def _repeated_headings(blocks: Sequence[Block]) -> frozenset[int]:
    """Headings with no text of their own that come again further down: a list without a head."""
    last: dict[tuple[object, ...], int] = {}
    for i, block in enumerate(blocks):
        if block.heading:
            last[block.heading.key] = i
    entries: set[int] = set()
    following = _text_after(blocks)
    for i, block in enumerate(blocks):
        heading = block.heading
        if heading is None:
            short = len(block.paragraph.printed) <= LONGEST_ENTRY
            if i - 1 in entries and short and following[i - 1]:
                entries.add(i)  # the title line under an entry
        elif last[heading.key] > i and following[i]:
            entries.add(i)
    labelled = sum(blocks[i].heading is not None for i in entries)
    return frozenset(entries) if labelled > 1 else frozenset()


def _text_after(blocks: Sequence[Block]) -> list[bool]:
    """For each block: whether the next labelled heading of its rank or above comes without text.

    One pass from the end: ``until[rank]`` counts the characters up to the next such heading.
    """
    empty = [False] * len(blocks)
    until: dict[int, int] = {}
    for i in range(len(blocks) - 1, -1, -1):
        heading = blocks[i].heading
        if heading is None or not heading.label:
            until = {rank: n + len(blocks[i].paragraph.printed) for rank, n in until.items()}
            continue
        reach = [n for rank, n in until.items() if rank <= heading.rank]
        empty[i] = bool(reach) and min(reach) <= LONGEST_ENTRY // 2
        until[heading.rank] = 0
    return empty
