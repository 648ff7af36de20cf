"""Numbers, dates and units to words, for what castbook's own normaliser did not say.

A grammar takes (text, "zh" | "en"). ``sparing`` is the one that castbook speaks with: spoken
text has no digits left, so the grammar is not asked and no version of it is in any take; the
transcript of a reference, and books with the normaliser switched off, still need it.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, Final, Literal

Grammar = Callable[[str, Literal["zh", "en"]], str]

LONGEST: Final = 400  # characters given at once: the cost grows faster than the text
_PART = re.compile(rf"[\s\S]{{1,{LONGEST}}}(?:(?<=[\s。！？；，])|$)|[\s\S]{{1,{LONGEST}}}")
_WORTH = re.compile(r"\d|[&=+@%$£€¥￥℃]|\b(?:Dr|Mr|Mrs|Ms|St|No|vs|etc)\.")
_ROOM = re.compile(r"(?<=[A-Za-z])[0-9]{3,}(?![0-9.:])")
_DIGITS: Final = str.maketrans("0123456789", "零幺二三四五六七八九")
# WeTextProcessing's full_to_half, as observed; the marks that its grammar keeps are not here.
_HALF: Final = str.maketrans(
    {0xFF01 + i: 0x21 + i for i in range(94)}
    | {"。": ".", "“": '"', "”": '"', "\u3000": " ", "￥": "¥"}
)


def wetext(text: str, language: Literal["zh", "en"]) -> str:
    """WeTextProcessing's grammars (the ``wetext`` extra), where they do not break on ``text``.

    Two things that 1.0.3 says and wetext 0.1.8 does not are said here: ``A101`` digit by digit
    and ``C++`` with 加加 (golden vectors).
    """
    if not installed():
        return narrow(text) if language == "zh" else text.strip()
    if language == "zh":
        text = _ROOM.sub(lambda match: match.group().translate(_DIGITS), text)
    said = "".join(say(part.group(), language) for part in _PART.finditer(text)).strip()
    if language == "zh":
        return narrow(said).replace("+", "加")
    return said.replace('\\"', '"')  # its English grammar escapes quotes and leaves them so


def plain(text: str, language: Literal["zh", "en"]) -> str:
    """No grammar at all: only the widths of characters, as Chinese grammars leave them."""
    return narrow(text) if language == "zh" else text.strip()


def sparing(text: str, language: Literal["zh", "en"]) -> str:
    """``wetext`` where a digit or a sign is left to be said, else ``plain``."""
    return (wetext if _WORTH.search(text) else plain)(text, language)


def narrow(text: str) -> str:
    """Full-width letters, digits and marks as their half-width forms."""
    return text.translate(_HALF)


@cache
def installed() -> bool:
    """Whether the grammars are there; nothing is loaded."""
    return importlib.util.find_spec("wetext") is not None


@lru_cache(maxsize=4096)
def say(text: str, language: Literal["zh", "en"]) -> str:
    """What wetext itself makes of ``text``, the spaces at its ends kept."""
    ends = (text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :])
    try:
        said: str = _normalizer(language).normalize(text)
    except (AssertionError, IndexError, KeyError, RuntimeError, ValueError):
        return text  # wetext 0.1.8 asserts on ₹500, +5, #5: spelt out by the rules behind it
    return ends[0] + said.strip() + ends[1]


@cache
def _normalizer(language: str) -> Any:
    from wetext import Normalizer

    return Normalizer(lang=language, operator="tn", full_to_half=language == "zh")
