"""Pieces and their outline to blocks and skips: what the readers of EPUB and HTML hand on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

from book.languages import Language
from book.manuscript import Edit, Paragraph, Skip, Slice, speakable
from book.readers.blocks import TITLE, Block
from book.readers.inline import Kind, paragraph, printed
from book.readers.plain.text import silence
from book.readers.xhtml.outline import Mark, Outline
from book.readers.xhtml.pages import Page, Pages

# Why a part is not read, where its name does not say so by itself.
REASONS = {"page numbers": "page number", "captions": "picture", "tables": "table"}
RARE = 10  # an empty paragraph is a scene break if at most one in so many paragraphs is empty
_ATTACHED = " \t\n\u00a0\u3000,.;:!?…。，、；：！？)]）］〕】”’»」』"
_OPEN, _CLOSED = "[(［（〔【", "])］）〕】"


def make_blocks(
    pages: Pages, outline: Outline, language: Language
) -> tuple[list[Block], list[Skip]]:
    """Blocks and skips of all documents, in order."""
    begins: dict[int, list[Mark]] = {}
    heads = {}
    for mark in outline.marks:
        begins.setdefault(mark.head[0] if mark.head else mark.at, []).append(mark)
        heads.update(dict.fromkeys(mark.head))
    blocks: list[Block] = []
    skips: list[Skip] = []
    waiting: list[Mark] = []  # that begin at a piece which is not read
    scene = False
    for page in pages.pages:
        gaps = _breaks(page, pages)
        for i in range(page.first, page.last):
            waiting.extend(begins.get(i, ()))
            piece = pages.pieces[i]
            if piece.silent:
                scene = scene or piece.silent == "rule" or i in gaps
                continue
            body = _paragraph(page, i, pages, language, heading=i in heads or piece.level > 0)
            where = Slice(page.document, *_trimmed(page, piece.start, piece.end))
            if where.start == where.end:
                continue
            if not speakable(body.printed):
                reason = _silence(page, piece.start, piece.end, body)
                skips.append(Skip(where, REASONS.get(piece.part, piece.part) or reason))
                scene = scene or (reason == "ornament" and not piece.part)
                continue
            if piece.part:
                reason = REASONS.get(piece.part, piece.part)
                blocks.append(Block(body, None, reason, piece.part))
                continue
            blocks.append(_begun(replace(body, scene_break_before=scene and not waiting), waiting))
            scene, waiting = False, []
    return blocks, skips


def _begun(body: Paragraph, waiting: list[Mark]) -> Block:
    """The block at which everything in ``waiting`` begins."""
    if not waiting:
        return Block(body)
    heading = waiting[-1].heading
    above = tuple(mark.heading for mark in waiting[:-1])
    title = "title page" if heading.rank == TITLE and body.kind == "heading" else ""
    return Block(body, heading, title, title, above=above)


def _paragraph(
    page: Page, at: int, pages: Pages, language: Language, *, heading: bool
) -> Paragraph:
    """One piece as a paragraph: the edits of its markup, and those of its characters."""
    piece, text = pages.pieces[at], page.markup.text
    start, end = _trimmed(page, piece.start, piece.end)
    kind: Kind = "heading" if heading else "verse" if piece.verse else "body"
    own = tuple(_widened(text, start, end, piece.edits))
    body = paragraph(page.document, text, start, end, han=language.han, kind=kind)
    if not own and not body.edits:
        return body
    starts = [e.start for e in own]
    others = (
        e
        for e in body.edits
        if e.reason != "markup"  # < and & are characters here
        and not (e.reason == "emphasis" and page.markup.emphasised)
        and not _meets(e, own, starts)
    )
    edits = tuple(sorted((*own, *others), key=lambda e: (e.start, e.end)))
    return replace(body, edits=edits, printed=printed(text, start, end, edits))


def _meets(edit: Edit, others: Sequence[Edit], starts: Sequence[int]) -> bool:
    """Whether an edit shares characters with one of ``others``, which are in order."""
    i = bisect_left(starts, edit.end)
    return i > 0 and others[i - 1].end > edit.start


def _widened(text: str, start: int, end: int, edits: list[Edit]) -> Iterator[Edit]:
    """Edits inside the piece, with the brackets and the space that belong to them."""
    for edit in edits:
        a, b = max(edit.start, start), min(edit.end, end)
        while a > start and b < end and text[a - 1] in _OPEN and text[b] in _CLOSED:
            a, b = a - 1, b + 1
        if a > start and text[a].isspace() and b < end and text[b] not in _ATTACHED:
            a += 1  # the space before a dropped mark stays where a word follows it
        if a == start:
            while b < end and text[b].isspace():
                b += 1
        elif b == end:
            while a > start and text[a - 1].isspace():
                a -= 1
        if a < b:
            yield replace(edit, start=a, end=b)


def _trimmed(page: Page, start: int, end: int) -> tuple[int, int]:
    text = page.markup.text
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _silence(page: Page, start: int, end: int, body: Paragraph) -> str:
    if not body.printed.strip() and body.edits:
        return "note"
    return silence(page.markup.text[start:end].strip())


def _breaks(page: Page, pages: Pages) -> frozenset[int]:
    """Empty paragraphs that are scene breaks: rare ones between paragraphs."""
    blank = [i for i in range(page.first, page.last) if pages.pieces[i].silent == "blank"]
    full = page.last - page.first - len(blank)
    return frozenset(blank) if len(blank) * RARE <= full else frozenset()
