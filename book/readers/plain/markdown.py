"""Markdown: headings, paragraphs, emphasis, scene breaks, front matter, fences.

A file that is one fenced block (as some archives store raw text) is read as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from book.manuscript import Facts, Paragraph, Skip, Slice, speakable
from book.readers.blocks import TITLE, Block, Extract, Heading, Reading
from book.readers.headings import match_heading
from book.readers.inline import paragraph
from book.readers.plain.layout import Line, is_wrapped, lines_of
from book.readers.plain.markdownheadings import atx_of, rank_depths
from book.readers.plain.tags import bracket_tag
from book.readers.plain.text import read_region, silence

_SETEXT = re.compile(r"=+|-{2,}")
_RULE = re.compile(r"(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,}")
_FENCE = re.compile(r"(`{3,}|~{3,})")
_QUOTED = re.compile(r"(?:>[ \t]?)+")
_ITEM = re.compile(r"(?:[-+*]|\d{1,3}[.)])[ \t]+")
_DEFINITION = re.compile(r"\[\^?[^\]]+\]:[ \t]")


@dataclass(frozen=True, slots=True)
class _Piece:
    lines: tuple[Line, ...]
    kind: str  # "body", "heading", "rule", "fence", "note"
    depth: int = 0


def read_markdown(reading: Reading) -> Extract:
    """The blocks of a Markdown file."""
    begin, matter = _front_matter(reading.text)
    skips = [Skip(Slice(reading.document, 0, begin), "front matter")] if begin else []
    lines = lines_of(reading.text, begin, len(reading.text))
    inside = _fenced_whole(lines)
    if inside is not None:
        extract = read_region(reading, inside[0].start, inside[-1].end)
        fences = [line for line in lines if line.text and _FENCE.match(line.text)]
        skips += [
            Skip(Slice(reading.document, f.start, f.end), "markup") for f in (fences[0], fences[-1])
        ]
        extract = replace(extract, skips=(*skips, *extract.skips))
    else:
        extract = _read(reading, lines, skips)
    return replace(
        extract,
        facts=replace(
            extract.facts,
            title=matter.get("title") or extract.facts.title,
            author=matter.get("author") or extract.facts.author,
        ),
    )


def _front_matter(text: str) -> tuple[int, dict[str, str]]:
    """Where the YAML block at the head ends, and its title and author."""
    match = re.match(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$", text, re.S | re.M)
    if not match:
        return 0, {}
    try:
        found: Any = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        return 0, {}  # not front matter after all: a scene break and a line of dashes
    if not isinstance(found, dict):
        return 0, {}
    return match.end(), {
        key: str(found[key]).strip() for key in ("title", "author") if found.get(key)
    }


def _fenced_whole(lines: list[Line]) -> list[Line] | None:
    """The lines inside, when the first and the last line of the file are one fence."""
    full = [line for line in lines if line.text]
    if len(full) < 3 or not (_FENCE.match(full[0].text) and _FENCE.fullmatch(full[-1].text)):
        return None
    if any(_FENCE.match(line.text) for line in full[1:-1]):
        return None
    first, last = lines.index(full[0]), len(lines) - lines[::-1].index(full[-1]) - 1
    return lines[first + 1 : last]


def _read(reading: Reading, lines: list[Line], skips: list[Skip]) -> Extract:
    blocks: list[Block] = []
    scene = False
    pieces = list(_paragraphs(list(_pieces(lines))))
    marked = any(piece.kind == "heading" for piece in pieces)
    for piece in pieces:
        start, end = piece.lines[0].start, piece.lines[-1].end
        where = Slice(reading.document, start, end)
        if piece.kind == "fence":
            skips.append(Skip(where, "markup"))
        elif piece.kind == "rule":
            skips.append(Skip(where, "ornament"))
            scene = True
        elif piece.kind == "note":
            skips.append(Skip(where, "note"))
        else:
            block = _block(reading, piece, scene)
            known = None if marked else match_heading(block.paragraph.printed, reading.language)
            if known and len(piece.lines) == 1:  # a file of Markdown without its headings
                block = Block(replace(block.paragraph, kind="heading"), known)
            if speakable(block.paragraph.printed):
                blocks.append(block)
                scene = False
            else:
                reason = silence(reading.text[start:end]) or "markup"
                skips.append(Skip(where, reason))
                scene = scene or reason == "ornament"
    blocks = rank_depths(blocks) if marked else blocks
    title = next((b.heading.title for b in blocks if b.heading and b.heading.rank == TITLE), None)
    return Extract(tuple(blocks), tuple(skips), Facts(title=title))


def _pieces(lines: list[Line]) -> Iterator[_Piece]:
    """Runs of lines by what Markdown makes of them."""
    run: list[Line] = []
    fence = ""
    for line in lines:
        text = line.text
        opened = _FENCE.match(text)
        if fence:
            if text.startswith(fence):
                fence = ""
                yield _Piece((line,), "fence")
            elif text:
                yield _Piece((line,), "body")
            continue
        heading = atx_of(text)
        setext = bool(run) and _SETEXT.fullmatch(text) is not None
        quoted = _QUOTED.fullmatch(text)  # an empty line of a quotation
        if not text or opened or heading or setext or quoted or _RULE.fullmatch(text):
            if setext:
                yield _Piece((*run, line), "heading", 1 if text[0] == "=" else 2)
            elif run:
                yield _Piece(tuple(run), "note" if _DEFINITION.match(run[0].text) else "body")
            run = []
            if opened:
                fence = opened[1]
                yield _Piece((line,), "fence")
            elif heading:
                yield _Piece((line,), "heading", heading.depth)
            elif quoted:
                yield _Piece((line,), "fence")
            elif text and not setext:
                yield _Piece((line,), "rule")
        else:
            run.append(line)
    if run:
        yield _Piece(tuple(run), "note" if _DEFINITION.match(run[0].text) else "body")


def _paragraphs(pieces: list[_Piece]) -> Iterator[_Piece]:
    """The pieces, line by line where the file has one paragraph on each line."""
    bodies = [list(piece.lines) for piece in pieces if piece.kind == "body"]
    wrapped = is_wrapped(bodies)
    for piece in pieces:
        if piece.kind == "body" and _ITEM.match(piece.lines[0].text):
            yield from _items(piece)
        elif wrapped or piece.kind != "body":
            yield piece
        else:
            yield from (replace(piece, lines=(line,)) for line in piece.lines)


def _items(piece: _Piece) -> Iterator[_Piece]:
    """The items of a list; a line without a mark belongs to the item above."""
    starts = [i for i, line in enumerate(piece.lines) if _ITEM.match(line.text)]
    for start, end in zip(starts, [*starts[1:], len(piece.lines)], strict=True):
        yield replace(piece, lines=piece.lines[start:end])


def _block(reading: Reading, piece: _Piece, scene: bool) -> Block:
    start, end = piece.lines[0].start, piece.lines[-1].end
    if piece.kind == "heading":
        atx = atx_of(piece.lines[0].text) if len(piece.lines) == 1 else None
        begin = start + atx.start if atx else None
        last = start + atx.end if atx else piece.lines[-2].end
        body = _paragraph(reading, start, end, begin, last)
        known = match_heading(body.printed, reading.language)
        title = body.printed.strip()
        # the depth is kept in ``rank`` until all headings are known
        heading = replace(known, rank=piece.depth) if known else Heading(piece.depth, "", title)
        return Block(body, heading)
    tag = bracket_tag(reading, start, end)
    lead = _QUOTED.match(piece.lines[0].text) or _ITEM.match(piece.lines[0].text)
    begin = tag.end if tag else start + lead.end() if lead else None
    body = _paragraph(reading, start, end, begin, None, verse=_is_verse(reading, piece))
    return Block(
        replace(
            body,
            scene_break_before=scene,
            speaker=tag.speaker if tag else None,
            style=tag.style if tag else None,
        )
    )


def _is_verse(reading: Reading, piece: _Piece) -> bool:
    """Whether every line but the last ends with the mark of a hard line break."""
    lines = piece.lines[:-1]
    ends = (line.text.endswith("\\") or reading.text.startswith("  ", line.end) for line in lines)
    return bool(lines) and all(ends)


def _paragraph(
    reading: Reading,
    start: int,
    end: int,
    begin: int | None,
    last: int | None,
    *,
    verse: bool = False,
) -> Paragraph:
    return paragraph(
        reading.document,
        reading.text,
        start,
        end,
        han=reading.language.han,
        markdown=True,
        kind="heading" if last is not None else "verse" if verse else "body",
        body=begin,
        tail=last,
    )
