"""A manuscript becomes drafts: segments without anchor, casting and pause.

Boundaries come from the text and the engines' limits alone. The lexicon has a say only
where a part is so near a limit that a longer word could lift it over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from book.languages import Language, load_language
from book.manuscript import Chapter, Manuscript, Paragraph, Skip, Slice
from book.script import Kind, Replacement
from book.segments import Limit, Piece, Ruler, cut_pieces
from book.sentences import sentence_ends
from book.spans import Span, chapter_spans, dialogue_marks
from book.speakers import Attribution, ChapterText
from book.spoken.normalise import CLEANING, Profile, merge, normalise, speak

NARRATION = Attribution(None, "narration", 1.0)
_NOWHERE = Slice(0, 0, 0)


class Pronunciation(Protocol):
    """The lexicon, as far as a script needs it."""

    def apply(
        self, printed: str, *, language: str, speaker: str | None, engine: str
    ) -> tuple[Replacement, ...]: ...


@dataclass(frozen=True, slots=True)
class Voicing:
    """Who may speak the book, and what that does to a text."""

    language: str  # BCP 47
    speakers: tuple[str | None, ...]  # None is the narrator
    normalises: Callable[[str | None], bool]
    engine_of: Callable[[str | None], str]
    lexicon: Pronunciation
    limits: Sequence[Limit]
    profile: Profile = "fiction"  # of the normaliser

    def words(self, printed: str, speaker: str | None) -> tuple[Replacement, ...]:
        """What the lexicon replaces when ``speaker`` says ``printed``."""
        return self.lexicon.apply(
            printed, language=self.language, speaker=speaker, engine=self.engine_of(speaker)
        )

    def replacements(
        self, printed: str, normalised: Sequence[Replacement], speaker: str | None
    ) -> tuple[Replacement, ...]:
        """What is replaced when ``speaker`` says ``printed``: lexicon first, then our rules."""
        words = self.words(printed, speaker)
        if self.normalises(speaker):
            normalised = [item for item in normalised if item.rule in CLEANING]
            return merge(words, normalised)
        merged = merge(words, normalised)
        if len(merged) == len(words) + len(normalised):
            return merged
        # "May" of the lexicon takes the date "May 24" apart: what is left of it is read anew
        return merge(merged, self.normalised(printed, taken=words))

    def fits(self, spoken: str) -> bool:
        """Whether every engine takes ``spoken`` in one request."""
        return all(limit.measure(spoken, self.language) <= limit.maximum for limit in self.limits)

    def normalised(
        self, printed: str, *, heading: bool = False, taken: Sequence[Replacement] = ()
    ) -> tuple[Replacement, ...]:
        """What our rules replace in ``printed``, around the places that are ``taken``."""
        language = load_language(self.language)
        return normalise(printed, language, heading=heading, profile=self.profile, taken=taken)


@dataclass(frozen=True, slots=True)
class Draft:
    """A segment before its anchor, casting and pause are known."""

    paragraph: Paragraph
    piece: Piece
    printed: str
    normalised: tuple[Replacement, ...]  # of ``printed``, without the lexicon
    kind: Kind
    who: Attribution

    @property
    def slices(self) -> tuple[Slice, ...]:
        """Where the segment stands in the source; credits stand nowhere."""
        if self.kind == "credit":
            return ()
        return (self.paragraph.source_slice(self.piece.start, self.piece.end),)


def find_texts(manuscript: Manuscript, language: Language) -> list[ChapterText]:
    """The chapters as narration and quotations, by the marks that this book uses."""
    marks = dialogue_marks(
        (p.printed for chapter in manuscript.chapters for p in chapter.paragraphs), language
    )
    return [
        ChapterText(c.paragraphs, chapter_spans(c.paragraphs, language, marks))
        for c in manuscript.chapters
    ]


def draft_book(
    manuscript: Manuscript,
    texts: Sequence[ChapterText],
    speakers: Sequence[Mapping[int, Attribution]],
    voicing: Voicing,
) -> tuple[list[list[Draft]], list[Skip]]:
    """The drafts of each chapter, and skips for text of a paragraph that cannot be spoken.

    Args:
        manuscript: as read.
        texts: its chapters (``find_texts``).
        speakers: of the quotations of each chapter, by their numbers (``speakers.attribute``).
        voicing: who may speak the book.
    """
    words = load_language(voicing.language)
    chapters = []
    skips: list[Skip] = []
    for chapter, text, who in zip(manuscript.chapters, texts, speakers, strict=True):
        chapters.append(list(_draft_chapter(chapter, text.spans, who, voicing, words, skips)))
    return chapters, skips


def draft_credits(lines: Iterable[str], voicing: Voicing) -> list[Draft]:
    """Drafts of spoken credits, which stand in no manuscript."""
    words = load_language(voicing.language)
    drafts = []
    for line in lines:
        paragraph = Paragraph(_NOWHERE, (), line)
        replaced = voicing.normalised(line)
        for piece in _pieces(line, (Span(0, len(line)),), replaced, voicing, words):
            inside = _inside(line, replaced, piece.start, piece.end, voicing)
            drafts.append(_draft(paragraph, piece, inside, "credit", NARRATION))
    return drafts


def _draft_chapter(
    chapter: Chapter,
    spans: Sequence[Sequence[Span]],
    speakers: Mapping[int, Attribution],
    voicing: Voicing,
    words: Language,
    skips: list[Skip],
) -> Iterator[Draft]:
    for paragraph, parts in zip(chapter.paragraphs, spans, strict=True):
        text = paragraph.printed
        replaced = voicing.normalised(text, heading=paragraph.kind == "heading")
        at = 0
        for piece in _pieces(text, parts, replaced, voicing, words):
            _skip(paragraph, at, piece.start, skips)
            at = piece.end
            kind: Kind = "heading" if paragraph.kind == "heading" else "narration"
            who = NARRATION
            if piece.quotation is not None:
                kind, who = "speech", speakers[piece.quotation]
            inside = _inside(text, replaced, piece.start, piece.end, voicing)
            yield _draft(paragraph, piece, inside, kind, who)
        _skip(paragraph, at, len(text), skips)


def _pieces(
    text: str,
    spans: Sequence[Span],
    replaced: Sequence[Replacement],
    voicing: Voicing,
    words: Language,
) -> list[Piece]:
    def forms(start: int, end: int) -> Iterable[str]:
        part = text[start:end]
        inside = _inside(text, replaced, start, end, voicing)
        return (part, speak(part, inside)) if inside else (part,)

    def more(start: int, end: int) -> Iterable[str]:
        part, inside = text[start:end], _inside(text, replaced, start, end, voicing)
        for speaker in voicing.speakers:
            if voicing.words(part, speaker):
                yield speak(part, voicing.replacements(part, inside, speaker))

    ruler = Ruler(voicing.limits, voicing.language, forms, more)
    ends = _outside(sentence_ends(text, words), replaced)
    return cut_pieces(text, spans, ends, words, ruler)


def _outside(ends: Sequence[int], replaced: Sequence[Replacement]) -> list[int]:
    """The sentence ends that no replacement spans: £2 5s. 4d. is one thing."""
    spanned = [(r.start, r.end) for r in replaced if r.rule not in CLEANING]
    kept, i = [], 0
    for end in ends:
        while i < len(spanned) and spanned[i][1] <= end:
            i += 1
        if i == len(spanned) or end <= spanned[i][0]:
            kept.append(end)
    return kept


def _inside(
    text: str, replaced: Sequence[Replacement], start: int, end: int, voicing: Voicing
) -> tuple[Replacement, ...]:
    """The replacements of ``text[start:end]``; what a cut goes through is read anew."""
    inside = _within(replaced, start, end)
    if any(r.start < cut < r.end for r in replaced for cut in (start, end)):
        inside = merge(inside, voicing.normalised(text[start:end]))
    part = text[start:end]
    if inside and len(part.strip()) == 1 and not voicing.fits(speak(part, inside)):
        return tuple(r for r in inside if r.rule in CLEANING)  # ¼ cannot be cut any smaller
    return inside


def _within(replaced: Sequence[Replacement], start: int, end: int) -> tuple[Replacement, ...]:
    """The replacements inside ``[start, end)``, counted from ``start``.

    One that a cut goes through belongs to neither side.
    """
    return tuple(
        Replacement(item.start - start, item.end - start, item.spoken, item.rule)
        for item in replaced
        if start <= item.start and item.end <= end and not start == item.start == item.end
    )


def _draft(
    paragraph: Paragraph,
    piece: Piece,
    replaced: Sequence[Replacement],
    kind: Kind,
    who: Attribution,
) -> Draft:
    printed = paragraph.printed[piece.start : piece.end]
    return Draft(paragraph, piece, printed, tuple(replaced), kind, who)


def _skip(paragraph: Paragraph, start: int, end: int, skips: list[Skip]) -> None:
    """Printed characters between two pieces are listed, unless they are white space."""
    part = paragraph.printed[start:end]
    if part.strip():
        left = start + len(part) - len(part.lstrip())
        right = start + len(part.rstrip())
        skips.append(Skip(paragraph.source_slice(left, right), "silence"))
