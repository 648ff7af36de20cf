"""Roman numerals: after what counts (Act III), after rulers (Louis XVI), before centuries.

``I`` is a word unless everything says otherwise, and X after a name is a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from book.script import Replacement
from book.spoken.english.style import Style
from book.spoken.words import choice, load_words

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_FORM = re.compile(
    r"M{0,3}(?:CM|CD|D?C{0,4})(?:XC|XL|L?X{0,4})(?:IX|IV|V?I{0,4})", re.IGNORECASE
)  # IIII and XXXX as on clocks and in old print
_NUMERAL = r"[IVXLC]+|[ivxlc]+"
_MARK = r"\s*(?:[.,:;!?)\]—–\-'’\"”]|$|(?:of|and|or|to|through|is|was|scene)\b)"
_ALONE = re.compile(r"\s*([IVXLC]{2,}|V|X)(\.?)\s*")
_CENTURY = re.compile(r"\b([IVX]+)(?:th|st|nd|rd|d)?(?=(?:th|st|nd|rd|d)?[\s-]centur)")
_ENDED = re.compile(r"\b([IVXLC]+)(?:th|st|nd|rd)\b")
_YEAR = re.compile(r"\b(M[DCLXVI]{4,})\b")
_FAMILY = re.compile(
    r"\b[A-Z][a-z]+(?:\s[A-Z]\.)?\s+[A-Z][a-z]+,?\s+(II|III|IV)\b(?!['’]?s?\s[A-Z]{2})"
)
_NAMED = re.compile(r"\b([A-Z][a-zà-ÿ]+)\s+([IVX]{2,})\b")


def value(numeral: str) -> int | None:
    """``XIV`` -> 14; None where the letters are no numeral."""
    if not numeral or not _FORM.fullmatch(numeral):
        return None
    total = last = 0
    for letter in reversed(numeral.upper()):
        worth = _VALUES[letter]
        total += worth if worth >= last else -worth
        last = max(last, worth)
    return total


def numerals(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """Numerals whose place says that they are numbers."""
    words = load_words(tag)
    alone = _ALONE.fullmatch(text)
    if alone:
        number = value(alone[1])
        if number and (len(alone[1]) > 1 or alone[2]):
            yield Replacement(*alone.span(1), style.whole(number), "roman")
        return
    for match in _century_and_ended(text):
        number = value(match[1])
        if number:
            yield Replacement(*match.span(), style.nth(number), "roman")
    for match in _YEAR.finditer(text):
        number = value(match[1])
        if number:
            yield Replacement(*match.span(1), style.year(str(number)), "roman")
    yield from _counted(text, tag, style)
    yield from _rulers(text, tag, words, style)


def _century_and_ended(text: str) -> Iterator[re.Match[str]]:
    yield from _CENTURY.finditer(text)
    yield from _ENDED.finditer(text)


@cache
def _counted_pattern(tag: str) -> re.Pattern[str]:
    names = choice(load_words(tag)["numbered"])
    return re.compile(
        rf"(?<![^\W_])(?P<word>(?i:{names}))\.?\s+(?P<first>{_NUMERAL})(?![\w’'])"
        rf"(?P<more>(?:(?:,|,?\s(?:and|or|to|&)|\s?[-–—]{{1,2}})\s?(?:{_NUMERAL})(?![\w’']))*)"
    )


def _counted(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    for match in _counted_pattern(tag).finditer(text):
        if not _counts(text, match):
            continue
        yield Replacement(*match.span("first"), style.whole(value(match["first"]) or 0), "roman")
        start = match.start("more")
        for more in re.finditer(
            rf"(?P<dash>\s?[-–—]{{1,2}}\s?)?(?P<n>{_NUMERAL})\b", match["more"]
        ):
            number = value(more["n"])
            if number and not (more["n"] in "Ii" and not more["dash"]):
                lead = " to " if more["dash"] else ""
                at = more.start() if lead else more.start("n")
                yield Replacement(
                    start + at, start + more.end(), lead + style.whole(number), "roman"
                )


def _counts(text: str, match: re.Match[str]) -> bool:
    """Whether what follows a word like ``part`` is its number."""
    word, numeral = match["word"], match["first"]
    if value(numeral) is None:
        return False
    if numeral.islower():
        marked = (
            numeral == "i" and len(word) > 2 and text[match.end("first") :][:1] in tuple(",.;:)")
        )
        return numeral in ("v", "x") or len(numeral) > 1 or marked
    if len(numeral) == 1 and numeral in "ILC":
        named = word[0].isupper()
        return named and re.match(_MARK, text[match.end("first") :]) is not None
    return True


def _rulers(text: str, tag: str, words: Mapping[str, Any], style: Style) -> Iterator[Replacement]:
    rulers = {name: int(last) for name, last in words["rulers"].items()}
    royal = set(words["royal"])
    given = re.compile(rf"\b({choice(rulers)})\s+([IVX]+)\b(?!\.\s?[A-Z]\.)")
    for match in given.finditer(text):
        number = value(match[2])
        if number is None or number > rulers[match[1]]:
            continue
        if number == 1 and not _first(text, match, royal):
            continue
        if match[2] in "VX" and re.match(r"\.\s[A-Z]", text[match.end() :]):
            continue  # Charles V. Brown
        stop = re.match(r"\.(?=\s[a-z])", text[match.end() :])  # George V. was king
        end = match.end() + (1 if stop else 0)
        yield Replacement(match.start(2), end, f"the {style.nth(number)}", "roman")
    for match in _FAMILY.finditer(text):
        number = value(match[1])
        yield Replacement(*match.span(1), f"the {style.nth(number or 0)}", "roman")
    for match in _NAMED.finditer(text):
        number = value(match[2])
        if number and match[1] not in rulers:
            yield Replacement(*match.span(2), style.whole(number), "roman")


def _first(text: str, match: re.Match[str], royal: set[str]) -> bool:
    """Whether ``Charles I`` is a king, and not Charles spoken to."""
    before = re.search(r"(\w+)\s+$", text[max(0, match.start() - 20) : match.start()])
    after = text[match.end() :]
    if before and before[1].lower() in royal:
        return not re.match(r"['’]|\s(?:am|have|do|will|shall|must|beg|think|know|see)\b", after)
    return (
        re.match(r"[.;:)]|['’]s\b|,\s(?:of|King|Queen|the)\b|\s(?:of|and)\s[A-Z]|$", after)
        is not None
    )
