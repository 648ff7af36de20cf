"""Quantities in Chinese: money, degrees, shares, fractions, units, ranges, scores, counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from book.script import Replacement
from book.spoken.chinese.numbers import cardinal, decimal, digits
from book.spoken.chinese.style import Style
from book.spoken.words import choice, load_words

_N = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_LOOSE = rf"(?:{_N}|\.\d+)"
_TO = r"\s?[-–—~]{1,2}\s?"
_BIG = r"\s?(?P<big>[十百千万亿]{1,3})?"
_VULGAR = {"½": "二分之一", "⅓": "三分之一", "⅔": "三分之二", "¼": "四分之一", "¾": "四分之三"}
_PERCENT = re.compile(
    rf"(?<![\d.,])(?P<minus>(?<![\d\w])[-−])?(?P<a>{_LOOSE})(?P<first>[%‰])?(?P<to>{_TO}(?P<b>{_LOOSE}))?(?(first)(?(to)[%‰])|(?P<sign>[%‰]))"
)
_PER = {"%": "百分之", "‰": "千分之"}
_DEGREES = re.compile(
    rf"(?<![\d.])(?P<minus>(?<![\d\w\ue000])[-−–])?(?P<a>{_LOOSE})(?P<to>{_TO}(?P<m2>[-−])?(?P<b>{_LOOSE}))?\s?(?P<u>℃|°C|摄氏度|℉|°F|华氏度|度)"
)
_FRACTION = re.compile(
    r"(?<![\d./])(?:(?P<w>\d+)(?:又|\s))?(?P<a>\d{1,4})/(?P<b>\d{1,4})(?![\d/]|\.\d|-\d)"
)
_SCORE = re.compile(r"(?<![\d.:/])(?P<a>\d{1,3})(?P<mark>[:/-])(?P<b>\d{1,3})(?![\d:/%]|\.\d|-\d)")
_RATIO = re.compile(
    r"(?<![\d.:])(?P<all>\d{1,9}(?:\.\d{1,9})?(?::\d{1,9}(?:\.\d{1,9})?){1,3})(?![\d:])"
)
_MATH = re.compile(
    r"(?<=[\d\ue000)）])(?P<a>\s?)(?P<op><=|>=|[+×*÷=≤≥<>≠≈]|-(?=\s?[\d\ue000.]+\s?[=＝]))\s?(?=[\d\ue000.(（±-])"
)
_SIGNS = {
    "+": "加", "×": "乘", "*": "乘", "÷": "除以", "=": "等于", "≤": "小于等于", "≥": "大于等于",
    "<=": "小于等于", ">=": "大于等于", "<": "小于", ">": "大于", "≠": "不等于", "≈": "约等于",
    "-": "减", "±": "正负", "~": "大约",
}  # fmt: skip
_LEADING = re.compile(
    r"(?P<op><=|>=|[≤≥<>≈±])\s?(?=[\d.\ue000])|(?<![\d\ue000\w])(?P<about>~)(?=\d)"
)
_RANGE = re.compile(
    rf"(?<![\d./:A-Za-z-])(?P<a>{_N})(?P<u>[年月日号天岁个元块万亿千百点时分秒米斤℃度%页章回节集层楼]{{0,3}})(?P<to>{_TO})(?P<b>{_N})(?![\d/:]|-\d|\s?[=＝])"
)
_JOINT = re.compile(
    r"(?<=\ue000)\s?[-–~]\s?(?=\ue000)|(?<=[\ue000][点时分秒日号月年元岁])\s?[-–~]\s?(?=\ue000)"
)
_TENS = re.compile(r"(?<![\d.])10(?=几(?!个亿))")
_NUMBER = re.compile(rf"(?P<minus>(?<![\w\ue000)）\]])[-−](?=[\d.]))?(?P<n>{_N}|(?<!\d)\.\d+)")
_TEAM_NO = set("约共有要近需在为到是的了第每大用花等过前后和或给这那个从")


@cache
def _money(tag: str) -> re.Pattern[str]:
    signs = choice(load_words(tag)["currencies"])
    return re.compile(
        rf"(?<![A-Za-z])(?P<sign>{signs})\s?(?P<n>{_N})(?P<to>{_TO}(?:{signs})?(?P<b>{_N}))?{_BIG}(?P<yuan>元)?"
    )


def money(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``￥6.30`` 六元三角, ``$5`` 五美元, ``￥5万``, ``6.30元``."""
    names = load_words(tag)["currencies"]
    for match in _money(tag).finditer(text):
        name = names[match["sign"]]
        big = match["big"] or ""
        number = match["n"]
        if match["to"]:
            said = f"{decimal(number)}到{decimal(match['b'])}{big}{name}"
        elif style.jiao and name == "元" and re.fullmatch(r"[\d,]+\.\d\d", number) and not big:
            said = _jiao(number)
        else:
            if style.jiao and "." in number:
                number = number.rstrip("0").rstrip(".")
            said = _two(number, big or name) + big + name
        yield Replacement(*match.span(), said, "money")
    for match in re.finditer(r"(?<![\d.])(?P<n>\d[\d,]*\.00)(?=\s?元)", text) if style.jiao else ():
        yield Replacement(*match.span(), decimal(match["n"][:-3]), "money")


