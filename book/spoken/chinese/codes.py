"""Digits that name and do not count in Chinese: telephones, rooms, models, plates, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from book.script import Replacement
from book.spoken.chinese.numbers import cardinal, decimal, digits
from book.spoken.chinese.style import Style
from book.spoken.english.roman import value
from book.spoken.words import choice, load_words

_HAN = r"[\u3400-\u9fff]"
_ROMAN = {chr(0x2160 + i): i + 1 for i in range(12)} | {chr(0x2170 + i): i + 1 for i in range(12)}
_ROMAN_SIGN = re.compile(f"[{''.join(_ROMAN)}]")
_ROMAN_LETTERS = re.compile(rf"(?<={_HAN})\s?(?P<n>[IVX]{{2,6}}|(?<=第)[IVX])(?![A-Za-z0-9])")
_MOBILE = re.compile(r"(?<![\dA-Za-z])(?:\+?86[-\s]?)?1[3-9]\d(?:\d{8}|[-\s]\d{4}[-\s]\d{4})(?!\d)")
_LANDLINE = re.compile(
    r"(?<![\dA-Za-z])(?:\(?0\d{2,3}\)?[-\s]?[1-9]\d{6,7}(?:-\d{1,4})?|[48]00-?\d{3}-?\d{4}|[48]00-?\d{4}-?\d{3})(?!\d)"
)
_LONG = re.compile(r"(?<![\d.,A-Za-z])\d{12,17}[\dXx](?![\d.])")
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_NET = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}|(?:https?://|www\.)[A-Za-z0-9./_-]+"
)
_VERSION = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){2}(?![\d.])")
_MODEL = re.compile(
    r"(?<![A-Za-z0-9])(?P<l>[A-Za-z][A-Za-z]{0,15})(?P<gap>-|\s)?(?P<n>\d+(?:\.\d+)*)(?P<t>[A-Za-z]{0,3})(?![\d.]\d|[A-Za-z0-9])"
)
_HEIGHT = re.compile(r"(?<=\d米)\d\d(?![\d.:厘公分毫年月日号个])")  # 1米82
# China's five-digit numbers: of the state, of the carriers, of banks
_SHORT_CODE = r"12[0-3]\d{2}|100(?:00|10|60|86)|95\d{3}"
_TO = re.compile(r"(?<![A-Za-z0-9])(?P<a>[A-Z])2(?P<b>[A-Z])(?![A-Za-z0-9])")
_FIRST = re.compile(r"(?<![A-Za-z])[Nn][Oo]\.\s?(?P<n>\d+)")
_NAMELESS = re.compile(
    rf"(?<={_HAN})[×✕]{{1,3}}|(?<={_HAN})(?:XX|xx)(?=[{chr(0x3400)}-{chr(0x9FFF)}，。！？、；：”’」』]|$)|[×✕]{{2,3}}(?={_HAN})|(?<![A-Za-z])(?:XX|xx)(?={_HAN})"
)


def romans(text: str, style: Style) -> Iterator[Replacement]:
    """``第Ⅳ部``, ``路易XIV``."""
    for match in _ROMAN_SIGN.finditer(text):
        yield Replacement(*match.span(), cardinal(str(_ROMAN[match.group()])), "roman")
    for match in _ROMAN_LETTERS.finditer(text):
        number = value(match["n"])
        if number:
            yield Replacement(*match.span(), cardinal(str(number)), "roman")


@cache
def _called(tag: str) -> re.Pattern[str]:
    names = choice(load_words(tag)["numbers_called"])
    return re.compile(
        rf"(?:{names})(?:的?号码|号)?\s?(?:是|为|了|给|一下)?\s?[:：]?\s?(?P<n>\d{{3,20}}(?:-\d+)*)(?![\d.]|{_HAN}?[个次元块岁天年])"
    )


@cache
def _services(tag: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\dA-Za-z.,￥¥$第约共近有])(?:{choice(load_words(tag)['services'])}|{_SHORT_CODE})"
        r"(?![\d.,%A-Za-z])"
    )


@cache
def _rooms(tag: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\d.])(?P<n>\d{{3,4}})(?=(?:{choice(load_words(tag)['rooms'])}))|(?:房间|宿舍|病房|寝室|教室)(?P<n2>\d{{3,4}})(?!\d|{_HAN}?[个元])"
    )


@cache
def _coded(tag: str) -> re.Pattern[str]:
    words = load_words(tag)["coded"]
    cut = [re.match(r"(\d+)(.+)", word) for word in words]
    return re.compile("|".join(rf"(?<!\d){m[1]}(?={re.escape(m[2])})" for m in cut if m))


@cache
def _plates(tag: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<p>[{load_words(tag)['plates']}])(?P<l>[A-Z])[·\s]?(?P<n>[A-Z0-9]{{5,6}})(?![A-Za-z0-9])"
    )


@cache
def _han_models(tag: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?:{choice(load_words(tag)['models'])})(?P<gap>[-－])(?P<n>\d+)(?P<t>[A-Z]?)(?!\d)|(?:波音|空客)(?P<n2>\d{{3}})(?!\d)"
    )


def telephones(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """幺 for 1 where a number is dialled or read out."""
    for pattern in (_MOBILE, _LANDLINE):
        for match in pattern.finditer(text):
            yield Replacement(*match.span(), digits(match.group(), yao=True), "telephone")
    for match in _LONG.finditer(text):
        said = digits(match.group(), yao=True) + ("X" if match.group()[-1] in "Xx" else "")
        yield Replacement(*match.span(), said, "telephone")
    for match in _called(tag).finditer(text):
        yao = not match["n"].startswith("00") and not match.group().startswith("邮")
        yield Replacement(*match.span("n"), digits(match["n"], yao=yao), "telephone")
    for match in _services(tag).finditer(text):
        if _is_called(text, match, tag, style):
            yield Replacement(*match.span(), digits(match.group(), yao=True), "telephone")


def _is_called(text: str, match: re.Match[str], tag: str, style: Style) -> bool:
    """110 alone is the police; 110斤 is a weight."""
    after = text[match.end() :].lstrip()[:3]
    if re.match(r"[:/×+=~～-]|多|余|几|来[个斤米岁天年块元人多]", after):
        return False
    if len(match.group()) > 3 and not style.called_services:
        around = text[max(0, match.start() - 6) : match.end() + 6]
        if not re.search(r"打|拨|热线|客服|电话|投诉|举报|咨询", around):
            return False
    words = load_words(tag)
    counts = (
        *words["liang"],
        *words["units"],
        "万",
        "亿",
        "分",
        "号",
        "年",
        "楼",
        "页",
        "章",
        "期",
        "届",
        "余",
        "平",
    )
    return not after.startswith(tuple(counts))


def addresses(text: str, style: Style) -> Iterator[Replacement]:
    """``10.0.0.7``; mail and web by their marks."""
    for match in _ADDRESS.finditer(text):
        parts = match.group().split(".")
        yield Replacement(*match.span(), "点".join(digits(part) for part in parts), "address")
    for match in _VERSION.finditer(text):
        said = "点".join(cardinal(part) for part in match.group().split("."))
        yield Replacement(*match.span(), said, "address")
    for match in _NET.finditer(text):
        said = re.sub(r"\d", lambda d: digits(d.group()), match.group())
        said = said.replace("@", "艾特").replace(".", "点").replace("://", "冒号斜杠斜杠")
        yield Replacement(*match.span(), said.replace("/", "斜杠"), "address")


def rooms(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``302房间``, ``京A12345``."""
    for match in _plates(tag).finditer(text):
        said = "".join(digits(c, yao=True) if c.isdigit() else c for c in match["n"])
        yield Replacement(match.start("l"), match.end(), match["l"] + said, "number")
    for match in _coded(tag).finditer(text):
        yield Replacement(*match.span(), digits(match.group()), "number")
    for match in _HEIGHT.finditer(text):
        yield Replacement(*match.span(), digits(match.group()), "number")
    for match in _rooms(tag).finditer(text) if style.rooms else ():
        group = "n" if match["n"] else "n2"
        yield Replacement(*match.span(group), digits(match[group], yao=True), "number")


