"""Quantities in English: units, degrees, fractions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from book.script import Replacement
from book.spoken.english.abbreviations import ends_sentence
from book.spoken.english.numbers import plural
from book.spoken.english.style import Style
from book.spoken.words import choice, load_words

_N = r"\d+(?:,\d{3})*(?:\.\d+)?|\.\d+"
VULGAR = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5),
    "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8),
    "⅞": (7, 8),
}  # fmt: skip
_SIGN = "".join(VULGAR)
_FRACTION = re.compile(
    rf"(?<![\w/.,])(?P<minus>[-−–](?=\d))?(?:(?P<w>\d+(?:,\d{{3}})*)(?P<join>[\s-]?(?=[{_SIGN}])|[\s-](?=\d+/)))?"
    rf"(?:(?P<v>[{_SIGN}])|(?P<n>\d{{1,4}})\s?[/⁄]\s?(?P<d>\d{{1,4}})(?P<th>ths?|rds?|nds?)?)(?![\w/]|[.,]\d)"
    rf"(?P<of>\s+an?\b|\s+of\b|-|\s+(?P<noun>[a-z]+)\b)?"
)
_DEGREES = re.compile(
    rf"(?<![\w.,])(?P<minus>[-−–])?(?P<n>{_N})\s?(?:°(?:\s?(?P<k>[CFcf]\b\.?))?|º\s?(?P<k2>[CF])?|(?P<k3>℃|℉|K\b(?=\s*kelvin)))"
    r"(?:\s?(?P<m>\d{1,2})\s?[′'’](?:\s?(?P<s>\d{1,2})\s?[″\"”])?)?(?:\s?(?P<c>[NSEW])\b\.?)?"
)
_SCALES = {"C": "Celsius", "F": "Fahrenheit", "℃": "Celsius", "℉": "Fahrenheit"}
_WINDS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_FEET_INCHES = re.compile(
    r"(?<![\w.,])(?P<f>\d{1,3})\s?['′’]\s?(?P<i>\d{1,2})(?P<v>[½¼¾])?\s?(?:[\"″”]|''|’’)(?!\w)"
)
_STONE = re.compile(
    r"(?<![\w.,])(?P<n>\d{1,2})(?:\s?st\.?(?=,?\s\d{1,2}\s?lbs?\b)|\sst\.(?=\s?$|[,;]|\s[a-z]))"
)
_THING = re.compile(  # before a bare unit in the singular: a 6-ft. man
    r"\b(?:an?|the|this|that|his|her|its|one|two|three|four|five|six|ten)\s+$", re.IGNORECASE
)
_HOURISH = ("hour", "honest", "heir", "ounce", "inch", "acre")


def degrees(text: str, style: Style) -> Iterator[Replacement]:
    """``21°C``, ``70° F.``, ``51° 30' N.``"""
    for match in _DEGREES.finditer(text):
        scale = match["k"] or match["k2"] or match["k3"]
        said = f"{style.amount(match['n'])} {'degree' if match['n'] == '1' else 'degrees'}"
        if match["minus"]:
            said = f"{style.minus} {said}"
        if scale:
            said += f" {_SCALES.get(scale.rstrip('.').upper(), 'kelvin')}"
        for part, unit in ((match["m"], "minute"), (match["s"], "second")):
            if part:
                said += f" {style.whole(int(part))} {unit}{'' if part == '1' else 's'}"
        if match["c"]:
            said += f" {_WINDS[match['c']]}"
        printed = match.group()
        stop = "." if printed.endswith(".") and ends_sentence(text, match.end()) else ""
        yield Replacement(*match.span(), said + (stop if style.keeps_stop else ""), "unit")


@cache
def _unit_pattern(tag: str) -> re.Pattern[str]:
    words = load_words(tag)
    return re.compile(
        rf"(?<![\w.,/])(?P<minus>(?<![\w%°\ue000)])[-−–])?(?P<n>{_N})(?P<frac>\s?[{_SIGN}]|[\s-]\d/\d{{1,2}})?"
        rf"(?P<to>%?\s?[-–]\s?(?P<n2>{_N}))?"
        rf"(?P<gap>[\s-]?)(?P<u>{choice(words['units'])})(?P<stop>\.)?(?![\w/])"
    )


