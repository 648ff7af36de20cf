"""Edits that only the reader of a format knows, laid over those that the text itself shows.

A note mark is told from digits by its raised type, a hyphen from a dash by the line's end:
facts of the page, not of the characters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from book.manuscript import Edit, Paragraph
from book.readers.inline import printed


def with_edits(paragraph: Paragraph, text: str, extra: Iterable[Edit]) -> Paragraph:
    """``paragraph`` of the source ``text`` with further edits, which win where two overlap."""
    start, end = paragraph.slice.start, paragraph.slice.end
    more: list[Edit] = []
    for edit in sorted(extra, key=lambda e: (e.start, e.end)):
        if start <= edit.start < edit.end <= end and (not more or edit.start >= more[-1].end):
            more.append(edit)
    if not more:
        return paragraph
    kept = []
    at = 0
    for edit in paragraph.edits:  # both in order: one pass
        while at < len(more) and more[at].end <= edit.start:
            at += 1
        if at == len(more) or more[at].start >= edit.end:
            kept.append(edit)
    edits = tuple(sorted((*kept, *more), key=lambda e: (e.start, e.end)))
    return replace(paragraph, edits=edits, printed=printed(text, start, end, edits))
