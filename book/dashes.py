"""Dialogue after a dash: — No sé —dijo Juan—. Vamos. / —Thanks, old chap, he cried. Go.

A paragraph that opens with a dash is speech, in a book that prints it so. Its tag stands
between dashes (Spanish, Polish, Russian), or has no mark of its own and is known by its verb
(French, Italian, Joyce).
"""

from __future__ import annotations

import re

from book.languages import Language
from book.manuscript import speakable
from book.mentions import inner_tags

_OPENING = re.compile(r"\s*(?:[—―–]|--)")
_DASH = re.compile(r"--|[—―–]")
_AFTER_TAG = re.compile(r"[.,;:!?…]*")


def dash_quotations(text: str, language: Language) -> list[tuple[int, int]]:
    """``[start, end)`` of what is said in a paragraph; nothing where no dash opens it."""
    opening = _OPENING.match(text)
    if not opening:
        return []
    parts: list[tuple[int, int]] = []
    start, speaks = 0, True
    for dash in _DASH.finditer(text, opening.end()):
        before, after = text[dash.start() - 1], text[dash.end() : dash.end() + 1]
        spaced = before.isspace() and after.isspace()
        if speaks:
            if (before.isspace() and after and not spaced) or (
                spaced and _tag_follows(text, dash.start(), dash.end())
            ):
                parts.append((start, dash.start()))
                speaks = False
        elif spaced:
            start, speaks = dash.start(), True
        elif not before.isspace() and (not after or after.isspace() or after in ".,;:!?…"):
            punctuation = _AFTER_TAG.match(text, dash.end())
            start, speaks = punctuation.end() if punctuation else dash.end(), True
    if speaks:
        parts.append((start, len(text)))
    if len(parts) == 1 and parts[0] == (0, len(text)):
        parts = without_tags(text, 0, len(text), language)
    return [(start, end) for start, end in parts if speakable(text[start:end])]


def without_tags(
    text: str, start: int, end: int, language: Language, *, first_person: bool = True
) -> list[tuple[int, int]]:
    """``[start, end)`` without the tags in it that no mark sets apart."""
    parts = []
    for tag, after in inner_tags(text, start, end, language, first_person=first_person):
        parts.append((start, tag))
        start = after
    if start < end:
        parts.append((start, end))
    return parts


def _tag_follows(text: str, dash: int, after: int) -> bool:
    """Whether a dash between spaces turns from speech to narration: , — сказал он."""
    ended, follows = (
        text[max(0, dash - 8) : dash].rstrip()[-1:],
        text[after : after + 8].lstrip()[:1],
    )
    return ended in tuple(',.!?…»”"') and follows.islower()
