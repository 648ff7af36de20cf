"""Numbers as headings write them: ``XIV``, ``14``, ``fourteen``, ``vierzehntes``, ``十四``."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from book.languages import HeadingWords, Language, load_language

ROMAN = r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,4})"
HAN_NUMBER = "[〇零一二两三四五六七八九十百千廿卅0-9０-９]+"
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_HAN_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_HAN_PLACES = {"上": 1, "中": 2, "下": 3}
_SUFFIX = re.compile(r"(?<=\d)(?:\.|st|nd|rd|th|er|re|ère|e|ème|º|ª)$")


@cache
def spelled(language: Language) -> dict[str, int]:
    """The words of a language for numbers, cardinals and ordinals, to their values."""
    return _forms(_latin(language).numbers) | ordinals(language)


@cache
def ordinals(language: Language) -> dict[str, int]:
    """Of those, what stands before its word: "First Part"."""
    return _forms(_latin(language).ordinals)


def _latin(language: Language) -> HeadingWords:
    return (load_language("en") if language.han else language).headings


def _forms(series: tuple[str, ...]) -> dict[str, int]:
    words: dict[str, int] = {}
    for value, forms in enumerate(series, 1):
        for form in forms.casefold().split("|"):  # "premier|première"
            words.setdefault(form.strip(), value)
    return words


def number_of(written: str, language: Language | None = None) -> int | None:
    """The number that ``XIV``, ``14``, ``2nd``, ``fourteen`` or ``十四`` writes."""
    text = _SUFFIX.sub("", unicodedata.normalize("NFKC", written).strip().casefold())
    if text.isdecimal():
        return int(text)
    words = spelled(language or load_language("en"))
    if (value := words.get(" ".join(text.split()))) is not None:
        return value
    upper = text.upper()
    if text and re.fullmatch(ROMAN, upper):
        values = [_ROMAN_DIGITS[c] for c in upper]
        following = [*values[1:], 0]
        return sum(-v if v < n else v for v, n in zip(values, following, strict=True))
    return _HAN_PLACES.get(text) or _han_number(text)


def _han_number(text: str) -> int | None:
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not text or any(c not in _HAN_DIGITS and c not in _HAN_UNITS for c in text):
        return None
    if not any(c in _HAN_UNITS for c in text):
        return int("".join(str(_HAN_DIGITS[c]) for c in text))
    total = digit = 0
    for c in text:
        if c in _HAN_UNITS:
            total += (digit or 1) * _HAN_UNITS[c]
            digit = 0
        else:
            digit = _HAN_DIGITS[c]
    return total + digit
