"""Blocks of all documents to chapters and skips.

Decides which rank of heading begins a chapter; drops what is labelled as no part of the
text, unless ``include:`` names it, and the chapters that ``exclude:`` names. Whatever is
dropped becomes a listed skip.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from statistics import median

from book.languages import Language
from book.manuscript import Chapter, Paragraph, Skip, speakable
from book.readers.blocks import CHAPTER, PART, SECTION, TITLE, Block, Extract, Heading
from book.readers.matter import label_matter
from castbook.errors import ManuscriptError

# Bare numbers ("I", "一") begin chapters only when the parts are long enough: the six stanzas
# of a poem in The Fall of the House of Usher have about 350 characters each, the four parts
# of 药 about 1,000 Chinese ones.
SHORTEST_NUMBERED = {False: 1200, True: 300}  # median characters of a part; True for Han
OPENING = 400  # characters before the first heading that are text and not a title page


@dataclass(slots=True)
class _Draft:
    """A chapter being gathered."""

    above: list[Heading] = field(default_factory=list)  # headings of parts
    heading: Heading | None = None
    paragraphs: list[Paragraph] = field(default_factory=list)

    @property
    def length(self) -> int:
        return sum(len(p.printed) for p in self.paragraphs if p.kind != "heading")


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
    for extract in extracts:
        blocks = label_matter(extract.blocks, language)
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
        gathered, opening = _gather(_ranked(kept, language))
        if opening and fold("front matter") not in wanted:
            skips.extend(Skip(p.slice, "front matter", "front matter") for p in opening)
            parts.add("front matter")
        elif opening:
            gathered.insert(0, _Draft(paragraphs=opening))
        drafts.extend(gathered)
    _refuse_unknown("include", include, parts)
    return _number(drafts, skips, exclude, [w for e in extracts for w in e.warnings])


def _is_title(block: Block) -> bool:
    return block.heading is not None and block.heading.rank == TITLE


def _ranked(blocks: Sequence[Block], language: Language) -> list[Block]:
    """Bare numbers become chapters where nothing else is one and they count up from 1.

    Of two kinds (Ulysses has ``— II —`` above ``[ 4 ]``) the rarer one makes the parts.
    """
    ranks = {b.heading.rank for b in blocks if b.heading and b.heading.label}
    if CHAPTER in ranks or SECTION not in ranks:
        return list(blocks)
    counts = Counter(b.heading.word for b in blocks if b.heading and b.heading.rank == SECTION)
    kinds = [kind for kind, _ in counts.most_common()]
    new_rank: dict[str, int] = {}
    if _counts_up(blocks, kinds[0], SHORTEST_NUMBERED[language.han]):
        new_rank[kinds[0]] = CHAPTER
        if PART not in ranks and len(kinds) > 1 and _counts_up(blocks, kinds[1], 0):
            new_rank[kinds[1]] = PART
    return [
        replace(b, heading=replace(b.heading, rank=new_rank[b.heading.word]))
        if b.heading and b.heading.rank == SECTION and b.heading.word in new_rank
        else b
        for b in blocks
    ]


def _counts_up(blocks: Sequence[Block], kind: str, shortest: int) -> bool:
    """Whether the bare numbers of one kind rise from 1 (again in each part) over long parts."""
    lengths: list[int] = []
    number = 0
    for block in blocks:
        heading = block.heading
        if heading is not None and heading.word == kind and heading.label:
            if heading.number not in (1, number + 1):
                return False
            number = heading.number or 0
            lengths.append(0)
        elif lengths:
            lengths[-1] += len(block.paragraph.printed)
    return len(lengths) > 1 and median(lengths) >= shortest


def _gather(blocks: Sequence[Block]) -> tuple[list[_Draft], list[Paragraph]]:
    """Chapters of one document, and the short matter before its first heading."""
    ranks = {b.heading.rank for b in blocks if b.heading}
    chapter = CHAPTER if CHAPTER in ranks else PART if PART in ranks else TITLE
    drafts = [_Draft()]
    for block in blocks:
        heading = block.heading
        current = drafts[-1]
        if heading and heading.rank <= chapter and heading.label + heading.title:
            open_heading = None if current.length else current.heading
            if open_heading and not heading.label and open_heading.rank == heading.rank:
                current.heading = replace(open_heading, title=heading.title)  # its title line
            elif heading.rank < chapter:
                if current.length or current.heading:
                    current = _Draft()
                    drafts.append(current)
                _add_part(current, heading)
            elif current.length or current.heading:
                drafts.append(_Draft(list(current.above), heading))
            else:
                current.heading = heading
        drafts[-1].paragraphs.append(block.paragraph)
    first = drafts[0]
    if len(drafts) > 1 and first.heading is None and not first.above and first.length < OPENING:
        return drafts[1:], first.paragraphs
    return [draft for draft in drafts if draft.paragraphs], []


def _add_part(draft: _Draft, heading: Heading) -> None:
    if draft.above and not heading.label and draft.above[-1].rank == heading.rank:
        draft.above[-1] = replace(draft.above[-1], title=heading.title)
    else:
        draft.above.append(heading)


def _number(
    drafts: Sequence[_Draft], skips: list[Skip], exclude: Sequence[str], warnings: list[str]
) -> Assembly:
    unwanted = {fold(name) for name in exclude}
    chapters: list[Chapter] = []
    names: set[str] = set()
    for draft in drafts:
        heading = draft.heading
        title = _title(draft)
        own = {title, heading.title, heading.label} if heading else {title}
        own.update(part.label for part in draft.above)
        names |= own - {""}
        if {fold(name) for name in own - {""}} & unwanted:
            skips.extend(Skip(p.slice, "excluded", title) for p in draft.paragraphs)
        else:
            chapters.append(Chapter(len(chapters) + 1, title, tuple(draft.paragraphs)))
    _refuse_unknown("exclude", exclude, names)
    warnings.extend(_irregular(drafts))
    skips.sort(key=lambda skip: skip.slice)
    return Assembly(tuple(chapters), tuple(skips), tuple(warnings))


def _title(draft: _Draft) -> str:
    """``Book One, Chapter I: The Eve of the War``; empty without a heading."""
    if draft.heading is None:
        return ", ".join(_named(part) for part in draft.above)
    own = _named(draft.heading)
    parts = [part.label or part.title for part in draft.above]
    return ", ".join((*parts, own))


def _named(heading: Heading) -> str:
    title = heading.title.rstrip(" .。") or heading.title
    if heading.label and title:
        return f"{heading.label}{_colon(heading.label)}{title}"
    return heading.label or title


def _colon(label: str) -> str:
    return ": " if label.isascii() else " "


def _irregular(drafts: Sequence[_Draft]) -> Iterator[str]:
    """Chapter numbers that do not rise by one, word by word."""
    before: dict[str, tuple[int, str]] = {}
    parts: list[Heading] = []
    for draft in drafts:
        if draft.above != parts:
            parts = draft.above
            new_part = True
        else:
            new_part = False
        heading = draft.heading
        if heading is None or heading.number is None:
            continue
        number, name = heading.number, _named(heading)
        last = before.get(heading.word)
        if last and number != last[0] + 1 and not (number == 1 and new_part):
            yield f"after {last[1]!r} comes {name!r}: a chapter is missing, doubled or misplaced"
        elif last is None and number > 1:
            yield f"the first numbered heading is {name!r}: earlier chapters may be missing"
        before[heading.word] = (number, name)


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
