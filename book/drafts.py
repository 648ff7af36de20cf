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
from book.spoken.normalise import CLEANING, merge, normalise, speak

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
        replaced = normalise(line, words)
        for piece in _pieces(line, (Span(0, len(line)),), replaced, voicing, words):
            drafts.append(_draft(paragraph, piece, replaced, "credit", NARRATION))
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
        replaced = normalise(text, words, heading=paragraph.kind == "heading")
        at = 0
        for piece in _pieces(text, parts, replaced, voicing, words):
            _skip(paragraph, at, piece.start, skips)
            at = piece.end
            kind: Kind = "heading" if paragraph.kind == "heading" else "narration"
            who = NARRATION
            if piece.quotation is not None:
                kind, who = "speech", speakers[piece.quotation]
            yield _draft(paragraph, piece, replaced, kind, who)
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
        inside = _within(replaced, start, end)
        return (part, speak(part, inside)) if inside else (part,)

    def more(start: int, end: int) -> Iterable[str]:
        part, inside = text[start:end], _within(replaced, start, end)
        for speaker in voicing.speakers:
            words = voicing.words(part, speaker)
            if words:
                yield speak(part, merge(words, inside))

    ruler = Ruler(voicing.limits, voicing.language, forms, more)
    return cut_pieces(text, spans, sentence_ends(text, words), words, ruler)


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
    return Draft(paragraph, piece, printed, _within(replaced, piece.start, piece.end), kind, who)


def _skip(paragraph: Paragraph, start: int, end: int, skips: list[Skip]) -> None:
    """Printed characters between two pieces are listed, unless they are white space."""
    part = paragraph.printed[start:end]
    if part.strip():
        left = start + len(part) - len(part.lstrip())
        right = start + len(part.rstrip())
        skips.append(Skip(paragraph.source_slice(left, right), "silence"))