def _jiao(number: str) -> str:
    """``1.25`` 一元二角五分, as prices are read out; a whole number of yuan alone."""
    whole, _, fraction = number.replace(",", "").partition(".")
    said = f"{_two(whole, '元')}元" if int(whole) else ""
    if fraction[0] != "0":
        said += f"{cardinal(fraction[0]) if said else _two(fraction[0], '角')}角"
    elif fraction[1] != "0" and said:
        said += "零"
    if fraction[1] != "0":
        said += f"{cardinal(fraction[1])}分"
    return said or "零元"


def _two(number: str, after: str) -> str:
    """2 alone is 两 before what is counted."""
    return "两" if number == "2" and after else decimal(number)


def degrees(text: str, style: Style) -> Iterator[Replacement]:
    """``-8℃`` 零下八摄氏度, ``-3~5℃``."""
    scales = {"℃": "摄氏度", "°C": "摄氏度", "℉": "华氏度", "°F": "华氏度"}
    for match in _DEGREES.finditer(text):
        unit = match["u"]
        if unit == "度" and not match["minus"] and not match["m2"]:
            continue
        below = "零下" if style.below_zero else "负"
        said = (below if match["minus"] else "") + decimal(match["a"])
        if match["to"]:
            said += "到" + (below if match["m2"] else "") + decimal(match["b"])
        elif match["a"] == "2" and unit == "度" and not match["minus"]:
            said = "两"
        yield Replacement(*match.span(), said + scales.get(unit, unit), "unit")


def shares(text: str, style: Style) -> Iterator[Replacement]:
    """``6.3%``, ``5-10%``, ``3‰``."""
    for match in _PERCENT.finditer(text):
        sign = match["first"] or match["sign"]
        said = ("负" if match["minus"] else "") + _PER[sign] + decimal(match["a"])
        if match["to"]:
            said += f"到{_PER[sign] if match['first'] else ''}{decimal(match['b'])}"
        yield Replacement(*match.span(), said, "percent")


def fractions(text: str, style: Style) -> Iterator[Replacement]:
    """``2/3`` 三分之二, ``3又1/2``."""
    for match in _FRACTION.finditer(text):
        if int(match["b"]) == 0:
            continue
        whole = f"{cardinal(match['w'])}又" if match["w"] else ""
        said = f"{whole}{cardinal(match['b'])}分之{cardinal(match['a'])}"
        yield Replacement(*match.span(), said, "fraction")
    for match in re.finditer(rf"(?<![\d.,])(?P<w>\d+)?(?P<v>[{''.join(_VULGAR)}])", text):
        whole = f"{cardinal(match['w'])}又" if match["w"] else ""
        yield Replacement(*match.span(), whole + _VULGAR[match["v"]], "fraction")


@cache
def _scored(tag: str) -> re.Pattern[str]:
    return re.compile(choice(load_words(tag)["scores"]))


