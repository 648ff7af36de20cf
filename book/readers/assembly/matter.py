"""What stands in a book without being its text: notes, lists of pictures, an index, advertisements.

Blocks are labelled, not dropped: ``include:`` may turn them on again. Lists of chapters are
found in ``book/readers/assembly/contents.py``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from book.languages import Language
from book.readers.blocks import CHAPTER, Block
from book.readers.lines import LONGEST_ENTRY, WIDE_GAP, bare, has_page

NOTES, PICTURES, ADS, INDEX, TRANSCRIBER = (
    "notes", "illustrations", "advertisements", "index", "transcriber",
)  # fmt: skip
MOST_AFTER = 0.2  # of a book that may follow its last line
LATE = 0.7  # of a book is read where lists at its end begin
_NOTE = re.compile(r"[\[(（［〔{⑴-⒇①-⑳*†\d]")
_SHORT = 300  # characters of a transcriber's line: "Produced by …"


def label_matter(blocks: Sequence[Block], language: Language) -> list[Block]:
    """``blocks`` with everything labelled that a listener does not want read."""
    return _after_the_end(_sections(blocks, language), language)


def _sections(blocks: Sequence[Block], language: Language) -> list[Block]:
    """Parts under a heading of their own that says what they are."""
    last = max((i for i, b in enumerate(blocks) if _begins_chapter(b)), default=-1)
    total = sum(len(block.paragraph.printed) for block in blocks) or 1
    labelled: list[Block] = []
    inside = ""
    lines = read = 0
    for i, block in enumerate(blocks):
        read += len(block.paragraph.printed)
        if block.skip:
            labelled.append(block)
            inside = "" if block.skip == "contents" else inside
            continue
        text = block.paragraph.printed
        begun = _begun(text, block, language)
        late = i > last and read > LATE * total
        if begun == NOTES and not (late or _has_notes(blocks, i)):
            begun = ""
        if begun in (ADS, INDEX) and not late and (begun == INDEX or _begins_chapter(blocks[i])):
            begun = ""
        if begun:
            inside, lines = begun, 0
        elif inside and _ended(inside, block, lines, late):
            inside = ""
        alone = begun == TRANSCRIBER and not _is_head(text, language)
        lines += 1
        labelled.append(replace(block, skip=inside, part=inside) if inside else block)
        if alone:
            inside = ""
    return labelled


def _has_notes(blocks: Sequence[Block], i: int) -> bool:
    """Whether the first paragraph under the word "Notes" begins like a note."""
    following = next((b for b in blocks[i + 1 :] if b.paragraph.kind != "heading"), None)
    if following is None:
        return False
    body = following.paragraph
    edited = any(e.reason == "note" and e.start == body.slice.start for e in body.edits[:1])
    return edited or _NOTE.match(body.printed) is not None


def _begins_chapter(block: Block) -> bool:
    heading = block.heading
    return heading is not None and not block.skip and heading.rank <= CHAPTER


def _begun(text: str, block: Block, language: Language) -> str:
    """The kind of part that a line begins, or nothing."""
    name = bare(text)
    words = language.headings
    if name in words.notes:
        return NOTES
    if len(name) <= 2000 and any(_starts(name, word) for word in words.transcriber):
        shortly = len(name) <= _SHORT or name.startswith("transcri")
        return TRANSCRIBER if shortly else ""
    if name in words.illustrations:
        return PICTURES
    if name in words.index:
        return INDEX
    if len(name) <= 80 and any(_starts(name, word) for word in words.advertisements):
        capitals = (
            text.upper() == text
            or block.paragraph.kind == "heading"
            or name in words.advertisements
        )
        return ADS if capitals or text.istitle() else ""
    return ""


def _starts(name: str, word: str) -> bool:
    return name.startswith(word) and not name[len(word) : len(word) + 1].isalpha()


def _is_head(text: str, language: Language) -> bool:
    return bare(text).rstrip(":：") in language.headings.transcriber


def _ended(inside: str, block: Block, lines: int, late: bool) -> bool:
    """Whether a part ends before ``block``."""
    text = block.paragraph.printed
    if _begins_chapter(block):
        return True
    if inside == NOTES or (late and inside in (INDEX, ADS, TRANSCRIBER)):
        return False
    if inside == PICTURES:
        paged = has_page(text)
        return not paged and ((block.gap >= WIDE_GAP and lines > 1) or len(text) > LONGEST_ENTRY)
    return block.gap >= WIDE_GAP or len(text) > LONGEST_ENTRY * 3


def _after_the_end(blocks: Sequence[Block], language: Language) -> list[Block]:
    """What follows "THE END" without a heading of its own: nothing of the book."""
    ends = [
        i
        for i, block in enumerate(blocks)
        if not block.skip
        and block.paragraph.kind != "heading"  # a chapter may be called "The End"
        and bare(block.paragraph.printed).rstrip("!") in language.headings.ends
    ]
    if not ends:
        return list(blocks)
    end = ends[-1]
    total = sum(len(block.paragraph.printed) for block in blocks)
    after = sum(len(block.paragraph.printed) for block in blocks[end + 1 :])
    if after > MOST_AFTER * total or any(_begins_chapter(block) for block in blocks[end + 1 :]):
        return list(blocks)
    return [
        replace(block, skip="back matter", part="back matter")
        if i > end and not block.skip
        else block
        for i, block in enumerate(blocks)
    ]
