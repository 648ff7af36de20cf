"""The pages before the text: title, author and imprint, which are not read, and what is.

A dedication and an epigraph are read; a title page, a copyright page and a half-title are not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from book.languages import Language
from book.manuscript import Facts
from book.readers.blocks import TITLE, Block, Heading
from book.readers.headings import LONGEST, plain_line
from book.readers.lines import bare, is_contents_head, squeeze

HEAD_GROUPS = 8  # a title page without a known title has no more lines than this
SUBTITLE = 6  # blocks at most between the title and "by"
FRONT = 60  # blocks before the text that may belong to title and imprint
_SENTENCE = re.compile(r"[.!?。！？…：:；;，,][\"'”’」』)）]*$")
_NAME = re.compile(r"(?:[A-Z][\w.'’-]*\s+){1,3}[A-Z][\w.'’-]+|[\u4e00-\u9fff·]{2,6}")
_YEAR = re.compile(r"[\W_]*(?:1[5-9]\d\d|20\d\d|M[DCLXVI]{3,})(?:\W+(?:1[5-9]|20)\d\d)*[\W_]*")
_ALONE = re.compile(r"(?:by|von|par|por|and|und|et|y|作者|著)[:：]?", re.I)
_COPYRIGHT = re.compile(r"copyright|©|\(c\)\s|all rights reserved|版权所有", re.I)


@dataclass(frozen=True, slots=True)
class TitlePage:
    """The blocks with the title page labelled, and what it says."""

    blocks: tuple[Block, ...]
    title: str | None
    author: str | None


def label_title_page(blocks: Sequence[Block], language: Language, known: Facts) -> TitlePage:
    """Labels the title and author lines at the head.

    Without a known title, lines count as a title page only if an author stands among them or
    chapters follow: a story may well begin with a short line.
    """
    labelled = list(blocks)
    title, author = known.title, known.author
    if title is None:
        head = _head(blocks, language)
        title, found, last = _read_head(blocks, head, language)
        author = author or found
        if title is not None:
            for i in head[:last]:
                first = i == head[0]
                labelled[i] = _as_title(blocks[i], title) if first else _as_front(blocks[i])
    if title is not None or author is not None:
        _label_front(labelled, title, author, language)
    return TitlePage(tuple(labelled), title, author)


def _as_title(block: Block, title: str) -> Block:
    body = replace(block.paragraph, kind="heading")
    return replace(
        block,
        paragraph=body,
        heading=Heading(TITLE, "", title),
        skip="title page",
        part="title page",
    )


def _as_front(block: Block) -> Block:
    return replace(block, heading=None, skip="title page", part="title page")


# -- a file that says nothing of itself -----------------------------------------------------


def _head(blocks: Sequence[Block], language: Language) -> list[int]:
    """The short lines before the first heading, list or sentence."""
    head: list[int] = []
    for i, block in enumerate(blocks[:HEAD_GROUPS]):
        text = block.paragraph.printed
        if block.skip:
            continue
        too_long = len(text) > LONGEST or _SENTENCE.search(text)
        if block.heading or too_long or _is_matter(text, language):
            break
        head.append(i)
    return head if len(head) < len(blocks) else []


def _read_head(
    blocks: Sequence[Block], head: Sequence[int], language: Language
) -> tuple[str | None, str | None, int]:
    """Title, author, and how many of the lines are the title page."""
    lines = [blocks[i].paragraph.printed for i in head]
    for count, line in enumerate(lines[1:], 2):
        author = author_in(line, language)
        if author is not None:
            return core(lines[0]), author, count
        if _ALONE.fullmatch(bare(line)) and count < len(lines):  # "by", the name on the next line
            return core(lines[0]), core(lines[count]), count + 1
    if len(head) == 2 and _NAME.fullmatch(core(lines[1])):
        return core(lines[0]), core(lines[1]), 2
    chapters = any(block.heading for block in blocks)
    return (core(lines[0]), None, 1) if chapters and len(head) == 1 else (None, None, 0)


def _is_matter(line: str, language: Language) -> bool:
    words = language.headings
    name = bare(line)
    lists = (*words.notes, *words.illustrations, *words.transcriber)
    return name in lists or is_contents_head(line, language)


def author_in(line: str, language: Language) -> str | None:
    """The name in ``by Jane Austen``, ``作者：鲁迅`` or ``·鲁迅·``."""
    text = " ".join(line.split())
    for word in language.headings.by:
        if text.casefold().startswith(word) and text[len(word) : len(word) + 1] in " :：\u3000":
            return core(text[len(word) :])
    framed = re.fullmatch(r"[·•]\s*([^·•]+?)\s*[·•]|(\S{2,6})[ \u3000]*著", text)
    return core(framed[1] or framed[2]) if framed else None


def core(line: str) -> str:
    """A line without the marks around it."""
    return " ".join(line.split()).strip(" ·•:：*—-_=\u3000")


# -- the lines of a title page whose words are known ----------------------------------------


def _label_front(
    blocks: list[Block], title: str | None, author: str | None, language: Language
) -> None:
    """Labels half-titles, names and imprints in front of the first chapter's text."""
    titles = _names_of(title)
    people = (
        {squeeze(author), squeeze(re.sub(r"^(?:sir|mrs?|dr)\.? ", "", author, flags=re.I))}
        if author
        else set()
    )
    after = headed = False
    above = None  # the title, until the author's name: between them stands the subtitle
    for i, block in enumerate(blocks[:FRONT]):
        text = block.paragraph.printed
        if block.skip:
            above = i if block.heading and block.heading.rank == TITLE else above
            continue
        headed = headed or is_contents_head(text, language)
        if block.heading and block.heading.label:
            headed = True
            continue
        if _is_half_title(squeeze(plain_line(text)), titles):
            blocks[i] = _as_front(block) if after else _as_title(block, title or text)
            above = None if after else i
            after = True
        elif headed:
            continue
        elif len(text) > 2 * LONGEST and not _COPYRIGHT.search(text[:LONGEST]):
            break
        elif squeeze(plain_line(text)) in people or _by(text, people, language):
            if above is not None and i - above <= SUBTITLE:
                blocks[above + 1 : i] = [_as_front(b) for b in blocks[above + 1 : i]]
            above = None
            blocks[i] = _as_front(block)
        elif is_imprint(text, language):
            blocks[i] = _as_front(block)


