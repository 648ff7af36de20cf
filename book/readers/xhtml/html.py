"""HTML: one document, one source text; chapters from its headings.

A page saved from the web, an export of a writing program, or Project Gutenberg's HTML, whose
header and licence are cut off.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

from lxml import etree

from book.languagetags import language_mistake
from book.manuscript import Facts, Source
from book.readers.blocks import Contents, Extract, File
from book.readers.licence import Cut, cut_licence
from book.readers.trees import parse_markup
from book.readers.xhtml.bookfacts import plain_text
from book.readers.xhtml.bookparts import label_notes, label_pieces
from book.readers.xhtml.elements import language_of, name_of, text_of
from book.readers.xhtml.headedparts import head_outline
from book.readers.xhtml.markup import read_markup
from book.readers.xhtml.markupblocks import make_blocks
from book.readers.xhtml.navigation import Navigation
from book.readers.xhtml.outline import Outline
from book.readers.xhtml.pages import Page, Pages
from book.readers.xhtml.pieces import Markup
from book.readers.xhtml.sounds import distinct
from castbook.canonical import text_digest
from castbook.errors import ManuscriptError

_PREFIX = re.compile(r"^The Project Gutenberg e-?book of\s+|\s*[|—–-]\s*Project Gutenberg$", re.I)
_BINARY = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b")
_FIELDS = {
    "author": "author", "dc.creator": "author", "dcterms.creator": "author", "dc.title": "title",
    "dcterms.title": "title", "og:title": "title", "description": "description",
    "dc.publisher": "publisher", "dc.language": "language", "dcterms.language": "language",
}  # fmt: skip


def read_html(file: File) -> Contents:
    """The source text and blocks of one HTML document.

    Raises:
        ManuscriptError: empty, too large, nested too deeply, or without text.
    """
    if file.content.startswith(_BINARY):
        raise ManuscriptError(
            "the file is no web page, though its name says so",
            path=file.name,
            expected="HTML",
            hint="give it the ending of what it is: .epub, .docx, .pdf",
        )
    root = parse_markup(file.content, file.name, as_html=not _is_xhtml(file.content)).root
    language = _language(root) or file.language.tag
    markup = read_markup(root, language)
    if not any(not piece.silent for piece in markup.pieces):
        raise ManuscriptError(
            "the page holds no text", path=file.name, expected="the text of a book"
        )
    cut = cut_licence(markup.text)
    _label_licence(markup, cut)
    pages = Pages((Page(file.name, file.document, 0, markup),))
    label_notes(pages, _note_targets(pages, file.name))
    facts = _facts(root, cut)
    nothing = Navigation((), (), "")
    label_pieces(pages, nothing, Outline((), (), frozenset(), ()), facts.title)
    outline = head_outline(pages, file.language, facts.title)
    blocks, skips = make_blocks(pages, outline, file.language)
    source = Source(file.name, markup.text, text_digest(markup.text))
    facts = replace(facts, language=language if _language(root) else None)
    facts = replace(facts, sounds=distinct(markup.sounds))
    settled = any(mark.head and pages.pieces[mark.head[0]].level for mark in outline.marks)
    return Contents((source,), Extract(tuple(blocks), tuple(skips), facts, (), settled, False))


def _is_xhtml(content: bytes) -> bool:
    return content[:300].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml")


def _label_licence(markup: Markup, cut: Cut) -> None:
    spans = [span for key, span in markup.anchors.items() if key in ("pg-header", "pg-footer")]
    for piece in markup.pieces:
        inside = any(start <= piece.start and piece.end <= end for start, end in spans)
        if inside or piece.end <= cut.start or piece.start >= cut.end:
            piece.part = piece.part or "licence"


def _note_targets(pages: Pages, member: str) -> list[tuple[str, str, int]]:
    ends = [piece.end for piece in pages.pieces]
    targets = []
    at = 0
    for reference in pages.pages[0].markup.references:
        while at < len(ends) and ends[at] <= reference.offset:
            at += 1
        if not reference.href.partition("#")[0]:
            targets.append((member, reference.href.partition("#")[2], at))
    return targets


def _language(root: etree._Element) -> str | None:
    tag = (language_of(root) or "").replace("_", "-")
    return tag if tag and language_mistake(tag, ()) is None else None


def _facts(root: etree._Element, cut: Cut) -> Facts:
    found: dict[str, str] = {}
    title = ""
    for element in islice(root.iter(), 2000):
        name = name_of(element)
        if name == "title" and not title:
            title = " ".join(text_of(element).split())
        elif name == "meta":
            kind = (element.get("name") or element.get("property") or "").lower()
            content = " ".join((element.get("content") or "").split())
            if kind in _FIELDS and content:
                found.setdefault(_FIELDS[kind], content)
        elif name == "body":
            break
    title = found.get("title") or title
    author = cut.author or found.get("author")
    if cut.start or _PREFIX.search(title):  # "The Project Gutenberg eBook of X, by Y"
        title = _PREFIX.sub("", title)
        head, by, name = title.rpartition(", by ")
        title, author = (head, author or name) if by else (title, author)
    return Facts(
        title=cut.title or title or None,
        author=author,
        language=found.get("language"),
        publisher=found.get("publisher"),
        description=plain_text(found["description"]) if "description" in found else None,
    )