def units(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``5 ft. 7 in.``, ``10 lbs.``, ``40 m.p.h.``, ``3–4 km``, ``5%``."""
    words = load_words(tag)
    close = set(words["close_units"])
    for match in _FEET_INCHES.finditer(text):
        inches = style.whole(int(match["i"])) + (
            f" and {_part(*VULGAR[match['v']], style, whole=True)}" if match["v"] else ""
        )
        unit = "inch" if match["i"] == "1" and not match["v"] else "inches"
        said = f"{_feet(match['f'], style)} {inches} {unit}"
        yield Replacement(*match.span(), said, "unit")
    for match in _STONE.finditer(text):
        yield Replacement(*match.span(), f"{style.amount(match['n'])} stone", "unit")
    for match in _unit_pattern(tag).finditer(text):
        name = match["u"]
        if name in close and not _close(text, match, name):
            continue
        one, many = words["units"][name]
        frac = match["frac"]
        said = style.amount(match["n"])
        if frac:
            said += f" and {_part(*_parts(frac), style, whole=True)}"
        if match["to"]:
            said += f" to {style.amount(match['n2'])}"
        if match["minus"]:
            said = f"{style.minus_decimal if '.' in match['n'] else style.minus} {said}"
        single = match["n"] == "1" and not frac and not match["to"]
        end = match.end()
        stop = ""
        if match["stop"]:
            stop = "." if style.keeps_stop and ends_sentence(text, end) else ""
        if match["gap"] == "-" and not match["stop"] and name in close:
            continue
        thing = match["gap"] == "-" and re.match(r"[\s-][a-z]", text[end:])
        unit = one if single or thing else many
        if style.american:
            unit = unit.replace("metre", "meter").replace("litre", "liter")
        yield Replacement(*match.span(), f"{said}{'-' if thing else ' '}{unit}{stop}", "unit")


def _feet(number: str, style: Style) -> str:
    return f"{style.whole(int(number))} {'foot' if number == '1' else 'feet'}"


def _close(text: str, match: re.Match[str], name: str) -> bool:
    """Whether a letter or word such as ``in`` behind a number is its unit."""
    after = text[match.end() :]
    if name == "in":
        beside = re.search(
            r"(?:ft\.?|feet|foot|['′]|\ue000)\s*$", text[max(0, match.start() - 8) : match.start()]
        )
        measured = re.match(
            r"\s*(?:of|long|wide|deep|thick|tall|high|broad|across|by|x|×|[,;:)]|$)", after
        )
        return bool(
            beside or (match["stop"] and measured) or (match["gap"] == "-" and match["stop"])
        )
    if not match["gap"] or match["stop"] or name in ("hp", "V", "W"):
        return True
    alone = re.match(r"\s+[A-Z]|[’']", after) is None
    return match["gap"] == " " and alone and name in _SPACED


_SPACED = frozenset({"m", "g", "L", "ms", "ha", "cl", "cc", "min", "sec", "mi"})


def _parts(printed: str) -> tuple[int, int]:
    bare = printed.strip(" -")
    if bare in VULGAR:
        return VULGAR[bare]
    top, _, bottom = bare.partition("/")
    return int(top), int(bottom)


def fractions(text: str, style: Style) -> Iterator[Replacement]:
    """``1/2 a pint``, ``2 1/2``, ``¾``, ``½ mile``."""
    for match in _FRACTION.finditer(text):
        top, bottom = _parts(match["v"] or f"{match['n']}/{match['d']}")
        if bottom == 0 or (match["n"] or "").startswith("0"):
            continue
        end = match.start("of") if match["of"] else match.end()
        whole = match["w"]
        minus = f"{style.minus} " if match["minus"] else ""
        if whole:
            said = f"{style.amount(whole)} and {_part(top, bottom, style, whole=True)}"
        elif (top, bottom) == (1, 2) and style.half_a and match["of"] not in (None, "-"):
            noun = match["noun"]
            said = "half"
            if noun and not noun.endswith("s") and noun not in _NO_ARTICLE:
                said = f"half {'an' if noun.startswith(_HOURISH) else 'a'}"
        elif not match["v"] and not match["th"] and ((top, bottom) in _PAIRS or top == bottom > 9):
            said = f"{style.whole(top)} {style.whole(bottom)}"
        else:
            said = _part(top, bottom, style, whole=False)
            article = re.search(r"\ban?\s$", text[max(0, match.start() - 3) : match.start()])
            if style.half_a and (article or match["of"] == "-"):
                said = said.removeprefix("one ")  # a 1/4-inch bolt
        yield Replacement(match.start(), end, minus + said, "fraction")


_PAIRS = {(9, 11), (24, 7)}  # a date and a saying, not shares
_NO_ARTICLE = frozenset({"past", "the", "his", "her", "their", "and", "or", "to", "was", "is", "in",
    "my", "your", "its", "full", "empty", "dead", "as", "that", "this", "way"})  # fmt: skip


def _part(top: int, bottom: int, style: Style, *, whole: bool) -> str:
    """``3, 4`` -> ``three quarters``; after a whole number ``1, 2`` -> ``a half``."""
    if bottom > 100 and bottom % 100:
        return f"{style.whole(top)} over {style.whole(bottom)}"
    name = {2: "half", 4: "quarter"}.get(bottom) or style.nth(bottom)
    if bottom == 1:
        name = "over one"
    if top == 1:
        article = whole and (bottom == 2 or (bottom == 4 and not style.one_quarter))
        return f"{'a' if article else 'one'} {name}"
    return f"{style.whole(top)} {plural(name)}"
