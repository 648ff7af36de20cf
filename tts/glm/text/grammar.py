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
_WORTH = re.compile(r"\d|[&=+@%$£€¥￥℃]|\b(?:Dr|Mr|Mrs|Ms)\.")
_SENTENCE = re.compile(r"(?<=[.!?])(\s+)(?=[A-Z])")
_ROOM = re.compile(r"(?<=[A-Za-z])[0-9]{3}(?![0-9.:])")
_COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DECADE = re.compile(r"\b(1[6-9]|20)([2-9])0s\b")
_TEENS: Final = {
    "16": "sixteen", "17": "seventeen", "18": "eighteen", "19": "nineteen", "20": "twenty",
}  # fmt: skip
_TENS: Final = {
    "2": "twenties", "3": "thirties", "4": "forties", "5": "fifties", "6": "sixties",
    "7": "seventies", "8": "eighties", "9": "nineties",
}  # fmt: skip
_OH = re.compile(
    r"\b(ten|eleven|twelve|\w+teen|twenty) zero (one|two|three|four|five|six|seven|eight|nine)\b"
)
_SIGNS: Final = (  # which its English grammar refuses
    (re.compile(r"#(?=\d)"), "number "),
    (re.compile(r"(?<!\w)\+(?=\d)"), "plus "),
)
_BETWEEN_LETTERS = re.compile(r"(?<=[A-Za-z])(\*)(?=[A-Za-z])")
_DIGITS: Final = str.maketrans("0123456789", "零幺二三四五六七八九")
# WeTextProcessing's full_to_half, as observed; the marks that its grammar keeps are not here.
_HALF: Final = str.maketrans(
    {0xFF01 + i: 0x21 + i for i in range(94)}
    | {"。": ".", "“": '"', "”": '"', "\u3000": " ", "￥": "¥"}
)


def wetext(text: str, language: Literal["zh", "en"]) -> str:
    """WeTextProcessing's grammars (the ``wetext`` extra), where they do not break on ``text``.

    What upstream's older grammars say better is said here: ``A101`` digit by digit, ``C++`` with
    加加, "1990s" as nineties and not as seconds, "1805" with "oh", "#5" and "+5"; ``a*b`` is left.
    """
    if language == "zh":
        text = _COMMA.sub("", _ROOM.sub(lambda match: match.group().translate(_DIGITS), text))
        return narrow(_said(text, "zh")).replace("+", "加")
    text = _DECADE.sub(_decade, text.strip())
    for sign, word in _SIGNS:
        text = sign.sub(word, text)
    said = "".join(
        part if part == "*" else _said(part, "en") for part in _BETWEEN_LETTERS.split(text)
    )
    # its grammar escapes quotes and leaves them so
    return _OH.sub(r"\1 oh \2", said).replace('\\"', '"')


def plain(text: str, language: Literal["zh", "en"]) -> str:
    """No grammar at all: only the widths of characters, as Chinese grammars leave them."""
    return narrow(text) if language == "zh" else text.strip()


def sparing(text: str, language: Literal["zh", "en"]) -> str:
    """``wetext`` for the sentences in which a digit or a sign is left to be said, else ``plain``.

    Sentence by sentence, because to the English grammar the answer "No." is a number.
    """
    if not _WORTH.search(text):
        return plain(text, language)
    if language == "zh":
        return wetext(text, language)
    parts = _SENTENCE.split(text)
    return "".join(wetext(part, language) if _WORTH.search(part) else part for part in parts)


def narrow(text: str) -> str:
    """Full-width letters, digits and marks as their half-width forms."""
    return text.translate(_HALF)


@cache
def installed() -> bool:
    """Whether the grammars are there; nothing is loaded."""
    return importlib.util.find_spec("wetext") is not None


def _said(text: str, language: Literal["zh", "en"]) -> str:
    if not installed():
        return text
    return "".join(say(part.group(), language) for part in _PART.finditer(text))


def _decade(match: re.Match[str]) -> str:
    return f"{_TEENS[match[1]]} {_TENS[match[2]]}"


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