def _is_half_title(name: str, titles: set[str]) -> bool:
    if name in titles:
        return True
    long = len(name) >= 8 and " " in name
    return long and any(full.startswith(f"{name} ") for full in titles)


def _names_of(title: str | None) -> set[str]:
    """What a half-title may print: the title, what stands before its subtitle, without "The"."""
    if not title:
        return set()
    names = {squeeze(title)}
    for mark in (";", ":", " - ", "—", "--", ", or", ". "):
        names.add(squeeze(title.split(mark)[0]))
    names |= {re.sub(r"^(?:the|a|an) ", "", name) for name in names}
    return {name for name in names if len(name) > 1}


def _by(text: str, people: set[str], language: Language) -> bool:
    name = author_in(text, language) if len(text) <= LONGEST else None
    if any(bare(text).startswith(word) for word in language.headings.advertisements):
        return False  # "By the same author"
    return _ALONE.fullmatch(bare(text)) is not None or (
        name is not None and (not people or squeeze(name) in people or len(text) < 60)
    )


def is_imprint(text: str, language: Language) -> bool:
    """Whether a short paragraph is publisher, place, year, edition or copyright."""
    name = bare(text)
    if _YEAR.fullmatch(name) or _COPYRIGHT.match(name):
        return True
    if len(name) > LONGEST or _SENTENCE.search(text.rstrip(".")):
        return False
    return any(_holds(name, word) for word in language.headings.imprint)


def _holds(name: str, word: str) -> bool:
    """Whether a line has a word: whole in Latin script, anywhere in Chinese."""
    at = name.find(word)
    if at < 0 or not word.isascii():
        return at >= 0
    return re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", name) is not None
