"""Who speaks a quotation, by rules that say how sure they are.

The rules of a language are in a module of their own; each answers for a whole book at once,
because who spoke often, and who is a man or a woman, is known from all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from book.languages import Language
from book.speakers import chinese, english
from book.speakers.attribution import (
    UNRESOLVED,
    UNSURE,
    Attribution,
    ChapterText,
    Guess,
    is_unsure,
)
from book.speakers.names import Names

__all__ = ["UNRESOLVED", "UNSURE", "Attribution", "ChapterText", "Guess", "attribute", "is_unsure"]


def attribute(
    chapters: Sequence[ChapterText], names: Names, language: Language
) -> list[dict[int, Attribution]]:
    """The speaker of every quotation, by its number, for each chapter.

    Args:
        chapters: of the book, in order.
        names: of the cast, with genders and who says "I".
        language: of the book.
    """
    answer = chinese.attribute if language.han else english.attribute
    return answer(chapters, names, language)
