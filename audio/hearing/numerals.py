"""Numbers in one form, however they are written: ``eighteen ninety-five``, 一八九五, 1895.

A year said in pairs and a telephone number are several numbers here; ``alignment.py`` takes
them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_TENS: Final = {"十": 10, "百": 100, "千": 1000}
_MYRIADS: Final = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
HAN_NUMERALS: Final = frozenset(_DIGITS) | frozenset(_TENS) | frozenset(_MYRIADS)


@dataclass(frozen=True, slots=True)
class Numerals:
    """The number words of a language with an alphabet."""

    values: Mapping[str, int] = field(default_factory=dict)  # below a hundred, ordinals too
    scales: Mapping[str, int] = field(default_factory=dict)  # hundred, thousand …
    between: str = ""  # "and"
    one: frozenset[str] = frozenset()  # "a" of "a hundred"


def number_at(words: Sequence[str], at: int, numerals: Numerals) -> tuple[str, int]:
    """The number that begins at a word, in digits, and how many words it takes.

    Words that build on each other are one number (``two hundred and five``: 205), others are
    not (``eighteen ninety-five``: 18 and 95).

    Returns:
        ("", 0) when no number begins there.
    """
    total, current = 0, -1
    lowest = 1  # what the next word must be below to be added
    end = at
    if words[at] in numerals.one and at + 1 < len(words) and words[at + 1] in numerals.scales:
        current, end = 1, at + 1
    while end < len(words):
        word = words[end]
        if word in numerals.scales:
            scale = numerals.scales[word]
            current = max(current, 1)
            if scale == 100:
                current *= scale
            else:
                total, current = total + current * scale, 0
            lowest = scale
        elif word.isdecimal() or word in numerals.values:
            value = int(word) if word.isdecimal() else numerals.values[word]
            if current >= 0 and not 0 < value < lowest:
                break
            if word.startswith("0") and len(word) > 1:
                return word, 1  # 007
            current = max(current, 0) + value
            lowest = 10 if value >= 20 and value % 10 == 0 and not word.isdecimal() else 1
        elif not _goes_on(words, end, numerals):
            break
        end += 1
    return (str(total + current), end - at) if end > at else ("", 0)


def _goes_on(words: Sequence[str], at: int, numerals: Numerals) -> bool:
    """Whether this is the "and" of "two hundred and five"."""
    return (
        words[at] == numerals.between
        and at > 0
        and words[at - 1] in numerals.scales
        and at + 1 < len(words)
        and (words[at + 1] in numerals.values or words[at + 1].isdecimal())
    )


def han_digits(run: str) -> str | None:
    """A run of Han numerals and digits, as digits; None when it is no number (千万, 百)."""
    if not any(c in _TENS or c in _MYRIADS for c in run):
        return "".join(str(_DIGITS[c]) if c in _DIGITS else c for c in run)
    if run[0] != "十" and run[0] not in _DIGITS and not run[0].isdecimal():
        return None
    total = section = 0
    digits = ""
    for c in run:
        if c in _DIGITS or c.isdecimal():
            digits += str(_DIGITS.get(c, c))
        elif c in _TENS:
            section += (int(digits) if digits else 1) * _TENS[c]
            digits = ""
        else:
            total += (section + (int(digits) if digits else 0)) * _MYRIADS[c]
            section, digits = 0, ""
    return str(total + section + (int(digits) if digits else 0))
