"""Footnotes of plain text: paragraphs that begin with a mark which stands in the text above.

``[1] Vulture.`` at the end of a chapter, ``* A kind of coach.`` under the paragraph, ``⑴…``; a
quotation in verse that a note brings with it belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from book.readers.blocks import Block

_MARK = re.compile(
    r"\[(?:\d{1,3}|[A-Za-z]|[*†‡§]+)\]|［\d{1,3}］|〔\d{1,3}〕|\{\d{1,3}\}|[⑴-⒇①-⑳㉑-㊿]"
    r"|[*†‡§]{1,3}(?=[\s\w\"“‘'_])|\(\d{1,3}\)(?=\s)"
)
_ROUND = re.compile(r"(?<=[\w.,;:!?\"”'’])\((\d{1,3})\)")
_CARRIES_ON = re.compile(r"[:：—–-]['\"”’)]*$")


def label_footnotes(blocks: Sequence[Block], text: str) -> list[Block]:
    """``blocks`` with footnotes labelled; ``text`` is their source."""
    marks: set[str] = set()
    labelled: list[Block] = []
    inside = carries_on = False
    for block in blocks:
        where = block.paragraph.slice
        match = _MARK.match(text, where.start, min(where.end, where.start + 12))
        note = bool(match) and match is not None and match.group() in marks
        if block.heading or block.skip:
            inside = inside and bool(block.skip)
            labelled.append(block)
            continue
        if match and note and block.paragraph.speaker is None:
            inside = True
            if match.group()[0] in "*†‡§":  # each is used again for the next note
                marks.discard(match.group())
        elif inside and (block.paragraph.kind == "verse" or carries_on):
            pass  # quoted in the note
        else:
            inside = False
            marks.update(
                text[e.start : e.end].strip() for e in block.paragraph.edits if e.reason == "note"
            )
            marks.update(f"({n})" for n in _ROUND.findall(block.paragraph.printed))
        carries_on = inside and _CARRIES_ON.search(block.paragraph.printed) is not None
        labelled.append(replace(block, skip="notes", part="notes") if inside else block)
    return labelled
