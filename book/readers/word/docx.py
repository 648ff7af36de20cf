"""Word documents: the running text is one source, footnotes and endnotes are further ones.

The source text of ``book.docx`` has one line for each paragraph of the body, in order, with
tables, text boxes, tables of contents and hidden text among them: those are listed skips.
``book.docx!footnotes`` and ``book.docx!endnotes`` hold the notes. Not source text, because Word
prints none of it in the running text: tracked deletions, field codes, comments, running heads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lxml import etree

from book.languages import Language
from book.manuscript import Edit, Facts, Skip, Slice, Sound, Source, speakable
from book.readers.blocks import CHAPTER, TITLE, Block, Contents, Extract, File, Heading
from book.readers.depths import rank_depths
from book.readers.headings import LONGEST, match_heading
from book.readers.inline import Kind, paragraph
from book.readers.overlays import with_edits
from book.readers.plain.text import silence
from book.readers.properties import plausible
from book.readers.word.typedlists import label_typed_list
from book.readers.word.wordnumbers import Labels
from book.readers.word.wordpackage import WordPackage, attribute, local, open_word
from book.readers.word.wordstyles import read_language, read_styles
from book.readers.word.wordtext import WordParagraph, WordText
from castbook.canonical import text_digest
from castbook.errors import ManuscriptError

# Some authors set an empty paragraph after each paragraph, others only where a scene ends.
EMPTY_IS_USUAL = 0.1  # of the places between two paragraphs
VERSE_LINE = 60  # characters; longer lines with breaks between them are paragraphs
_ENDED = re.compile(r"[.!?…。！？][\"'”’」』»)）]*$")
_PARTS = {"table": "tables", "text box": "text boxes", "note": "notes"}


@dataclass(frozen=True, slots=True)
class _Placed:
    """A paragraph, or one line of it, with its place in the source text."""

    word: WordParagraph
    start: int
    end: int
    edits: tuple[Edit, ...]
    kind: Kind = "body"
    empties: int = 0  # empty paragraphs above


def read_docx(file: File) -> Contents:
    """The text of a Word document.

    Raises:
        ManuscriptError: no Word document, an old or locked one, damaged.
    """
    package = open_word(file.content, file.name)
    styles = read_styles(package.styles)
    words = _with_initials(list(WordText(styles).paragraphs(package.body)))
    words = _with_labels(words, Labels(package.numbering))
    words = _tables_as_text(words)
    placed, text = _place(words)
    if not text.strip():
        raise ManuscriptError(
            "the document holds no text", path=file.name, expected="the text of a book"
        )
    blocks, skips, navigated, title, author = _blocks(file, placed, text)
    sources = [Source(file.name, text, text_digest(text))]
    sounds = [Sound(base, said, "ruby") for word in words for base, said in word.ruby]
    for name, part in (("footnotes", package.footnotes), ("endnotes", package.endnotes)):
        notes = list(_notes(WordText(styles), part))
        lines, aside = _place(notes)
        if aside.strip():
            document = file.document + len(sources)
            sources.append(Source(f"{file.name}!{name}", aside, text_digest(aside)))
            more, less = _note_blocks(file.language, document, lines, aside)
            blocks.extend(more)
            skips.extend(less)
    facts = Facts(
        title=title or plausible(package.core.get("title")),
        author=author or plausible(package.core.get("creator")),
        language=package.core.get("language") or read_language(package.styles, _is_eastern(text)),
        sounds=tuple(dict.fromkeys(sounds)),
    )
    extract = Extract(tuple(blocks), tuple(skips), facts, tuple(_doubts(package)), navigated)
    return Contents(tuple(sources), extract)


def _is_eastern(text: str) -> bool:
    return sum("\u3040" <= c <= "\u9fff" for c in text) > 0.3 * len(text)


def _with_initials(words: Sequence[WordParagraph]) -> list[WordParagraph]:
    """Framed initials put before the paragraph they begin."""
    joined: list[WordParagraph] = []
    for word in words:
        lead = joined[-1] if joined else None
        if lead is not None and lead.drop and len(lead.text.strip()) <= 3 and word.text.strip():
            word.prepend(lead.text.strip())
            joined.pop()
        joined.append(word)
    return joined


def _with_labels(words: list[WordParagraph], labels: Labels) -> list[WordParagraph]:
    """Headings with the labels that Word counts for them, such as "Chapter 3"."""
    for word in words:
        if word.depth and word.numbering and not word.place:
            label = labels.next(word.numbering)
            if label:
                word.prepend(f"{label}\n" if word.text.strip() else label)
    return words


def _tables_as_text(words: list[WordParagraph]) -> list[WordParagraph]:
    """A document that is mostly one table is a layout, and the table its text."""
    inside = sum(len(word.text) for word in words if word.place == "table")
    outside = sum(len(word.text) for word in words if not word.place)
    if inside > 2 * outside:
        for word in words:
            if word.place == "table":
                word.place = ""
    return words


def _place(words: Sequence[WordParagraph]) -> tuple[list[_Placed], str]:
    """The source text, a line for each paragraph, and where each is in it."""
    placed: list[_Placed] = []
    parts: list[str] = []
    at = empties = 0
    for word in words:
        parts.append(word.text + "\n")
        if not word.text.strip():
            empties += 1
        else:
            edits = _edits(word, at)
            for start, end, kind in _pieces(word.text):
                inside = tuple(_cut(edits, at + start, at + end))
                placed.append(_Placed(word, at + start, at + end, inside, kind, empties))
                empties = 0
        if word.bordered and not word.text.strip():
            empties += 100  # a drawn line: a scene break whatever is usual
        at += len(word.text) + 1
    return placed, "".join(parts)


def _cut(edits: Sequence[Edit], start: int, end: int) -> Iterator[Edit]:
    """The parts of ``edits`` inside ``[start, end)``."""
    for e in edits:
        a, b = max(e.start, start), min(e.end, end)
        if a < b:
            yield replace(e, start=a, end=b)


def _edits(word: WordParagraph, at: int) -> list[Edit]:
    edits = [Edit(at + a, at + b, "", "markup") for a, b in word.hidden]
    return edits + [Edit(at + a, at + b, "", "note") for a, b in word.calls]


def _pieces(text: str) -> Iterator[tuple[int, int, Kind]]:
    """A paragraph with line breaks in it: verse, paragraphs after all, or one paragraph."""
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    lines = [line for line in text[start:end].split("\n") if line.strip()]
    if len(lines) > 2 and max(map(len, lines)) <= VERSE_LINE:
        yield start, end, "verse"
    elif len(lines) > 1 and sum(_ENDED.search(x.rstrip()) is not None for x in lines) > 0.6 * len(
        lines
    ):
        for match in re.finditer(r"[^\n]*\S", text):
            lead = len(match.group()) - len(match.group().lstrip())
            yield match.start() + lead, match.end(), "body"
    else:
        yield start, end, "body"


def _blocks(
    file: File, placed: Sequence[_Placed], text: str
) -> tuple[list[Block], list[Skip], bool, str | None, str | None]:
    """Blocks, skips, whether styles made the headings, and title and author as styled."""
    headings, navigated = _headings(placed, text, file.language)
    usual = _usual_empties(placed)
    title = author = None
    blocks: list[Block] = []
    skips: list[Skip] = []
    scene = False
    for i, item in enumerate(placed):
        role = item.word.style.role
        heading = headings.get(i)
        kind: Kind = "heading" if heading or role in ("title", "subtitle") else item.kind
        scene = scene or item.empties >= usual
        body = paragraph(
            file.document, text, item.start, item.end,
            han=file.language.han, kind=kind, scene=scene and bool(blocks) and not heading,
        )  # fmt: skip
        body = with_edits(body, text, item.edits)
        if not speakable(body.printed):
            covered = any(e.start == item.start and e.end >= item.end for e in item.edits)
            reason = "hidden text" if covered else silence(body.printed)
            skips.append(Skip(body.slice, reason))
            scene = scene or reason == "ornament"
            continue
        if item.word.place:
            part = _PARTS.get(item.word.place, item.word.place)
            blocks.append(Block(body, None, item.word.place, part))
            continue
        scene = False
        front = role in ("title", "subtitle", "author") and not any(
            b.heading and b.heading.rank > TITLE for b in blocks
        )
        if front and role == "title" and title is None:
            title = " ".join(body.printed.split())
            blocks.append(Block(body, Heading(TITLE, "", title), "title page", "title page"))
        elif front and role in ("subtitle", "author", "title"):
            if role == "author" and author is None:
                author = _name(body.printed, file.language)
            blocks.append(Block(body, None, "title page", "title page"))
        elif role == "note" and not heading:
            blocks.append(Block(body, None, "note", "notes"))
        else:
            blocks.append(Block(body, heading, gap=min(item.empties, 9)))
    if navigated:
        blocks = label_typed_list(blocks, file.language)
    return blocks, skips, navigated, title, author


def _headings(
    placed: Sequence[_Placed], text: str, language: Language
) -> tuple[dict[int, Heading], bool]:
    """Headings by the index of their paragraph: by style, else by their words and look."""
    styled: dict[int, tuple[int, Heading | None]] = {}
    for i, item in enumerate(placed):
        role = item.word.style.role
        if item.word.depth and not item.word.place and role not in ("title", "subtitle"):
            line = " ".join(text[item.start : item.end].split())
            if speakable(line) and len(line) <= 2 * LONGEST:
                styled[i] = (item.word.depth, match_heading(line, language))
    if styled:
        ranks = rank_depths(list(styled.values()))
        headings = {}
        for i, (depth, known) in styled.items():
            line = " ".join(text[placed[i].start : placed[i].end].split())
            base = known or Heading(CHAPTER, "", line)
            headings[i] = replace(base, rank=ranks[depth])
        if len(styled) > 1:
            return headings, True
        return {**_by_words(placed, text, language), **headings}, False
    return _by_words(placed, text, language), False


def _by_words(placed: Sequence[_Placed], text: str, language: Language) -> dict[int, Heading]:
    """Lines that read like headings; without any, short lines that are bold or centred."""
    known: dict[int, Heading] = {}
    looks: dict[int, Heading] = {}
    for i, item in enumerate(placed):
        line = " ".join(text[item.start : item.end].split())
        if item.word.place or item.word.style.role or len(line) > LONGEST:
            continue
        found = match_heading(line, language)
        apart = item.word.bold or item.word.centred
        if found:
            known[i] = found
        elif (
            apart
            and speakable(line)
            and len(line) <= LONGEST // 2
            and not _ENDED.search(line)
            and i + 1 < len(placed)
            and not (placed[i + 1].word.bold or placed[i + 1].word.centred)
        ):
            looks[i] = Heading(CHAPTER, "", line)
    if known:
        return known
    return looks if len(looks) > 1 else {}


def _usual_empties(placed: Sequence[_Placed]) -> int:
    """How many empty paragraphs end a scene."""
    between = [
        b.empties
        for a, b in pairwise(placed)
        if not (a.word.depth or b.word.depth or a.word.place or b.word.place)
        and not (a.word.style.role or b.word.style.role)
    ]
    some = sum(0 < n < 100 for n in between)
    return 2 if some > EMPTY_IS_USUAL * len(between) else 1


def _name(line: str, language: Language) -> str | None:
    text = " ".join(line.split())
    for word in language.headings.by:
        if text.casefold().startswith(word) and text[len(word) : len(word) + 1] in " :：":
            return text[len(word) :].strip(" :：") or None
    return text or None


def _notes(walker: WordText, root: etree._Element | None) -> Iterator[WordParagraph]:
    """Paragraphs of notes, without the lines that separate notes from text."""
    for note in root if root is not None else ():
        if local(note) in ("footnote", "endnote") and attribute(note, "type") in (None, "normal"):
            yield from walker.paragraphs(note)


def _note_blocks(
    language: Language, document: int, placed: Sequence[_Placed], text: str
) -> tuple[list[Block], list[Skip]]:
    blocks: list[Block] = []
    skips: list[Skip] = []
    for item in placed:
        body = paragraph(document, text, item.start, item.end, han=language.han)
        body = with_edits(body, text, item.edits)
        if speakable(body.printed):
            blocks.append(Block(body, None, "note", "notes"))
        else:
            skips.append(Skip(Slice(document, item.start, item.end), "note"))
    return blocks, skips


def _doubts(package: WordPackage) -> Iterator[str]:
    """What the document holds that castbook cannot read."""
    chunks = sum(local(element) == "altChunk" for element in package.body.iter())
    if chunks:
        yield f"{chunks} embedded files are not read: open the document in Word and save it again"
