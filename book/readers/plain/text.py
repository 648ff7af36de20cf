"""Plain text: Project Gutenberg's and the raw kind found in China.

Returns blocks; every character that no block holds is white space or in a skip.
"""

from __future__ import annotations

import re
from dataclasses import replace

from book.languages import Language
from book.manuscript import Facts, Skip, Slice, speakable
from book.readers.blocks import SECTION, Block, Extract, Heading, Reading
from book.readers.headings import LONGEST, match_heading, may_be_title
from book.readers.inline import paragraph
from book.readers.licence import cut_licence
from book.readers.lines import has_page, without_page
from book.readers.plain.footnotes import label_footnotes
from book.readers.plain.insertions import find_insertions
from book.readers.plain.layout import Group, group_lines, lines_of
from book.readers.plain.lists import split_lists
from book.readers.plain.tags import bracket_tag
from book.readers.plain.titlepage import label_title_page

# A scene break by white space alone: the four stories and 32 novels at hand have at most 2
# blank lines between paragraphs of one scene, and 3 or more only where something ends.
SCENE_GAP = 3
MOST_LINES = 6  # of a heading that is wrapped, in capitals
_FENCE = re.compile(r"`{3,}\s*\w*|~{3,}\s*\w*")
_NOTE_MARKS = re.compile(r"[⑴-⒇①-⑳㉑-㊿*†]|\[\d{1,3}\]|［\d{1,3}］|〔\d{1,3}〕")
# An ornament made of letters, as in "-o0o-" or "x x x".
_LETTERED = re.compile(
    r"[\s\-–—*~=#.·•]*(?:[oO0]{3}|[oO]0[oO]|(?:[xX]\s+){2,}[xX]|(?:[oO0]\s+){2,}[oO0])[\s\-–—*~=#.·•]*"
)


def read_text(reading: Reading) -> Extract:
    """The blocks of a plain text."""
    cut = cut_licence(reading.text)
    skips = []
    document = reading.document
    for start, end in ((0, cut.start), (cut.end, len(reading.text))):
        if reading.text[start:end].strip():
            skips.append(Skip(Slice(document, start, end), "licence"))
    known = Facts(title=cut.title, author=cut.author)
    extract = read_region(reading, cut.start, cut.end, known)
    return replace(extract, skips=(*skips, *extract.skips))


def read_region(reading: Reading, start: int, end: int, known: Facts | None = None) -> Extract:
    """The blocks of ``text[start:end]``, which holds no licence.

    Args:
        known: what a licence's header or a file's front matter says of the book.
    """
    lines = lines_of(reading.text, start, end)
    groups = split_lists(group_lines(lines, reading.language), reading.language)
    inserted = find_insertions(groups)
    skips: list[Skip] = []
    blocks: list[Block] = []
    scene = False
    gap = 0
    for i, group in enumerate(groups):
        gap = max(gap, group.gap)
        where = Slice(reading.document, group.start, group.end)
        if i in inserted:
            skips.append(Skip(where, inserted[i]))
        elif _FENCE.fullmatch(group.joined):
            skips.append(Skip(where, "markup"))
        elif reason := silence(group.joined):
            skips.append(Skip(where, reason))
            scene = scene or reason == "ornament"
        else:
            wide = bool(blocks) and gap >= SCENE_GAP
            blocks.extend(_blocks(reading, replace(group, gap=gap), scene or wide))
            scene, gap = False, 0
    blocks = label_footnotes(blocks, reading.text)
    page = label_title_page(blocks, reading.language, known or Facts())
    return Extract(page.blocks, tuple(skips), Facts(title=page.title, author=page.author))


def silence(text: str) -> str:
    """Why a paragraph is not spoken that holds no words: a quoted silence, a note, an ornament.

    Empty for one that is.
    """
    if speakable(_NOTE_MARKS.sub("", text)):
        return "ornament" if len(text) < 80 and _LETTERED.fullmatch(text) else ""
    if _NOTE_MARKS.search(text) and not _NOTE_MARKS.sub("", text).strip():
        return "note" if "*" not in text else "ornament"
    return "silence" if text[:1] in "“”\"'‘’「『«" or set(text) <= set("….。") else "ornament"


def _entry(line: str, language: Language) -> Heading | None:
    """A heading, with or without the page number that a table of contents gives it."""
    found = match_heading(line, language)
    if found or not has_page(line):
        return found
    return match_heading(without_page(line), language)


def _blocks(reading: Reading, group: Group, scene: bool) -> list[Block]:
    """The blocks of one group: a heading, a heading and what stands right under it, or text."""
    language = reading.language
    first, rest = group.lines[0], group.lines[1:]
    own = _entry(first.text, language)
    if rest and own and not own.word.endswith("."):
        top = _heading(reading, Group((first,), group.gap), own, scene)
        below = Group(rest, 0, group.verse and len(rest) > 1)
        joined = below.joined
        titled = len(rest) < MOST_LINES and may_be_title(joined, stop=True)
        if not own.title and (titled or own.rank != SECTION):
            return [top, _body(reading, below, False)]
        whole = _entry(group.joined, language) if len(group.lines) <= MOST_LINES else None
        if whole:
            return [_heading(reading, group, whole, scene)]
        if own.rank != SECTION and len(first.text) <= LONGEST // 2 and not joined[:1].islower():
            return [top, _body(reading, below, False)]
        return [_body(reading, group, scene)]
    most = MOST_LINES if group.joined.upper() == group.joined else 3
    whole = _entry(group.joined, language) if len(group.lines) <= most else None
    if whole and not group.verse:
        return [_heading(reading, group, whole, scene)]
    return [_body(reading, group, scene)]


def _heading(reading: Reading, group: Group, heading: Heading, scene: bool) -> Block:
    body = paragraph(
        reading.document,
        reading.text,
        group.start,
        group.end,
        han=reading.language.han,
        kind="heading",
        scene=scene,
    )
    return Block(body, heading, gap=group.gap)


def _body(reading: Reading, group: Group, scene: bool) -> Block:
    tag = bracket_tag(reading, group.start, group.end)
    body = paragraph(
        reading.document,
        reading.text,
        group.start,
        group.end,
        han=reading.language.han,
        kind="verse" if group.verse else "body",
        scene=scene,
        speaker=tag.speaker if tag else None,
        style=tag.style if tag else None,
        body=tag.end if tag else None,
    )
    return Block(body, gap=group.gap)
