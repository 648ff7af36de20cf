"""Short matter before the first heading: what of it is read.

A dedication and an epigraph are; lines of a title page and whatever else stands there are not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from book.languages import Language
from book.manuscript import Paragraph
from book.readers.lines import bare
from book.readers.plain.titlepage import is_imprint

_SAID_BY = re.compile(r"[-—–―~]{1,2}\s*\S|\(.*\)$")
_SENTENCE = re.compile(r"[.!?。！？…][\"'”’」』)）_]*$")
_LONG = 60  # characters of a sentence that can be no line of a title page


def split_opening(
    paragraphs: Sequence[Paragraph], language: Language
) -> tuple[list[Paragraph], list[Paragraph]]:
    """Dedication and epigraph, and the rest."""
    read: list[Paragraph] = []
    left: list[Paragraph] = []
    dedicated = False
    for paragraph in paragraphs:
        text = paragraph.printed
        dedicates = _dedicates(text, language)
        attributed = bool(read) and _SAID_BY.match(text) is not None
        quoted = text[:1] in '"“‘«「『' or (_SENTENCE.search(text) and len(text) > _LONG)
        verse = paragraph.kind == "verse" and not is_imprint(text, language)
        short_after = dedicated and len(text) <= _LONG and not is_imprint(text, language)
        if dedicates or attributed or quoted or verse or short_after:
            read.append(paragraph)
        else:
            left.append(paragraph)
        dedicated = dedicates or short_after
    return read, left


def _dedicates(text: str, language: Language) -> bool:
    name = bare(text)
    return len(name) <= 300 and any(
        name == word or name.startswith(word + (" " if word.isascii() else ""))
        for word in language.headings.dedications
    )
