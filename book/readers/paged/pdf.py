"""PDF with a text layer: two source texts, the text and what stands in its margins.

The text of all pages is one source, ``book.pdf``, in reading order: a line is a line, a blank
line ends a paragraph, a form feed begins a page. So a paragraph that goes on over a page is
one slice. Running heads, page numbers and footnotes would cut it in two; they stand in a
second source, ``book.pdf!margins``, page by page, and every one of them is a listed skip
(``include: [notes]`` reads the footnotes where they are called).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from book.manuscript import Edit, Facts, Skip, Slice, Source, speakable
from book.readers.blocks import TITLE, Block, Contents, Extract, File
from book.readers.inline import paragraph
from book.readers.overlays import with_edits
from book.readers.paged.columns import Line, body_size, lines_of, settle
from book.readers.paged.hyphens import HYPHENS, Hyphenation, find_hyphenation
from book.readers.paged.margins import NOTE, find_margins
from book.readers.paged.pdfheadings import find_headings, lines_of_outline
from book.readers.paged.pdfpages import Page, PdfBook, open_pdf
from book.readers.paged.pdftext import Draft, Setting, find_setting, gather
from book.readers.plain.text import silence
from book.readers.properties import plausible
from castbook.canonical import text_digest
from castbook.errors import ManuscriptError

EMPTY = 20  # letters; a page with fewer holds no text
SCANNED = 0.6  # of the pages empty: a scan
LOST = 0.1  # of the characters without a meaning: the fonts carry none
UPRIGHT = 0.5  # of the steps from character to character go down: vertical lines
_LIGATURES = {
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl",
    "\ufb05": "st", "\ufb06": "st",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Placed:
    """A paragraph with the place of its lines in the source text."""

    draft: Draft
    starts: tuple[int, ...]

    @property
    def start(self) -> int:
        return self.starts[0]

    @property
    def end(self) -> int:
        return self.starts[-1] + len(self.draft.lines[-1].text)


def read_pdf(file: File) -> Contents:
    """The text of a PDF.

    Raises:
        ManuscriptError: no PDF, damaged, locked, a scan, fonts without meaning, lines that run
            vertically.
    """
    book = open_pdf(file.content, file.name)
    _refuse_unreadable(book, file.name)
    body = body_size(book.pages)
    pages = {page.number: lines_of(page, body) for page in book.pages}
    reasons = find_margins(pages, body)
    kept = [
        line
        for number, lines in pages.items()
        for i, line in enumerate(lines)
        if (number, i) not in reasons
    ]
    lines = settle(kept)
    setting = find_setting(lines, body)
    placed, text = _place(gather(lines, setting, lines_of_outline(lines, book.bookmarks)))
    margins = [
        (number, lines[i], reasons[number, i])
        for number, lines in pages.items()
        for i in range(len(lines))
        if (number, i) in reasons
    ]
    margins += [
        (page.number, _astray(page, fragment.text), "off the lines")
        for page in book.pages
        for fragment in page.fragments
        if fragment.astray
    ]
    blocks, skips, navigated, warnings = _blocks(file, book, placed, text, setting)
    notes, aside, more = _margins(file, margins)
    sources = [Source(file.name, text, text_digest(text))]
    if aside:
        sources.append(Source(f"{file.name}!margins", aside, text_digest(aside)))
    extract = Extract(
        blocks=tuple(_with_notes(blocks, notes, text)),
        skips=(*skips, *more),
        facts=_facts(book, blocks),
        warnings=(*warnings, *_empty_pages(book)),
        navigated=navigated,
    )
    return Contents(tuple(sources), extract)


def _refuse_unreadable(book: PdfBook, name: str) -> None:
    texts = ["".join(f.text for f in page.fragments) for page in book.pages]
    letters = [sum(map(str.isalpha, text)) for text in texts]
    empty = sum(count < EMPTY for count in letters)
    if not texts or not any(letters) or (empty > SCANNED * len(texts) and len(texts) > 2):
        raise ManuscriptError(
            "the PDF is a scan: its pages are pictures without text",
            path=name,
            place=f"{empty} of {len(texts)} pages" if len(texts) > 1 else None,
            expected="a PDF with a text layer",
            hint="run it through OCR first (for example with OCRmyPDF)",
        )
    lost = sum(text.count("\ufffd") for text in texts)
    if lost > LOST * sum(map(len, texts)):
        raise ManuscriptError(
            "the fonts of the PDF do not say which characters they show",
            path=name,
            hint="run it through OCR first (for example with OCRmyPDF --force-ocr)",
        )
    steps = sum(page.steps for page in book.pages)
    if sum(page.upright for page in book.pages) > UPRIGHT * steps:
        raise ManuscriptError(
            "the lines of the PDF run from top to bottom",
            path=name,
            expected="horizontal lines",
            hint="take the EPUB or the text of the book instead",
        )


def _empty_pages(book: PdfBook) -> Iterator[str]:
    empty = [
        str(page.number)
        for page in book.pages
        if sum(c.isalpha() for f in page.fragments for c in f.text) == 0
    ]
    if empty:
        some = ", ".join(empty[:12]) + (", …" if len(empty) > 12 else "")
        yield f"pages without text (blank, or pictures): {some}"


def _astray(page: Page, text: str) -> Line:
    return Line(text.strip(), page.number, 0, 0, 0, 1, 0, 1)


def _place(drafts: Sequence[Draft]) -> tuple[list[_Placed], str]:
    """The source text: lines, blank lines between paragraphs, form feeds between pages."""
    parts: list[str] = []
    at = 0
    page = 1
    placed = []
    for number, draft in enumerate(drafts):
        starts = []
        for i, line in enumerate(draft.lines):
            between = "" if not parts else "\n" if i else "\n\n"
            if line.page > page:
                between += "\f" * (line.page - page)
                page = line.page
            elif number == 0 and i == 0:
                between = ""
            parts.append(between)
            at += len(between)
            starts.append(at)
            parts.append(line.text)
            at += len(line.text)
        placed.append(_Placed(draft, tuple(starts)))
    return placed, "".join(parts) + "\n"


def _blocks(
    file: File, book: PdfBook, placed: Sequence[_Placed], text: str, setting: Setting
) -> tuple[list[Block], list[Skip], bool, tuple[str, ...]]:
    drafts = [item.draft for item in placed]
    found = find_headings(drafts, book.bookmarks, setting, file.language)
    hyphens = find_hyphenation([line.text for line in draft.lines] for draft in drafts)
    blocks: list[Block] = []
    skips: list[Skip] = []
    scene = False
    for i, item in enumerate(placed):
        heading = found.headings.get(i)
        body = paragraph(
            file.document,
            text,
            item.start,
            item.end,
            han=file.language.han,
            kind="heading" if heading else "body",
            scene=scene or item.draft.scene,
        )
        body = with_edits(body, text, _edits(item, text, hyphens))
        if not speakable(body.printed):
            reason = silence(body.printed)
            skips.append(Skip(body.slice, reason))
            scene = scene or reason == "ornament"
            continue
        scene = False
        reason = "contents" if item.draft.entry else ""
        if heading and heading.rank == TITLE:
            reason = "title page"
        gap = max(0, round(item.draft.gap) - 1)  # blank lines, as text has them
        blocks.append(Block(body, heading, reason, reason, gap))
    return blocks, skips, found.navigated, found.warnings


def _edits(item: _Placed, text: str, hyphens: Hyphenation) -> Iterator[Edit]:
    """Raised note marks, hyphens at line ends, ligatures."""
    for start, line in zip(item.starts, item.draft.lines, strict=True):
        for a, b in line.marks:
            if text[item.start : start + a].strip():  # not at a paragraph's own beginning
                spaced = line.text[a - 1 : a] == " " and line.text[b : b + 1] in ("", " ")
                yield Edit(start + a - spaced, start + b, "", "note")
        for i, character in enumerate(line.text):
            if character in _LIGATURES:
                yield Edit(start + i, start + i + 1, _LIGATURES[character], "markup")
    for start, line, below in zip(item.starts, item.draft.lines, item.starts[1:], strict=False):
        end = start + len(line.text)
        if line.text[-1:] in HYPHENS and line.text[-2:-1].isalnum():
            soft = hyphens.is_soft(text[start:end], text[below : item.end])
            yield Edit(end - 1 if soft else end, below, "", "hyphen")


def _margins(
    file: File, lines: Iterable[tuple[int, Line, str]]
) -> tuple[list[tuple[int, Block]], str, list[Skip]]:
    """Footnotes as blocks with their pages, the text of the margins, and the other skips."""
    parts: list[str] = []
    at = 0
    last = 1
    ranges: list[tuple[int, int, str, int, bool]] = []  # start, end, reason, page, new note
    for page, line, reason in sorted(lines, key=lambda item: item[0]):
        if page > last:
            parts.append("\f" * (page - last))
            at += page - last
            last = page
        begins = reason != NOTE or line.raised or line.text[:1].isdigit() or line.text[:1] in "*†‡["
        ranges.append((at, at + len(line.text), reason, page, begins))
        parts.append(line.text + "\n")
        at += len(line.text) + 1
    text = "".join(parts)
    document = file.document + 1
    notes: list[tuple[int, Block]] = []
    skips: list[Skip] = []
    runs: list[tuple[int, int, int]] = []
    for start, end, reason, page, begins in ranges:
        if reason != NOTE:
            skips.append(Skip(Slice(document, start, end), reason))
        elif runs and not begins and not text[runs[-1][1] : start].strip():
            runs[-1] = (runs[-1][0], end, runs[-1][2])
        else:
            runs.append((start, end, page))
    for start, end, page in runs:
        body = paragraph(document, text, start, end, han=file.language.han)
        if speakable(body.printed):
            notes.append((page, Block(body, skip="note", part="notes")))
        else:
            skips.append(Skip(body.slice, "note"))
    return notes, text, skips


def _with_notes(
    blocks: Sequence[Block], notes: Sequence[tuple[int, Block]], text: str
) -> Iterator[Block]:
    """Each page's notes after the paragraph in which the page ends."""
    left = list(notes)
    for block in blocks:
        page = 1 + text.count("\f", 0, block.paragraph.slice.start)
        while left and left[0][0] < page:
            yield left.pop(0)[1]
        yield block
    yield from (note for _, note in left)


def _facts(book: PdfBook, blocks: Sequence[Block]) -> Facts:
    """Title and author: the file's own, unless a program wrote them."""
    title = plausible(book.metadata.get("Title"))
    if title is None:
        page = [b.heading.title for b in blocks if b.heading and b.heading.rank == TITLE]
        title = page[0] if page else None
    return Facts(title=title, author=plausible(book.metadata.get("Author")))
