"""What stands in a book without being its text: tables of contents, notes.

Blocks are labelled, not dropped: ``include:`` may turn them on again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from book.languages import Language
from book.readers.blocks import CHAPTER, PART, Block, Heading

_ENDERS = (*".!?…。！？：:；;，,", ".”", '."', "。”")
_LONGEST_ENTRY = 100  # characters of a line in a table of contents


def label_matter(blocks: Sequence[Block], language: Language) -> list[Block]:
    """``blocks`` with contents and notes labelled."""
    entries = _contents_entries(blocks)
    labelled = []
    inside = ""
    for i, block in enumerate(blocks):
        heading, text = block.heading, block.paragraph.printed
        name = bare(text)
        if block.skip:
            labelled.append(block)
            continue
        if name in language.headings.contents:
            inside = "contents"
        elif name in language.headings.notes:
            inside = "notes"
        elif inside == "contents":
            line = len(text) <= _LONGEST_ENTRY and not text.endswith(_ENDERS)
            if i not in entries and (heading or not line):
                inside = ""
        elif inside == "notes" and heading and heading.rank in (PART, CHAPTER) and heading.label:
            inside = ""
        reason = inside or ("contents" if i in entries else "")
        labelled.append(replace(block, skip=reason, part=reason) if reason else block)
    return labelled


def bare(line: str) -> str:
    """A line without the marks and spaces around it, for comparing with a word list."""
    return " ".join(line.split()).strip(" □■◇◆【】[]()（）*_.·\u3000").casefold()


def _contents_entries(blocks: Sequence[Block]) -> frozenset[int]:
    """Headings with no text of their own that come again further down."""
    last: dict[tuple[object, ...], int] = {}
    for i, block in enumerate(blocks):
        if block.heading:
            last[block.heading.key] = i
    entries: set[int] = set()
    for i, block in enumerate(blocks):
        heading = block.heading
        if heading is None:
            continue
        if not heading.label:  # the title line under an entry
            if i - 1 in entries:
                entries.add(i)
        elif last[heading.key] > i and not _has_text(blocks, i, heading):
            entries.add(i)
    return frozenset(entries)


def _has_text(blocks: Sequence[Block], i: int, heading: Heading) -> bool:
    """Whether text follows heading ``i`` before the next of its rank or above."""
    for block in blocks[i + 1 :]:
        if block.heading is None:
            return True
        below = heading.word.startswith("#") and block.heading.word != heading.word
        if block.heading.label and block.heading.rank <= heading.rank and not below:
            return False
    return False
