"""Books told by someone who takes part: "I said" beside the quotations.

Who says "I" is worth 10 to 32 points of right speakers in a first-person book, and nothing
else tells it as surely as the author, so its absence is worth a warning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from book.languages import load_language
from book.speakers.attribution import ChapterText

FEWEST = 5  # "I said" this often: the book has a narrator who takes part
_LEAD = 120  # characters of a paragraph that ends in a colon before a quotation


def beside_quotations(chapters: Sequence[ChapterText]) -> list[str]:
    """All narration that stands beside a quotation, or leads to one with a colon."""
    beside = []
    for chapter in chapters:
        rows = chapter.spans
        for i, (paragraph, row) in enumerate(zip(chapter.paragraphs, rows, strict=True)):
            speaks = any(span.quotation is not None for span in row)
            follows = i + 1 < len(rows) and rows[i + 1] and rows[i + 1][0].quotation is not None
            for span in row:
                part = paragraph.printed[span.start : span.end]
                if span.quotation is None and speaks:
                    beside.append(part)
                elif span.quotation is None and follows and part.rstrip().endswith((":", "：")):
                    beside.append(part[-_LEAD:])
    return beside


@cache
def first_person_tag(tag: str) -> re.Pattern[str]:
    """``said I``, ``I asked``, 我说，."""
    words = load_language(tag)
    verbs = "|".join(map(re.escape, words.speech_verbs)) or "(?!)"
    people = "|".join(map(re.escape, words.first_person)) or "(?!)"
    if words.han:
        return re.compile(rf"(?:^|[，。；])(?:{people})[^，。！？]{{0,4}}(?:{verbs})[，：]?$")
    return re.compile(rf"(?:{verbs})\s+(?:{people})\b|\b(?:{people})\s+(?:{verbs})\b")


def count_first_person(beside: Sequence[str], tag: str) -> int:
    """In how many pieces of narration beside a quotation "I" speaks."""
    pattern = first_person_tag(tag)
    return sum(pattern.search(part) is not None for part in beside)
