"""Blocks of all documents to chapters and skips.

Decides which rank of heading begins a chapter; drops what is labelled as no part of the
text, unless ``include:`` names it, and the chapters that ``exclude:`` names. Whatever is
dropped becomes a listed skip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from book.languages import Language
from book.manuscript import Chapter, Paragraph, Skip, speakable
from book.readers.assembly.contents import settle_contents
from book.readers.assembly.frontmatter import split_opening
from book.readers.assembly.letters import settle_letters
from book.readers.assembly.matter import label_matter
from book.readers.assembly.naming import chapter_title, irregular_numbers
from book.readers.assembly.ranks import settle_ranks
from book.readers.assembly.titles import settle_titles
from book.readers.assembly.typography import settle_typography
from book.readers.blocks import CHAPTER, PART, TITLE, Block, Extract, Heading
from castbook.errors import ManuscriptError

OPENING = 400  # characters before the first heading that are text and not front matter


@dataclass(slots=True)
class _Draft:
    """A chapter being gathered."""

    above: list[Heading] = field(default_factory=list)  # headings of parts
    heading: Heading | None = None
    paragraphs: list[Paragraph] = field(default_factory=list)
    length: int = 0  # characters of its paragraphs, headings left out

    def add(self, paragraph: Paragraph) -> None:
        self.paragraphs.append(paragraph)
        if paragraph.kind != "heading":
            self.length += len(paragraph.printed)


@dataclass(frozen=True, slots=True)
class Assembly:
    """What a book is made of."""

    chapters: tuple[Chapter, ...]
    skips: tuple[Skip, ...]
    warnings: tuple[str, ...]


def assemble(
    extracts: Sequence[Extract],
    language: Language,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Assembly:
    """The chapters of a book, in reading order.

    Raises:
        ManuscriptError: ``include`` or ``exclude`` names nothing in the book.
    """
    wanted = {fold(name) for name in include}
    skips = [skip for extract in extracts for skip in extract.skips]
    parts: set[str] = set()
    drafts: list[_Draft] = []
    warnings = [warning for extract in extracts for warning in extract.warnings]
    for extract in extracts:
        blocks, doubts = _settled(extract, language)
        warnings.extend(doubts)
        if len(extracts) > 1:  # each story's title is spoken, not only the book's
            blocks = [replace(b, skip="", part="") if _is_title(b) else b for b in blocks]
        parts.update(block.part for block in blocks if block.part)
        kept = []
        for block in blocks:
            if not speakable(block.paragraph.printed):  # nothing but a note or a picture
                skips.append(Skip(block.paragraph.slice, block.skip or "note", block.part))
            elif block.skip and fold(block.part) not in wanted:
                skips.append(Skip(block.paragraph.slice, block.skip, block.part))
            else:
                kept.append(block)
        gathered, opening = _gather(kept)
        read, left = split_opening(opening, language)
        if fold("front matter") in wanted:
            read, left = opening, []
        skips.extend(Skip(p.slice, "front matter", "front matter") for p in left)
        if left or opening:
            parts.add("front matter")
        if read and gathered:
            gathered[0].paragraphs[:0] = read
        drafts.extend(gathered)
    _refuse_unknown("include", include, parts)
    return _number(drafts, skips, exclude, warnings)


def _is_title(block: Block) -> bool:
    return block.heading is not None and block.heading.rank == TITLE


def _settled(extract: Extract, language: Language) -> tuple[list[Block], tuple[str, ...]]:
    """The blocks with their headings' meaning settled, the whole book in view."""
    if extract.navigated and extract.labelled:
        return list(extract.blocks), ()
    if extract.navigated:
        return label_matter(extract.blocks, language), ()
    found = settle_contents(extract.blocks, language)
    blocks = settle_titles(found.blocks, language)
    blocks = settle_ranks(blocks, language)
    blocks = settle_letters(blocks, language)
    blocks = settle_typography(blocks, language)
    return label_matter(blocks, language), found.warnings


def _gather(blocks: Sequence[Block]) -> tuple[list[_Draft], list[Paragraph]]:
    """Chapters of one document, and the short matter before its first heading."""
    ranks = {heading.rank for b in blocks for heading in (*b.above, b.heading) if heading}
    chapter = CHAPTER if CHAPTER in ranks else PART if PART in ranks else TITLE
    drafts = [_Draft()]
    for block in blocks:
        for heading in (*block.above, block.heading):
            if heading and heading.rank <= chapter and heading.label + heading.title:
                _begin(drafts, heading, chapter)
        drafts[-1].add(block.paragraph)
    first = drafts[0]
    if len(drafts) > 1 and first.heading is None and not first.above and first.length < OPENING:
        drafts, opening = drafts[1:], first.paragraphs
    else:
        opening = []
    _free_closing(drafts)
    return [draft for draft in drafts if draft.paragraphs], opening


