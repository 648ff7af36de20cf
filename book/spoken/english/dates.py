"""Dates, years, decades in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from book.script import Replacement
from book.spoken.english.abbreviations import ends_sentence
from book.spoken.english.numbers import plural, year
from book.spoken.english.style import Style
from book.spoken.words import choice, load_words

_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])(?P<th>st|nd|rd|th|d)?"
_YEAR = r"(?P<year>[12]\d{3})"
_ISO = re.compile(
    r"(?<![\w/.-])(?P<y>[12]\d{3})(?P<mark>[-/])(?P<m>1[0-2]|0?[1-9])(?P=mark)"
    r"(?P<d>3[01]|[12]\d|0?[1-9])(?![\w/-])"
)
_SLASHED = re.compile(
    r"(?<![\w/.-])(?P<a>\d{1,2})(?P<mark>[/.])(?P<b>\d{1,2})(?P=mark)(?P<y>[12]\d{3})(?![\w/-])"
)
_QUARTER = re.compile(r"\b([1-4])Q\s?['’]?(\d{4}|\d{2})\b")
_DECADE = re.compile(r"(?<![\w.,$£'’])(?P<mark>['’‘])?(?P<n>[12]\d{2}0|[1-9]0)['’]?s\b")
_SHORT_YEAR = re.compile(r"(?<![\w.,'’])['’](\d\d)(?![\w'’\"]|[.,:]\d)")
_ERA_AFTER = re.compile(
    r"(?<![\w.,])(?P<n>\d{1,3}(?:,\d{3})+|\d{1,5})(?P<to>[-–](?P<n2>\d{1,4}))?\s?"
    r"(?P<era>B\.\s?C\.?\s?E\.?|BCE|B\.\s?C\.?|BC|A\.\s?D\.?|AD|C\.\s?E\.?|CE)(?!\w)"
)
_ERA_BEFORE = re.compile(r"(?<!\w)(?P<era>A\.\s?D\.?|AD)\s?(?P<n>\d{1,4})(?!\w)")
_SPAN = re.compile(
    r"(?<![\w.,/£$-])(?P<a>1\d{3}|20\d{2})\s?(?:[-–—]|--|/)\s?(?P<b>1\d{3}|20\d{2}|\d{2}|\d)"
    r"(?![\w/]|[.,]\d|-\d)"
)
_NOT_DAY = re.compile(
    r"\s+(?!was\b|is\b|his\b|this\b|as\b|has\b|us\b|its\b|always\b)"
    r"(?:men|women|people|children|times|per\b|or\s+\d|of\s+(?:them|us)|[a-z]+s\b)|[.,]\d|\s?(?:%|o['’]clock)"
)


@cache
def _month(tag: str) -> str:
    words = load_words(tag)
    short = choice(words["month_abbreviations"])
    return rf"(?P<month>{choice(words['months'])}|(?:{short})\b\.?)"


@cache
def _patterns(tag: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    month = _month(tag)
    after = rf"(?P<rest>(?P<comma>,?)\s+{_YEAR}(?!\d|,\d|\.\d))?"
    return (
        re.compile(
            rf"(?<![^\W_]){month}\s+(?P<the>the\s+)?{_DAY}(?P<to>\s?[-–]\s?(?P<day2>3[01]|[12]?\d)(?:th|st|nd|rd)?)?"
            rf"(?![\w:/-]|[.,]\d){after}"
        ),
        re.compile(
            rf"(?<![\w:.,/£$-])(?P<the>the\s+)?(?:(?P<from>3[01]|[12]?\d)(?:th|st|nd|rd)?\s?[-–]\s?)?"
            rf"{_DAY}\s+(?P<of>of\s+)?{month}(?![\w]){after}"
        ),
        re.compile(rf"(?<![^\W_]){month}(?P<comma>,?)\s+{_YEAR}(?!\d|,\d|\.\d|[-/]\d)"),
    )


def full_month(tag: str, printed: str) -> str:
    """``Jan.`` -> ``January``."""
    words = load_words(tag)
    short = words["month_abbreviations"]
    bare = printed.rstrip(".")
    return str(short.get(bare) or short.get(bare.capitalize()) or bare)


def dates(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``May 21, 1886``, ``the 2nd of May``, ``24th May``, ``Jan. 1890``."""
    source = text if not style.anywhere else _capital_months(text, tag)
    first, second, third = _patterns(tag)
    for match in first.finditer(source):
        bare = not match["th"] and not match["year"]
        if bare and (_NOT_DAY.match(text, match.end()) or re.match(r"\.\d", text[match.end() :])):
            continue
        month = full_month(tag, match["month"])
        day = style.nth(int(match["day"]))
        if match["day2"]:
            day += f" to {style.nth(int(match['day2']))}"
        said = f"the {day} of {month}" if style.day_first else f"{month} {match['the'] or ''}{day}"
        yield Replacement(*match.span(), said + _year(match, style), "date")
    for match in second.finditer(source):
        month = full_month(tag, match["month"])
        day = style.nth(int(match["day"]))
        if match["from"]:
            day = f"{style.nth(int(match['from']))} to {day}"
        the = match["the"] or ("the " if not match["of"] else "")
        yield Replacement(*match.span(), f"{the}{day} of {month}{_year(match, style)}", "date")
    for match in third.finditer(source):
        said = f"{full_month(tag, match['month'])}{match['comma']} {style.year(match['year'])}"
        yield Replacement(*match.span(), said, "date")


