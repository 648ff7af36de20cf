"""Dates, years, decades and times of day in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator

from book.script import Replacement
from book.spoken.chinese.numbers import cardinal, digits
from book.spoken.chinese.style import Style

_TO = r"\s?(?:[-–—~]{1,2}|至|到)\s?"
_FULL = re.compile(
    r"(?<![\d./-])(?P<y>[12]\d{3})(?P<mark>[-/.])(?P<m>1[0-2]|0?[1-9])(?P=mark)(?P<d>3[01]|[12]\d|0?[1-9])(?![\d/]|[.-]\d)"
)
_YEAR_MONTH = re.compile(
    r"(?<![\d./-])(?P<y>(?:19|20)\d{2})[-/.](?P<m>1[0-2]|0[1-9])(?![\d/%℃°]|[.-]\d|[a-zA-Z元万亿])"
)
_MONTH_YEAR = re.compile(r"(?<![\d./-])(?P<m>1[0-2]|0[1-9])/(?P<y>(?:19|20)\d{2})(?![\d/]|[.-]\d)")
_MONTH_DAY = re.compile(
    r"(?<![\d./:-])(?P<m>1[0-2]|0[1-9])(?:[-/](?P<d>3[01]|[12]\d|0[1-9])|\.(?P<d2>0[1-9]))(?![\d/:%℃°]|[.-]\d|[个条人天元万亿岁倍次名度米斤公千厘年月日号分钟秒小时a-zA-Z])"
)
_YEARS = re.compile(
    rf"(?<![\d.])(?P<a>\d{{4}})(?P<n>年)?(?P<to>{_TO})(?P<b>\d{{4}}|\d{{2}})(?=年(?!级|前|后|间|多|来|以))"
)
_YEAR = re.compile(r"(?<![\d.])(?P<y>\d{4})(?=\s?年(?!级))")
_AGO = re.compile(r"\s?年(?:前(?!后)|以前|以来|来|间|多)")  # 2000年前 is long ago, 1949年前 a year
_ERA = re.compile(r"(?<=公元)(?P<before>前?)(?P<y>\d{1,3})(?=年)")
_TITLE = re.compile(r"(?<=《)(?:1[89]|20)\d\d(?!\d|年)")
_FEAST = re.compile(
    r"(?<![\d.·])(?P<m>1[0-2]|[1-9])[·•](?P<d>[12]\d|3[01]|[1-9])(?![\d.·])"
)  # 9·11
_SHORT_YEAR = re.compile(
    r"(?P<before>[一-鿿]?)(?<![\d.,第])(?P<y>\d{2})年(?=(?P<after>\d{1,2}月|[初底末春夏秋冬]|年底|代)?)"
)
_DURATION_BEFORE = set("约近了过用花经第共满整达活有隔每足历前后这那几短长已仅逾超")
_DURATION_AFTER = re.compile(
    r"年(?:前|后|来|间|多|以|之|内|级|了|时间|历史|光阴|岁月|如|过|"
    r"的(?:历史|时间|光阴|岁月|人生|生活|婚姻|感情|交情|老|友|风雨|经验|寿命|牢|苦|心血|积蓄|刑))"
)
_MONTH = re.compile(r"(?<![\d.:])(?P<m>1[0-2]|0?[1-9])(?=\s?月(?!球|亮|台|光|饼))")
_DAY = re.compile(
    r"(?<=月)(?P<s>\s?)(?P<d>3[01]|[12]\d|0?[1-9])(?=\s?[日号])|(?<=月)(?P<f>0?[1-9]|[12]\d|3[01])(?=[-–—~至到]\d{1,2}[日号])"
)
_DAY_TO = re.compile(
    r"(?<=[日号\ue000])(?P<to>\s?[-–—~]{1,2}\s?)(?=\d{1,2}[日号月])|(?<=月\ue000)(?P<to2>[-–—~])(?=\d{1,2}[日号])|(?<=月\ue000{2})(?P<to3>[-–—~])(?=\d{1,2}[日号])"
)
_DECADE = re.compile(r"(?<![\d.])(?P<c>1\d|20)?(?P<d>\d0)(?=\s?年代)")
_BORN = re.compile(r"(?<![\d.])(?P<n>[05-9][05])(?=后(?![面来天边门头半续者果备期悔台方座]|$)|后$)")
_CLOCK = re.compile(
    r"(?<![\d.:])(?P<h>2[0-4]|[01]?\d):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?(?!\d|:\d|\.\d)(?:\s?(?P<half>[aApP])\.?[mM]\b\.?)?"
)
_HALF_HOUR = re.compile(r"(?<![\d.:])(?P<h>1[0-2]|0?\d)\s?(?P<half>[aApP])\.?[mM]\b\.?")
_MINUTE = re.compile(r"(?<=[点时])(?P<z>0)(?P<m>\d)(?=分)")
_HOUR = re.compile(r"(?<![\d.:])(?P<h>0?2)(?=\s?点(?!\d*[倍米公元万亿]))")
_ZERO_HOUR = re.compile(r"(?<![\d.:])0(?P<h>[013-9])(?=\s?[点时日号分秒])")


def dates(text: str, style: Style) -> Iterator[Replacement]:
    """``2009-7-6``, ``1990-1995年``, ``87年``, ``5月1日-7日``, ``70年代``, ``85后``."""
    for match in _FULL.finditer(text):
        yield Replacement(*match.span(), _said(match["y"], match["m"], match["d"]), "date")
    for pattern in (_YEAR_MONTH, _MONTH_YEAR):
        for match in pattern.finditer(text):
            yield Replacement(*match.span(), _said(match["y"], match["m"], None), "date")
    for match in _DECADE.finditer(text):
        century = digits(match["c"]) if match["c"] else ""
        ten = digits(match["d"]) if century or match["d"] == "00" else cardinal(match["d"])
        yield Replacement(*match.span(), century + ten, "decade")
    for match in _YEARS.finditer(text):
        to = "到" if match["to"].strip() not in ("至", "到") else match["to"].strip()
        said = f"{digits(match['a'])}{match['n'] or ''}{to}{digits(match['b'])}"
        yield Replacement(*match.span(), said, "year")
    for match in _YEAR.finditer(text):
        number = match["y"]
        ago = number.endswith("00") and _AGO.match(text, match.end())
        if number[0] in "012" and not ago:
            yield Replacement(*match.span(), digits(number), "year")
    for match in _ERA.finditer(text) if style.short_years else ():
        yield Replacement(*match.span("y"), digits(match["y"]), "year")
    for match in _TITLE.finditer(text):
        yield Replacement(*match.span(), digits(match.group()), "year")
    for match in _FEAST.finditer(text):
        yield Replacement(*match.span(), digits(match["m"] + match["d"]), "date")
    for match in _SHORT_YEAR.finditer(text):
        if _is_short_year(text, match, style):
            yield Replacement(*match.span("y"), digits(match["y"]), "year")
    for match in _MONTH.finditer(text):
        yield Replacement(*match.span(), cardinal(match["m"]), "date")
    if style.bare_dates:
        for match in _MONTH_DAY.finditer(text):
            day = match["d"] or match["d2"]
            yield Replacement(*match.span(), _said(None, match["m"], day), "date")
    for match in _BORN.finditer(text):
        yield Replacement(*match.span(), digits(match["n"]), "decade")


def days(text: str, style: Style) -> Iterator[Replacement]:
    """Days behind a month: zeros in front are silent, a dash to another day is 到."""
    for match in _DAY.finditer(text):
        yield Replacement(match.start(), match.end(), cardinal(match["d"] or match["f"]), "date")


def day_ranges(text: str, style: Style) -> Iterator[Replacement]:
    """``5月1日-7日``."""
    for match in _DAY_TO.finditer(text):
        yield Replacement(*match.span(), "到", "range")


def _said(year: str | None, month: str, day: str | None) -> str:
    said = f"{digits(year)}年" if year else ""
    return f"{said}{cardinal(month)}月" + (f"{cardinal(day)}日" if day else "")


def _is_short_year(text: str, match: re.Match[str], style: Style) -> bool:
    """Whether two digits before 年 name a year: 87年, not 20年后."""
    if match["after"] and match["after"] != "代":
        return style.short_years and match["before"] not in _DURATION_BEFORE
    if not style.short_years or match["before"] in _DURATION_BEFORE:
        return False
    if _DURATION_AFTER.match(text, match.end("y")):
        return False
    first, second = match["y"][0], match["y"][1]
    return first == "0" or (first in "3456789" and second != "0")


def times(text: str, style: Style) -> Iterator[Replacement]:
    """``4:30``, ``14:20:31``, ``3:00 pm``, ``2点``, ``10点05分``."""
    for match in _CLOCK.finditer(text):
        half = {"a": "上午", "p": "下午", None: ""}[match["half"] and match["half"].lower()]
        yield Replacement(*match.span(), half + _clock(match, style), "time")
    for match in _HALF_HOUR.finditer(text):
        half = {"a": "上午", "p": "下午"}[match["half"].lower()]
        yield Replacement(*match.span(), f"{half}{hour(match['h'])}点", "time")
    for match in _HOUR.finditer(text):
        yield Replacement(*match.span(), "两", "time")
    for match in _ZERO_HOUR.finditer(text):
        zero = "零" if text[match.end() :].lstrip()[:1] in ("分", "秒") else ""
        yield Replacement(*match.span(), zero + cardinal(match["h"]), "time")


def hour(text: str) -> str:
    """``2`` -> ``两``, ``12`` -> ``十二``."""
    return "两" if int(text) == 2 else cardinal(text)


def _clock(match: re.Match[str], style: Style) -> str:
    said = f"{hour(match['h'])}点"
    minute, second = match["m"], match["s"]
    if second is None:
        if minute == "00":
            return said
        if style.half_past and minute == "30":
            return f"{said}半"
    said += f"{_two(minute)}分" if minute != "00" or second else ""
    if second is not None:
        zero = _two(second) if style.half_past else cardinal(second)
        said += f"{zero}秒" if second != "00" or minute == "00" else ""
    return said


def _two(text: str) -> str:
    """``05`` -> ``零五``, ``30`` -> ``三十``."""
    return f"零{cardinal(text)}" if text[0] == "0" and text[1] != "0" else cardinal(text)
