"""English titles and abbreviations, with the full stop that some of them are as well."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from book.languages import Language
from book.script import Replacement
from book.spoken.claims import TAKEN
from book.spoken.english.style import Style
from book.spoken.words import choice, load_words

_CAPITAL = r"[\"“‘'’(]?[A-Z]"
_PLACE_BEFORE = re.compile(
    r"(?:^|[^\w.])(?:\d+[\w-]*\s+)?(?:[A-Z][\w’']+\s+|\d+(?:st|nd|rd|th)\s+)$"
)
_HOUSE_BEFORE = re.compile(r"\d+[A-Za-z]?,?\s+(?:[A-Z][\w’']*\.?\s+){1,3}$")
_SAINTLY = re.compile(r"(?:Mount|Mt\.?|Lady|Lord|Sir|Mr\.?|Mrs\.?|Miss|Port|Fort|Lake|Cape)\s+$")


def ends_sentence(text: str, at: int) -> bool:
    """An abbreviation's stop before a capital, or at the end of a sentence, is a full stop too.

    A fragment (``5 p.m.``, ``at 7 a.m.``) has none: sentences begin with a capital and have
    more than two words.
    """
    rest = text[at:].lstrip("\"'”’)")
    if rest:
        return re.match(rf"\s+{_CAPITAL}", rest) is not None
    start = text[:at].lstrip("\"“‘'(—–-… ")
    return start[:1].isupper() and start.count(" ") > 2


def titles(text: str, language: Language, style: Style) -> Iterator[Replacement]:
    """``Lieut.-Col. Brown``, ``St. James``, ``Mt. Everest``, ``Baker St.``"""
    words = load_words(language.tag)
    for match in _street_pattern(language.tag).finditer(text):
        before = text[max(0, match.start() - 60) : match.start()]
        if _is_street(before, text[match.end() :], match, language.starters):
            stop = (
                "."
                if match["stop"] and style.keeps_stop and ends_sentence(text, match.end())
                else ""
            )
            yield Replacement(*match.span(), words["streets"][match["name"]] + stop, "title")
    for match in _state_pattern(language.tag).finditer(text):
        yield Replacement(*match.span(), words["states"][match.group()], "abbreviation")
    for match in re.finditer(r"\bM\.\s+(?=(?:d[eu]|la|le)\s[A-Z]|d['’][A-Z]|[A-Z][a-zà-ÿ])", text):
        if not re.search(r"[A-Z][\w’.]*\s+$", text[max(0, match.start() - 20) : match.start()]):
            yield Replacement(match.start(), match.start() + 2, "Monsieur", "title")
    for match in re.finditer(r"\bMM\.(?=\s+[A-Z])", text):
        yield Replacement(*match.span(), "Messieurs", "title")
    for match in re.finditer(
        r"(?<=\b[Tt]he\s)(Dr|Rev|Col|Capt|Sgt)\.?(?=\s+[a-z]|[,;:!?’'])", text
    ):
        yield Replacement(*match.span(), language.titles[match[1]], "title")


@cache
def _street_pattern(tag: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<=\s)(?P<name>{choice(load_words(tag)['streets'])})(?P<stop>\.)?(?![\w-])"
    )


@cache
def _state_pattern(tag: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=,\s)(?:{choice(load_words(tag)['states'])})(?=\s\d{{5}}(?!\d))")


def _is_street(before: str, after: str, match: re.Match[str], starters: Sequence[str]) -> bool:
    numbered = _HOUSE_BEFORE.search(before) is not None
    if not numbered and (not match["stop"] or not _PLACE_BEFORE.search(before)):
        return False
    if _SAINTLY.search(before):
        return False
    following = re.match(r"\s+([A-Z]\w*)", after)
    if following is None or following[1].lower() in starters:
        return True
    return numbered or match["name"] not in ("St", "Dr", "Ct", "Pl", "Sq")


def before_names(text: str, language: Language, style: Style) -> Iterator[Replacement]:
    """``Mt. Everest``, ``Wm. Brown``; by themselves and with ``Rev.`` in the general profile."""
    words = load_words(language.tag)
    numbered, always, given = words["before_number"], words["always"], words["before_name"]
    # "in": 5 in. is a unit; a numeral that roman.py took stands hidden behind the word
    for match in re.finditer(rf"(?<![\w.])({choice(numbered)})\.(?=\s?[\d{TAKEN}])", text):
        if not re.search(r"\d\s?$", text[max(0, match.start() - 2) : match.start()]):
            yield Replacement(*match.span(), numbered[match[1]], "abbreviation")
    for match in re.finditer(rf"(?<![\w.])({choice(always)})(?:\.|(?<=Xmas))(?!\w)", text):
        stop = "." if style.keeps_stop and ends_sentence(text, match.end()) else ""
        yield Replacement(*match.span(), always[match[1]] + stop, "abbreviation")
    for match in re.finditer(rf"\b({choice(given)})\.(?=\s+[A-Z{TAKEN}])", text):
        if not (match[1] in ("Ft", "Pt") and re.search(r"\d\s*$", text[: match.start()][-4:])):
            yield Replacement(*match.span(), given[match[1]], "abbreviation")
    if not style.anywhere:
        return
    short = {**given, **language.titles}
    for match in re.finditer(rf"(?<![^\W_])({choice(short)})\.(?=\s|$)", text):
        said = short[match[1]].replace("our", "or") if style.american else short[match[1]]
        yield Replacement(*match.span(), said, "abbreviation")
    for match in re.finditer(rf"(?<![\w.])({choice(words['companies'])})\.(?!\w)", text):
        yield Replacement(*match.span(), words["companies"][match[1]], "abbreviation")


def days(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``Mon.-Sun.``, ``Sat., 5 May``: days where a date or another day stands beside them."""
    names = load_words(tag)["days"]
    one = choice(names)
    for match in re.finditer(rf"\b({one})\.?\s?[-–]\s?({one})\b(\.?)", text):
        stop = "." if match[3] and style.keeps_stop and ends_sentence(text, match.end()) else ""
        spoken = f"{names[match[1]]} to {names[match[2]]}{stop}"
        yield Replacement(*match.span(), spoken, "date")
    after = r"" if style.anywhere else r"(?=,?\s+(?:the\s)?(?:\d|[A-Z][a-z]{2}))|(?=,)"
    for match in re.finditer(rf"\b({one})\.(?:{after})", text):
        if (
            match[1] not in ("Sun", "Sat")
            or style.anywhere
            or re.match(r",?\s", text[match.end() :])
        ):
            yield Replacement(*match.span(), names[match[1]], "date")
