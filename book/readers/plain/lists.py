"""Groups of lines that are lists: taken apart line by line.

A table of contents may be set as one block of lines; each is an entry of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from book.languages import Language
from book.readers.headings import match_heading
from book.readers.lines import (
    HEADER,
    LONGEST_ENTRY,
    bare,
    has_page,
    is_contents_head,
    squeeze,
    without_page,
)
from book.readers.plain.layout import Group, Line

_SENTENCE = (".", "!", "?", "…", "。", "！", "？")
_NARROW = 70  # characters of a line in a list: half of them stay below
_MOST_PROSE = 3  # paragraphs of text, after which a list must have ended


def split_lists(groups: Sequence[Group], language: Language) -> list[Group]:
    """``groups`` with the entries of lists as groups of their own."""
    result: list[Group] = []
    seen: set[str] = set()
    prose = _MOST_PROSE
    for group in groups:
        head = group.lines[0].text
        pictures = len(group.lines) == 1 and bare(head) in language.headings.illustrations
        if pictures or is_contents_head(head, language):
            prose, seen = 0, set()
            result.extend(_lines(group))
            continue
        headings = all(_is_entry(line, language) for line in group.lines)
        if len(group.lines) > 1 and headings:
            result.extend(_lines(group))
            continue
        listed = prose < _MOST_PROSE and squeeze(without_page(head)) not in seen
        if not listed:
            prose = _MOST_PROSE
        elif len(group.lines) > 1 and _is_list(group):
            parts = _lines(group)
            seen.update(squeeze(without_page(part.joined)) for part in parts)
            result.extend(parts)
            continue
        elif len(group.joined) > LONGEST_ENTRY:
            prose += 1
        if listed:
            seen.add(squeeze(without_page(head)))
        result.append(group)
    return result


def _is_entry(line: Line, language: Language) -> bool:
    found = match_heading(line.text, language)
    return found is not None or match_heading(without_page(line.text), language) is not None


def _is_list(group: Group) -> bool:
    texts = [line.text for line in group.lines]
    paged = sum(has_page(text) for text in texts)
    if paged >= 0.5 * len(texts):
        return True
    ended = sum(text.endswith(_SENTENCE) for text in texts)
    begun = sum(not text[:1].islower() for text in texts)
    narrow = median(len(text) for text in texts) < _NARROW
    return narrow and begun >= 0.8 * len(texts) and ended < 0.5 * len(texts)


def _lines(group: Group) -> list[Group]:
    """One group a line; a line set in deeper that ends with the page belongs to the one above."""
    parts: list[list[Line]] = []
    for line in group.lines:
        above = parts[-1][-1] if parts else None
        hanging = (
            above is not None
            and not HEADER.fullmatch(above.text)
            and not has_page(above.text)
            and line.indent > above.indent + 2
            and (has_page(line.text) or line.text[:1].islower())
        )
        if hanging:
            parts[-1].append(line)
        else:
            parts.append([line])
    return [Group(tuple(part), group.gap if i == 0 else 0) for i, part in enumerate(parts)]
