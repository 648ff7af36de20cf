"""A list of chapters typed by hand before styled headings: its lines read like them.

For formats whose headings are known by style, where no list needs to be searched by layout.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from book.languages import Language
from book.readers.blocks import Block

_PAGE = re.compile(r"[\s.·…_]+(?:\d{1,4}|[ivxlc]{1,7})$")
_MARKS = re.compile(r"[\W_]+")


def label_typed_list(blocks: Sequence[Block], language: Language) -> list[Block]:
    """``blocks`` with a hand-made table of contents labelled "contents"."""
    words = {_fold(word) for word in language.headings.contents}
    headings = {_fold(b.paragraph.printed) for b in blocks if b.heading and not b.skip}
    inside = False
    labelled = []
    for block in blocks:
        text = block.paragraph.printed.strip()
        if not block.skip:
            known = {_fold(text), _fold(_PAGE.sub("", text))} & headings
            if _fold(text) in words:
                inside = True
            else:
                inside = inside and bool(known) and block.heading is None
            if inside:
                block = replace(block, heading=None, skip="contents", part="contents")
        labelled.append(block)
    return labelled


def _fold(text: str) -> str:
    return _MARKS.sub("", text).casefold()
