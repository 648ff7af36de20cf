"""EPUB 2 and 3: one source text for each document of the spine, chapters from the navigation.

Documents that the spine calls not linear are read at their place when the navigation points to
them, else skipped. Nothing is unpacked to disk, nothing outside the file is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from book.languages import Language
from book.manuscript import Facts, Sound, Source
from book.readers.archive import Archive, open_archive
from book.readers.blocks import Contents, Extract, File
from book.readers.licence import cut_licence
from book.readers.trees import parse_markup
from book.readers.xhtml.bookfacts import read_facts
from book.readers.xhtml.bookparts import label_notes, label_pieces
from book.readers.xhtml.covers import find_cover
from book.readers.xhtml.headedparts import head_outline
from book.readers.xhtml.markup import read_markup
from book.readers.xhtml.markupblocks import make_blocks
from book.readers.xhtml.navigation import Navigation, read_navigation
from book.readers.xhtml.outline import Outline, read_outline
from book.readers.xhtml.package import Package, Spined, open_package
from book.readers.xhtml.pages import Page, Pages
from book.readers.xhtml.pieces import Markup
from book.readers.xhtml.protection import refuse_protected
from book.readers.xhtml.sounds import distinct, read_lexicon
from castbook.canonical import text_digest
from castbook.errors import ManuscriptError

# One book. War and Peace has 3.2 MB of text, all of Shakespeare 5.5 MB in about 400,000 tags;
# the limits are what 1 GiB and 10 s allow.
LARGEST_BOOK = 32 * 2**20  # bytes of all documents
MOST_TAGS = 600_000
LONGEST_BOOK = 15_000_000  # characters
MOST_PIECES = 200_000  # paragraphs and rules
AUXILIARY = "auxiliary"


def read_epub(file: File) -> Contents:
    """The source texts and blocks of an EPUB.

    Raises:
        ManuscriptError: no EPUB, damaged, locked, too large, or without text.
    """
    archive = open_archive(file.content, file.name)
    refuse_protected(archive)
    package = open_package(archive)
    facts = read_facts(package.root)
    navigation = read_navigation(package)
    warnings: list[str] = []
    language = facts.language or file.language.tag
    pages = Pages(tuple(_pages(package, navigation, file, language, warnings)))
    if not any(page.markup.pieces for page in pages.pages):
        raise _no_text(file.name, sum(page.markup.pictures for page in pages.pages))
    _label_licence(pages)
    label_notes(pages, _note_targets(pages, package))
    outline, navigated = _outline(navigation, pages, file.language, facts)
    label_pieces(pages, navigation, outline, facts.title)
    blocks, skips = make_blocks(pages, outline, file.language)
    sources = tuple(
        Source(f"{file.name}!{page.member}", page.markup.text, text_digest(page.markup.text))
        for page in pages.pages
    )
    facts = replace(
        facts,
        cover=find_cover(package),
        sounds=distinct(_sounds(package, pages, file, language, warnings)),
    )
    warnings += outline.warnings
    formulas = sum(page.markup.formulas for page in pages.pages)
    if formulas:
        warnings.append(f"{formulas} formulas (MathML) are not read")
    notes = tuple(f"{file.name}: {warning}" for warning in dict.fromkeys(warnings))
    return Contents(sources, Extract(tuple(blocks), tuple(skips), facts, notes, navigated, True))


def _outline(
    navigation: Navigation, pages: Pages, language: Language, facts: Facts
) -> tuple[Outline, bool]:
    """By the navigation, else by headings; and whether its ranks are settled."""
    found = read_outline(navigation, pages, language, facts.title)
    if found is not None and found.marks:
        return found, True
    label_pieces(pages, navigation, found or Outline((), (), frozenset(), ()), facts.title)
    outline = head_outline(pages, language, facts.title)
    settled = any(mark.head and pages.pieces[mark.head[0]].level for mark in outline.marks)
    warnings = (*(found.warnings if found else navigation.warnings), *outline.warnings)
    return replace(outline, warnings=warnings), settled


def _pages(
    package: Package,
    navigation: Navigation,
    file: File,
    language: str,
    warnings: list[str],
) -> Iterator[Page]:
    """The documents of the spine that have text; what cannot be read is a warning."""
    listed = {entry.member for entry in navigation.entries}
    size = tags = length = count = document = 0
    for spined in package.spine:
        item = spined.item
        if not item.member:
            warnings.append(f"{item.href!r} is in the reading order but not in the file")
            continue
        content = package.archive.read(item.member)
        size, tags = size + len(content), tags + content.count(b"<")
        if size > LARGEST_BOOK or tags > MOST_TAGS:
            raise _too_large(file.name)
        markup = _markup(package.archive, spined, content, language, warnings)
        if markup is None:
            continue
        length, at = length + len(markup.text), count
        count += len(markup.pieces)
        if length > LONGEST_BOOK or count > MOST_PIECES:
            raise _too_large(file.name)
        if not spined.linear and item.member not in listed:
            for piece in markup.pieces:
                piece.part = piece.part or AUXILIARY
        yield Page(item.member, file.document + document, at, markup)
        document += 1


def _markup(
    archive: Archive, spined: Spined, content: bytes, language: str, warnings: list[str]
) -> Markup | None:
    name = spined.item.member
    if not content.strip():
        warnings.append(f"{name}: the document is empty")
        return None
    tree = parse_markup(content, f"{archive.path}!{name}")
    if tree.broken:
        warnings.append(f"{name}: not well-formed, read as a browser would")
    return read_markup(tree.root, language)


def _label_licence(pages: Pages) -> None:
    """Project Gutenberg's header and licence, which may stand in documents of their own."""
    ended = False
    for page in pages.pages:
        cut = cut_licence(page.markup.text)
        for piece in page.markup.pieces:
            if ended or piece.end <= cut.start or piece.start >= cut.end:
                piece.part = piece.part or "licence"
        ended = ended or cut.end < len(page.markup.text)


def _note_targets(pages: Pages, package: Package) -> Iterator[tuple[str, str, int]]:
    for page in pages.pages:
        at = page.first
        for reference in page.markup.references:
            member = package.find(reference.href, page.member)
            while at < page.last and pages.pieces[at].end <= reference.offset:
                at += 1
            if member:
                yield member, reference.href.partition("#")[2], at


def _sounds(
    package: Package, pages: Pages, file: File, language: str, warnings: list[str]
) -> Iterator[Sound]:
    for item in package.items.values():
        if item.media_type == "application/pls+xml" and item.member:
            try:
                content = package.archive.read(item.member)
                yield from read_lexicon(content, f"{file.name}!{item.member}", language)
            except ManuscriptError as error:
                warnings.append(f"{item.member}: the lexicon cannot be read: {error.message}")
    for page in pages.pages:
        yield from page.markup.sounds


def _no_text(name: str, pictures: int) -> ManuscriptError:
    if pictures:
        return ManuscriptError(
            f"the book holds no text: its pages are {pictures} pictures",
            path=name,
            expected="an EPUB whose text can be selected",
            hint="run text recognition (OCR) over it and check the result",
        )
    return ManuscriptError("the book holds no text", path=name, expected="the text of a book")


def _too_large(name: str) -> ManuscriptError:
    return ManuscriptError(
        "the book is larger than any book",
        path=name,
        expected=f"at most {LONGEST_BOOK:,} characters and {MOST_PIECES:,} paragraphs",
        hint="split it and list the parts under manuscript:",
    )
