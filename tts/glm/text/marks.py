"""Which characters the rules of the front end are about."""

from __future__ import annotations

import re
from typing import Final

PUNCTUATION: Final = "。？！；：、.?!;:，,"
HANZI: Final = "\u4e00-\u9fff"

_HANZI = re.compile(f"[{HANZI}]")


def has_hanzi(text: str) -> bool:
    """Whether ``text`` is Chinese: one character of the basic block is enough."""
    return _HANZI.search(text) is not None


def drop(marks: str, text: str, *, mended: bool) -> str:
    """``text`` without runs of the characters of the class ``marks``.

    Args:
        marks: the inside of a character class.
        text: any text.
        mended: a run between two letters or digits that are not hanzi leaves a space, so that
            no two words become one; otherwise nothing stands in its place, as upstream does.
    """
    if mended:
        beside = rf"[^\W_{HANZI}]"
        text = re.sub(rf"(?<={beside})[{marks}]+(?={beside})", " ", text)
    return re.sub(f"[{marks}]+", "", text)