def models(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``GPT-3.5``, ``T-34``, ``MP3``, ``歼-20``, ``B2B``, ``No.1``: a hyphen is silent."""
    for match in _FIRST.finditer(text):
        yield Replacement(*match.span(), f"第{decimal(match['n'], liang=False)}", "number")
    for match in _TO.finditer(text):
        yield Replacement(*match.span(), f"{match['a']} to {match['b']}", "model")
    for match in _han_models(tag).finditer(text):
        if match["n2"]:
            yield Replacement(*match.span("n2"), digits(match["n2"]), "model")
        else:
            said = digits(match["n"]) if len(match["n"]) > 2 else cardinal(match["n"])
            yield Replacement(match.start("gap"), match.end(), said + match["t"], "model")
    currencies = load_words(tag)["currencies"]
    for match in _MODEL.finditer(text):
        if match["l"].upper() in currencies or (match["gap"] == " " and match["t"]):
            continue
        parts = match["n"].split(".")
        if len(parts) > 2:
            said = "点".join(cardinal(part) for part in parts)
        elif len(match["n"]) > 2 and len(parts) == 1:
            said = digits(match["n"], yao=match["gap"] != " " and len(match["l"]) < 3)
        else:
            said = decimal(match["n"], liang=False)
        gap = " " if match["gap"] == " " else ""
        yield Replacement(match.end("l"), match.end(), gap + said + match["t"], "model")


def nameless(text: str, style: Style) -> Iterator[Replacement]:
    """``王××``, ``××县``: a name that print leaves out."""
    for match in _NAMELESS.finditer(text) if style.loud else ():
        yield Replacement(*match.span(), "某某" if len(match.group()) > 1 else "某", "blank")