def scores(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``比分3-2``, ``以21:15获胜``, ``3:2``; before times, which look the same."""
    for match in _SCORE.finditer(text):
        before, after = text[max(0, match.start() - 12) : match.start()], text[match.end() :][:6]
        near = _scored(tag).search(before) or _scored(tag).match(after.lstrip("的"))
        said = f"{decimal(match['a'])}比{decimal(match['b'])}"
        if near and (match["mark"] != "/" or style.bare_scores):
            yield Replacement(*match.span(), said, "score")
        elif style.bare_scores and match["mark"] != ":" and _is_team(before, after, match["mark"]):
            start = match.start() - (len(before) - len(before.rstrip()))
            yield Replacement(start, match.end(), said, "score")


def _is_team(before: str, after: str, mark: str) -> bool:
    """``巴西1-3`` at the end of a clause; with a slash a space stands between."""
    if after[:1] and after[0] not in "，。！？；,.!?; ":
        return False
    if mark == "/" and before[-1:] != " ":
        return False
    name = before.rstrip()
    return re.search(r"[\u3400-\u9fff]{2}$", name) is not None and name[-1] not in _TEAM_NO


def ratios(text: str, style: Style) -> Iterator[Replacement]:
    """What is no time: ``78:96``, ``1:2:3``."""
    for match in _RATIO.finditer(text):
        said = "比".join(decimal(part) for part in match["all"].split(":"))
        yield Replacement(*match.span(), said, "score")


@cache
def _units(tag: str) -> re.Pattern[str]:
    names = choice(load_words(tag)["units"])
    return re.compile(
        rf"(?<![\d.])(?P<minus>(?<![\w\ue000])[-−])?(?P<a>{_LOOSE})(?P<to>{_TO}(?P<b>{_LOOSE}))?{_BIG}(?P<few>[多余几来])?\s?(?P<u>{names})(?![A-Za-z²³/])"
    )


def units(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``10km/h`` 每小时十公里, ``3-5kg``, ``２㎡``."""
    names = load_words(tag)["units"]
    for match in _units(tag).finditer(text):
        name = names[match["u"]]
        per, bar, unit = name.partition("|")
        big = (match["big"] or "") + (match["few"] or "")
        said = _two(match["a"], unit or name)
        if match["to"]:
            said = f"{decimal(match['a'])}到{_two(match['b'], name)}"
        minus = "负" if match["minus"] else ""
        said = f"{per}{minus}{said}{big}{unit}" if bar else f"{minus}{said}{big}{name}"
        yield Replacement(*match.span(), said, "unit")


def signs(text: str, style: Style) -> Iterator[Replacement]:
    """Signs between numbers and before them: ``3 ≤ 5``, ``±2``, ``3-1=2``."""
    for match in _MATH.finditer(text):
        yield Replacement(*match.span(), _SIGNS[match["op"]], "sign")
    for match in _LEADING.finditer(text):
        yield Replacement(*match.span(), _SIGNS[match["op"] or match["about"]], "sign")


def factors(text: str, style: Style) -> Iterator[Replacement]:
    """A number before or between signs is 二, not 两: 2×3."""
    for match in re.finditer(r"(?<![\d.])2(?=\s?(?:[×*÷+=≤≥<>]|<=|>=|-\s?\d+\s?=))", text):
        yield Replacement(*match.span(), "二", "number")


def ranges(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``3-5天``, ``10～20``, ``第3-5章``, ``5岁-7岁``."""
    for match in _RANGE.finditer(text):
        first, second = match["a"], match["b"]
        unit = match["u"]
        if "—" in match["to"] and len(match["to"].strip()) > 1:
            continue  # a Chinese dash
        ordinal = text[max(0, match.start() - 1) : match.start()] == "第"
        liang = not ordinal
        said = (two(first, unit, tag, style) if unit else decimal(first, liang=liang)) + unit
        if (
            not unit
            and not ordinal
            and "-" in match["to"]
            and float(second.replace(",", "")) < float(first.replace(",", ""))
        ):
            yield Replacement(*match.span(), f"{decimal(first)}比{decimal(second)}", "score")
            continue
        rest = two(second, text[match.end() :], tag, style, ordinal=ordinal)
        yield Replacement(*match.span(), f"{said}到{rest}", "range")


def joints(text: str, style: Style) -> Iterator[Replacement]:
    """A dash between two places that are spoken for: ``9:00-17:00``, ``1-3月``."""
    for match in _JOINT.finditer(text):
        yield Replacement(*match.span(), "到", "range")


def grouped(text: str, style: Style) -> Iterator[Replacement]:
    """Numbers whose digits are grouped: ``12,345.67``."""
    for match in re.finditer(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])", text):
        yield Replacement(*match.span(), decimal(match.group()), "number")


def counts(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """Whatever digits are left, 两 before what is counted."""
    for match in _TENS.finditer(text):
        yield Replacement(*match.span(), "十", "number")
    for match in _NUMBER.finditer(text):
        number = match["n"]
        before = text[max(0, match.start() - 1) : match.start()]
        after = text[match.end() : match.end() + 6]
        ordinal = before in ("第", "点", "时") or (
            before == "、" and "第" in text[max(0, match.start() - 6) : match.start()]
        )
        said = two(number, after, tag, style, ordinal=ordinal)
        if match["minus"]:
            said = f"负{said}"
        yield Replacement(*match.span(), said, "number")


@cache
def _counted(tag: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    words = load_words(tag)
    return tuple(words["liang"]), tuple(words["er"])


def two(number: str, after: str, tag: str, style: Style, *, ordinal: bool = False) -> str:
    """A number before ``after``: 2个 两个, 2楼 二楼, 第2 第二, 2000 两千."""
    if number == "2" and not ordinal:
        liang, er = _counted(tag)
        thing = after.lstrip(" ")
        if thing.startswith("年") and not thing.startswith(er):
            return style.two_years
        if thing.startswith("多") or (thing.startswith(liang) and not thing.startswith(er)):
            return "两"
        return "二"
    if len(number) > 4 and "." not in number and "," not in number and number.startswith("0"):
        return digits(number)
    return decimal(number, liang=not ordinal)