def numeric_dates(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``2013-04-06``, ``5/1/2012``, ``2Q19``."""
    for match in _ISO.finditer(text):
        said = _day(int(match["d"]), int(match["m"]), match["y"], tag, style)
        yield Replacement(*match.span(), said, "date")
    for match in _SLASHED.finditer(text):
        day, month = _ordered(int(match["a"]), int(match["b"]), style)
        if 1 <= month <= 12 and 1 <= day <= 31:
            said = _day(day, month, match["y"], tag, style)
            yield Replacement(*match.span(), said, "date")
    for match in _QUARTER.finditer(text):
        when = style.year(match[2]) if len(match[2]) == 4 else style.amount(match[2])
        said = f"the {style.nth(int(match[1]))} quarter of {when}"
        yield Replacement(*match.span(), said, "date")


def _day(day: int, month: int, year: str, tag: str, style: Style) -> str:
    name = load_words(tag)["months"][month - 1]
    comma = "" if style.day_first else ","
    return f"the {style.nth(day)} of {name}{comma} {style.year(year)}"


def months_alone(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``in Sept.`` by itself."""
    short = choice(load_words(tag)["month_abbreviations"])
    for match in re.finditer(rf"(?<![^\W_])({short})\.(?=\s+[a-z]|[,;:)]|\s*$)", text):
        if re.search(
            r"(?:\b(?:in|of|since|last|next|this|until|by|from|to)|\d)\s+$",
            text[max(0, match.start() - 7) : match.start()],
        ):
            yield Replacement(*match.span(), full_month(tag, match[1]), "date")


def _capital_months(text: str, tag: str) -> str:
    """The general profile also reads ``feb. 3``: the first letter raised where a day follows."""
    short = choice(word.lower() for word in load_words(tag)["month_abbreviations"])
    full = choice(m.lower() for m in load_words(tag)["months"] if m not in ("May", "March"))
    pattern = (
        rf"(?<![^\W_])(?:(?:{short})(?=\.\s?\d)|(?:{full})(?=\s\d)"
        r"|(?:may|march)(?=\s\d{1,2}(?:st|nd|rd|th)?(?:,?\s\d{4}\b|[.,;]|$)))"
    )
    return re.sub(pattern, lambda m: m.group().capitalize(), text)


def _year(match: re.Match[str], style: Style) -> str:
    return f"{match['comma']} {style.year(match['year'])}" if match["year"] else ""


def _ordered(a: int, b: int, style: Style) -> tuple[int, int]:
    """(day, month): one above twelve tells; else a British book puts the day first."""
    if a > 12 or (b <= 12 and not style.american):
        return a, b
    return b, a


def eras(text: str, style: Style) -> Iterator[Replacement]:
    """``44 B.C.``, ``A.D. 79``."""
    for match in _ERA_AFTER.finditer(text):
        said = _era_year(match["n"], style)
        if match["to"]:
            said += f" to {_era_year(match['n2'], style)}"
        stop = "." if _full_stop(text, match.end(), style) and match["era"].endswith(".") else ""
        yield Replacement(*match.span(), f"{said} {_letters(match['era'])}{stop}", "year")
    for match in _ERA_BEFORE.finditer(text):
        said = f"{_letters(match['era'])} {_era_year(match['n'], style)}"
        yield Replacement(*match.span(), said, "year")


def _full_stop(text: str, at: int, style: Style) -> bool:
    return style.keeps_stop and ends_sentence(text, at)


def _letters(era: str) -> str:
    return " ".join(c for c in era if c.isalpha())


def _era_year(text: str, style: Style) -> str:
    plain = text.replace(",", "")
    return style.year(plain) if len(plain) == 4 else style.amount(plain)


def decades(text: str, style: Style) -> Iterator[Replacement]:
    """``the 1850s``, ``'50s``, ``in his 40s``."""
    for match in _DECADE.finditer(text):
        said = plural(year(int(match["n"])))
        yield Replacement(*match.span(), said, "decade")


def short_years(text: str, style: Style) -> Iterator[Replacement]:
    """``the summer of ’69``."""
    for match in _SHORT_YEAR.finditer(text):
        number = int(match[1])
        said = f"oh {style.whole(number)}" if number < 10 else style.whole(number)
        yield Replacement(*match.span(), said, "year")


def year_ranges(text: str, style: Style) -> Iterator[Replacement]:
    """``1914–18``, ``1914-1918``."""
    for match in _SPAN.finditer(text):
        a, b = match["a"], match["b"]
        if len(b) < 4 and int(b) <= int(a[-len(b) :]):
            continue
        if len(b) == 4 and int(b) <= int(a):
            continue
        said = style.year(b) if len(b) == 4 else style.amount(b)
        yield Replacement(*match.span(), f"{style.year(a)} to {said}", "year")


@cache
def _year_pattern(tag: str) -> re.Pattern[str]:
    return re.compile(r"(?<![\w.,/:£$€#+-])(?P<n>[12]\d{3})(?![\w/%°]|[.,:]\d|-\d|\s?[°%])")


_WHEN = re.compile(
    r"\b(in|since|year|years|anno|during|circa|spring|summer|autumn|winter|fall|christmas|easter|"
    r"until|till|before|after|early|late|from|to|by|c\.|ca\.|A\.D\.)(?:\sof)?\s+$",
    re.IGNORECASE,
)


def years(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """Four digits are a year unless they count something."""
    words = load_words(tag)
    counted = set(words["plurals"])
    not_plural = set(words["not_plurals"])
    for match in _year_pattern(tag).finditer(text):
        number = match["n"]
        after = re.match(r"(?:\s|-)([a-z]+)(?:\s([a-z]+))?(?:\s([a-z]+))?", text[match.end() :])
        adjacent = after is not None and _is_plural(after[1], counted, not_plural)
        when = _WHEN.search(text[max(0, match.start() - 14) : match.start()])
        counting = when is None or when[1].lower() in ("in", "from", "to")
        if adjacent and counting and number[2:] != "00":
            continue
        later = after is not None and after[2] and _is_plural(after[2], counted, not_plural)
        if later and not when and number[2:] != "00" and _describes(after[1] if after else ""):
            continue
        if when is None and not style.first_year <= int(number) <= style.last_year:
            continue
        yield Replacement(*match.span(), style.year(number), "year")


def _is_plural(word: str | None, counted: set[str], not_plural: set[str]) -> bool:
    if not word or word in not_plural:
        return False
    return word in counted or (len(word) > 3 and word.endswith("s") and not word.endswith("ss"))


def _describes(word: str) -> bool:
    """Whether a word may stand between a number and what it counts: armed men, not in fields."""
    return word not in {
        "in", "on", "at", "of", "to", "for", "with", "by", "from", "the", "a", "an", "and", "or",
        "but", "when", "while", "he", "she", "they", "we", "it", "his", "her", "their", "several",
        "many", "some", "these", "those", "was", "were", "had", "as", "that", "which", "who",
    }  # fmt: skip
