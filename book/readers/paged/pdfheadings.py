"""Which paragraphs of a PDF are headings: the file's own outline first, else type and words.

The outline is believed when most of its entries stand on the pages they point to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from book.languages import Language
from book.readers.blocks import CHAPTER, PART, SECTION, TITLE, Heading
from book.readers.depths import rank_depths
from book.readers.headings import LONGEST, match_heading
from book.readers.paged.columns import Line
from book.readers.paged.pdfpages import Bookmark
from book.readers.paged.pdftext import Draft, Setting

LARGE = 1.12  # times the body's type
MOST_LINES = 5  # of a heading
FOUND = 0.6  # of the outline's entries must be on their pages
JOINED = 4  # paragraphs that one entry of the outline may be set as
_FOLD = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"[.…。；;，,:：][\"'”’」』)）]*$")


@dataclass(frozen=True, slots=True)
class Found:
    """Headings by the index of their paragraph."""

    headings: dict[int, Heading]
    navigated: bool
    warnings: tuple[str, ...] = ()


def find_headings(
    drafts: Sequence[Draft], bookmarks: Sequence[Bookmark], setting: Setting, language: Language
) -> Found:
    """The headings of a book."""
    outlined = _outlined(drafts, bookmarks, language)
    if outlined is not None:
        return outlined
    return Found(_ranked(_by_type(drafts, setting, language), drafts), False)


def lines_of_outline(lines: Sequence[Line], bookmarks: Sequence[Bookmark]) -> frozenset[int]:
    """Indexes of the lines that entries of the outline are set in."""
    titles: dict[int, list[str]] = {}
    for mark in bookmarks:
        titles.setdefault(mark.page + 1, []).append(_fold(mark.title))
    found: set[int] = set()
    for i, line in enumerate(lines):
        for title in titles.get(line.page, ()):
            text = _fold(line.text)
            whole = text == title or (len(text) > 3 and title.endswith(text))
            begun = bool(text) and title.startswith(text)
            below = _fold(lines[i + 1].text) if i + 1 < len(lines) else ""
            if whole or (begun and below and title.startswith(text + below)):
                found.add(i)
    return frozenset(found)


def _fold(text: str) -> str:
    return _FOLD.sub("", text.replace("\u00ad", "")).casefold()


def _outlined(
    drafts: Sequence[Draft], bookmarks: Sequence[Bookmark], language: Language
) -> Found | None:
    """The paragraphs that the outline's entries are; None without an outline to believe."""
    by_page: dict[int, list[int]] = {}
    for i, draft in enumerate(drafts):
        by_page.setdefault(draft.lines[0].page, []).append(i)
    found: list[tuple[Bookmark, list[int]]] = []
    missing: list[Bookmark] = []
    used: set[int] = set()
    for mark in bookmarks:
        places = _place(mark, drafts, by_page.get(mark.page + 1, []), used)
        if places:
            used.update(places)
            found.append((mark, places))
        elif by_page.get(mark.page + 1):
            missing.append(mark)
    if len(found) < 2 or len(found) < FOUND * (len(found) + len(missing)):
        return None
    ranks = rank_depths([(m.level, match_heading(m.title, language)) for m, _ in found])
    headings: dict[int, Heading] = {}
    for mark, places in found:
        # outlines lose the space where a title is broken ("with BrownHair"): print keeps it
        printed = " ".join(" ".join(drafts[place].text.split()) for place in places)
        title = printed if _fold(printed) == _fold(mark.title) else mark.title
        known = match_heading(title, language)
        rank = ranks[mark.level]
        first = replace(known, rank=rank) if known else Heading(rank, "", title)
        headings[places[0]] = first
        for place in places[1:]:
            headings[place] = replace(first, label="", title=first.title or first.label)
    warnings = tuple(
        f"the outline names {m.title!r} on page {m.page + 1}, but no line there reads so"
        for m in missing
    )
    return Found(headings, True, warnings)


def _place(
    mark: Bookmark, drafts: Sequence[Draft], places: Sequence[int], used: set[int]
) -> list[int]:
    """The consecutive paragraphs of a page that read like an entry of the outline."""
    wanted = _fold(mark.title)
    if not wanted:
        return []
    for at, i in enumerate(places):
        text, taken = "", []
        for j in places[at : at + JOINED]:
            if j in used or len(drafts[j].lines) > MOST_LINES:
                break
            text += _fold(drafts[j].text)
            taken.append(j)
            if text == wanted or (i == j and len(text) > 3 and wanted.endswith(text)):
                return taken
            if not wanted.startswith(text):
                break
    return []


def _by_type(drafts: Sequence[Draft], setting: Setting, language: Language) -> dict[int, Heading]:
    """Paragraphs that are set apart and read like headings."""
    headings: dict[int, Heading] = {}
    for i, draft in enumerate(drafts):
        text = draft.text.strip()
        if draft.entry or len(draft.lines) > MOST_LINES or len(text) > LONGEST:
            continue
        large = draft.size >= LARGE * setting.body
        bold = all(line.bold for line in draft.lines)
        centred = all(line.centred for line in draft.lines)
        opens = i == 0 or drafts[i - 1].lines[-1].page != draft.lines[0].page
        apart = opens or draft.gap >= 1.3 * setting.between or draft.gap >= 1.8
        if not (large or bold or (centred and apart) or (apart and _below_apart(drafts, i))):
            continue
        known = match_heading(text, language)
        if known:
            headings[i] = known
        elif any(map(str.isalpha, text)) and (
            large or (bold and apart and not _SENTENCE_END.search(text))
        ):
            headings[i] = Heading(CHAPTER, "", text)
    return headings


def _below_apart(drafts: Sequence[Draft], i: int) -> bool:
    return i + 1 < len(drafts) and drafts[i + 1].gap >= 1.3


def _ranked(found: dict[int, Heading], drafts: Sequence[Draft]) -> dict[int, Heading]:
    """Ranks by type where words say nothing; lines under a numbered heading are its title."""
    labelled = [i for i, h in found.items() if h.label]
    sizes = Counter(drafts[i].size for i in labelled if found[i].rank == CHAPTER)
    if not sizes:
        sizes = Counter(drafts[i].size for i in found)
    several = [size for size, n in sizes.items() if n > 1] or list(sizes)
    chapter = max(several, key=lambda s: (sizes[s], s)) if labelled else max(several, default=0.0)
    ranked: dict[int, Heading] = {}
    for i in sorted(found):
        heading = found[i]
        size = drafts[i].size
        above = ranked.get(i - 1)
        if heading.label:
            ranked[i] = heading
        elif above is not None and above.label and not above.title:
            ranked[i] = replace(above, label="", title=heading.title)
        elif not ranked and size > chapter:
            ranked[i] = replace(heading, rank=TITLE)
        elif size > chapter + 0.5 and labelled:
            ranked[i] = replace(heading, rank=PART)
        elif size >= chapter - 0.5:
            ranked[i] = replace(heading, rank=CHAPTER)
        else:
            ranked[i] = replace(heading, rank=SECTION)
    return ranked
