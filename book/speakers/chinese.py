"""Speakers of a book in Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from book.languages import Language
from book.manuscript import NARRATOR
from book.speakers.attribution import UNRESOLVED, Attribution, ChapterText
from book.speakers.names import Names
from book.speakers.tags_zh import ChineseTags

# Measured shares of right answers, see docs/measurements.md.
CONFIDENCE: Mapping[str, float] = {
    "explicit": 0.98,
    "explicit, goes on": 0.98,
    "explicit, paragraph": 0.97,
    "explicit, tag before": 0.9,
    "clause chain": 0.85,
    "colon": 0.85,
    "same paragraph": 0.75,
}


def attribute(
    chapters: Sequence[ChapterText], names: Names, language: Language
) -> list[dict[int, Attribution]]:
    """The speaker of every quotation, by its number, for each chapter."""
    tags = ChineseTags(names, language)
    return [_chapter(chapter, tags) for chapter in chapters]


def _chapter(chapter: ChapterText, tags: ChineseTags) -> dict[int, Attribution]:
    found: dict[int, Attribution] = {}
    before = ""
    for paragraph, parts in zip(chapter.paragraphs, chapter.spans, strict=True):
        numbers = [s.quotation for s in parts if s.quotation is not None]
        if paragraph.speaker is not None:
            who = None if paragraph.speaker == NARRATOR else paragraph.speaker
            found.update({n: Attribution(who, "script", 1.0) for n in numbers})
        elif numbers:
            going_on = numbers[0] in found
            read = tags.read(paragraph.printed, parts, before, continued=going_on)
            for number, (speaker, rule) in read.items():
                if number not in found:
                    found[number] = Attribution(speaker, rule, CONFIDENCE[rule])
            for number in numbers:
                found.setdefault(number, UNRESOLVED)
        before = "" if paragraph.kind == "heading" else paragraph.printed
    return found