def _begin(drafts: list[_Draft], heading: Heading, chapter: int) -> None:
    """Opens a chapter or a part, or completes the one that has no text yet."""
    current = drafts[-1]
    waiting = None if current.length else current.heading
    if heading.rank < chapter:
        if current.length or current.heading:
            current = _Draft(list(current.above))
            drafts.append(current)
        _add_part(current, heading)
    elif waiting and waiting.rank == heading.rank and waiting.label and not heading.label:
        current.heading = replace(waiting, title=waiting.title or heading.title)  # its title line
    elif waiting and waiting.rank == heading.rank and waiting.number is heading.number is None:
        pass  # a line under a line: "THE CUSTOM-HOUSE", "INTRODUCTORY TO …"
    elif waiting and waiting.number is None and heading.number == 1:
        # what has no text, and chapters below it, is a part
        current.above = [waiting] if waiting.label else [*current.above, waiting]
        current.heading = heading
    elif current.heading is None and (
        current.length < OPENING if current.above else not current.length
    ):
        current.heading = heading  # an epigraph of the part may stand above it
    else:
        drafts.append(_Draft(list(current.above), heading))


def _add_part(draft: _Draft, heading: Heading) -> None:
    """Puts a part under those that are above it: a new book of the same volume, a new volume."""
    words = [part.word for part in draft.above]
    last = draft.above[-1] if draft.above else None
    if (
        last
        and not draft.length
        and not heading.label
        and last.rank == heading.rank
        and not last.title
    ):
        draft.above[-1] = replace(last, title=heading.title)
    elif heading.word in words:
        draft.above[words.index(heading.word) :] = [heading]
    else:
        draft.above.append(heading)


def _free_closing(drafts: Sequence[_Draft]) -> None:
    """An epilogue after the last numbered chapter closes the book, not its last part."""
    numbered = [
        i for i, d in enumerate(drafts) if d.heading is None or d.heading.number is not None
    ]
    if not numbered:
        return
    last = drafts[numbered[-1]]
    word = last.heading.word if last.heading else None
    for draft in drafts[numbered[-1] + 1 :]:
        one_more = draft.heading is not None and draft.heading.word == word  # Chapter the Last
        if draft.above == last.above and not one_more:
            draft.above = []


def _number(
    drafts: Sequence[_Draft], skips: list[Skip], exclude: Sequence[str], warnings: list[str]
) -> Assembly:
    unwanted = {fold(name) for name in exclude}
    chapters: list[Chapter] = []
    names: set[str] = set()
    for draft in drafts:
        heading = draft.heading
        title = chapter_title(heading, draft.above)
        own = {title, heading.title, heading.label} if heading else {title}
        own.update(part.label for part in draft.above)
        names |= own - {""}
        if {fold(name) for name in own - {""}} & unwanted:
            skips.extend(Skip(p.slice, "excluded", title) for p in draft.paragraphs)
        else:
            chapters.append(Chapter(len(chapters) + 1, title, tuple(draft.paragraphs)))
    _refuse_unknown("exclude", exclude, names)
    warnings.extend(irregular_numbers((draft.heading, draft.above) for draft in drafts))
    skips.sort(key=lambda skip: skip.slice)
    return Assembly(tuple(chapters), tuple(skips), tuple(warnings))


def _refuse_unknown(key: str, names: Sequence[str], known: set[str]) -> None:
    folded = {fold(name): name for name in sorted(known)}
    for name in names:
        if fold(name) in folded:
            continue
        near = get_close_matches(fold(name), list(folded), 1, 0.5)
        raise ManuscriptError(
            f"nothing in the manuscript is called {name!r}",
            place=key,
            expected="one of " + ", ".join(list(folded.values())[:12]) if folded else None,
            hint=f"did you mean {folded[near[0]]!r}?" if near else None,
        )


def fold(name: str) -> str:
    """A name as ``include:`` and ``exclude:`` compare it."""
    return " ".join(name.split()).casefold().rstrip(" .。")
