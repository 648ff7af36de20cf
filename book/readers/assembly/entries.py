"""What a list of chapters names: its entries, and the lines of the text that repeat them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from book.languages import Language
from book.readers.blocks import CHAPTER, PART, Block, Heading
from book.readers.headings import match_heading, plain_line
from book.readers.lines import (
    HEADER,
    LONGEST_ENTRY,
    is_contents_head,
    squeeze,
    without_page,
)

_NUMBER = re.compile(r"\A(?:\d{1,3}|[IVXLC]{1,7})[\s.:)—–-]+(?=\S)")  # in front of an entry
_SUBTITLE = re.compile(r"\.?(?:--|—|: )")
_LEADERS = re.compile(r"[\s.·…_]{3,}\S*$|(?:\s\.){2,}.*$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list."""

    text: str  # as a person would name it
    heading: Heading | None
    names: frozenset[str]  # squeezed texts that may stand for it in the book


def read_entries(run: Sequence[Block], language: Language) -> list[Entry]:
    entries: list[Entry] = []
    for block in run:
        written = plain_line(block.paragraph.printed)
        if len(written) > LONGEST_ENTRY or written.isdecimal():
            continue
        text = without_page(_LEADERS.sub("", written)).strip(" .·…_-—–")
        own = block.heading
        if own and own.number is not None and not own.title:
            text = written  # the number of "Chapter 1" is no page
        if not text or HEADER.fullmatch(text) or is_contents_head(text, language):
            continue
        heading = match_heading(text, language) or block.heading
        above = entries[-1].heading if entries else None
        if heading is None and above and above.label and not above.title:
            title = replace(above, title=text)  # "CHAPTER I", and its title on the next line
            names = {*entries[-1].names, squeeze(text), squeeze(f"{above.label} {text}")}
            entries[-1] = Entry(f"{entries[-1].text} {text}", title, frozenset(names))
            continue
        names = {squeeze(written), squeeze(text), squeeze(_NUMBER.sub("", text))}
        if heading and heading.title:
            names.add(squeeze(heading.title))
        elif not heading:  # "THE CUSTOM-HOUSE.--INTRODUCTORY"
            names.add(squeeze(_SUBTITLE.split(text)[0]))
        entries.append(Entry(text, heading, frozenset(names - {""})))
    return entries


def promote(
    blocks: Sequence[Block],
    entries: Sequence[Entry],
    after: int,
    run: frozenset[int],
    language: Language,
) -> tuple[list[Block], list[Entry]]:
    """Blocks with the lines that entries name made headings; and the entries nothing repeats."""
    places: dict[str, list[int]] = {}
    keys: dict[tuple[object, ...], list[int]] = {}
    for i, block in enumerate(blocks):
        if i in run:
            continue
        if block.heading:
            keys.setdefault(block.heading.key, []).append(i)
            if block.heading.title:
                places.setdefault(squeeze(block.heading.title), []).append(i)
        if len(block.paragraph.printed) <= LONGEST_ENTRY and block.paragraph.kind != "verse":
            places.setdefault(squeeze(plain_line(block.paragraph.printed)), []).append(i)
    result = list(blocks)
    missing = []
    at = after
    for entry in entries:
        heading = entry.heading
        candidates = sorted({i for name in entry.names for i in places.get(name, ())})
        if heading and heading.label:
            candidates = sorted({*candidates, *keys.get(heading.key, ())})
        where = next((i for i in candidates if i >= at), candidates[0] if candidates else None)
        if where is None:
            missing.append(entry)
            continue
        at = where + 1 if where >= at else at
        block = result[where]
        above = result[where - 1].heading if where else None
        if block.heading is None and not (above and above.label and not above.title):
            title = " ".join(plain_line(block.paragraph.printed).split())
            made = match_heading(title, language) or Heading(CHAPTER, "", title)
            rank = PART if heading and heading.rank == PART else CHAPTER
            result[where] = replace(
                block,
                heading=replace(made, rank=rank),
                paragraph=replace(block.paragraph, kind="heading"),
            )
    return result, missing
