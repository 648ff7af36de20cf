"""Money in English: £sd as the nineteenth century wrote it, and signs before amounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from book.script import Replacement
from book.spoken.english.abbreviations import ends_sentence
from book.spoken.english.numbers import LARGEST
from book.spoken.english.style import Style
from book.spoken.words import choice, load_words

_N = r"\d+(?:,\d{3})*"
_HALVES = {"½": "a half", "¼": "a quarter", "¾": "three quarters"}
_FARTHINGS = {"½": "halfpenny", "¼": "farthing", "¾": "three farthings"}
_FARTHINGS |= {"1/2": "halfpenny", "1/4": "farthing", "3/4": "three farthings"}
_MAGNITUDES = {
    "m": "million", "mn": "million", "M": "million", "bn": "billion", "B": "billion",
    "k": "thousand", "K": "thousand", "tn": "trillion",
}  # fmt: skip
_MAGNITUDE = r"hundred|thousand|million|billion|trillion"
# £2 5s. 4d.; £2, 5s.; 5s. 4d.; 2l. 5s.; 12s.; 6d.; 3½d.
_POUNDS = rf"(?:£\s?(?P<l>{_N})(?:\s?l\.)?|(?P<l2>{_N})l\.)"
_SHILLINGS = r"(?P<s>\d{1,3})\s?s\b"
_PENCE = r"(?P<d>\d{1,3})?(?P<f>[½¼¾]|\s?(?<!\d)(?:1/2|1/4|3/4))?\s?d\b"
_AND = r"(?:\.?,?\s(?:and\s)?)"
_STERLING = re.compile(
    rf"(?<![\w£$€.])(?:"
    rf"{_POUNDS}{_AND}{_SHILLINGS}(?:{_AND}(?:{_PENCE}))?"
    rf"|{_POUNDS.replace('<l>', '<l3>').replace('<l2>', '<l4>')}{_AND}"
    rf"{_PENCE.replace('<d>', '<d2>').replace('<f>', '<f2>')}"
    rf"|{_SHILLINGS.replace('<s>', '<s2>')}{_AND}"
    rf"{_PENCE.replace('<d>', '<d3>').replace('<f>', '<f3>')}"
    rf")(?P<stop>\.)?(?!\w)"
)
_SHILLINGS_ALONE = re.compile(r"(?<![\w£$.'’,-])(?P<s>\d{1,3})\s?s\.(?!\w)")
_SHILLINGS_BARE = re.compile(r"(?<![\w£$.'’,-])(?P<s>\d{0,2}[1-9])s\b(?![.'’-])")
_PENCE_ALONE = re.compile(
    r"(?<![\w£$.,])(?=[\d½¼¾])(?P<d>\d{1,3})?(?P<f>[½¼¾]|\s?(?<!\d)(?:1/2|1/4|3/4))?\s?d(?P<stop>\.)(?!\w)"
)
_SLASHED = re.compile(r"(?<![\w/£.])(?P<s>\d{1,3})/-(?!\w)")
# 2/6 is two and six where something is paid, 12/6 wherever it stands: no fraction is that large
_HALF_CROWNS = re.compile(
    r"(?<![\w/£.,-])(?:(?<=cost )|(?<=paid )|(?<=price )|(?<=for )|(?<=at )|(?=1\d/))"
    r"(?P<s>1?\d)/(?P<d>1[01]|[1-9])(?![\w/]|[.,]\d)(?!\s?(?:of|inch|mile|hour|pound|cup))"
)
_LIVRES = re.compile(rf"(?<![\w£$.])(?P<l>{_N})l(?P<stop>\.)(?=\s|$|[,;:)])")
_DECADE_BEFORE = re.compile(
    r"\b(?:the|his|her|their|my|your|our|early|late|mid|middle)[\s-]+$", re.IGNORECASE
)


def sterling(text: str, style: Style) -> Iterator[Replacement]:
    """Pounds, shillings and pence."""
    for match in _STERLING.finditer(text):
        pick = match.groupdict()
        pounds = pick["l"] or pick["l2"] or pick["l3"] or pick["l4"]
        shillings = pick["s"] or pick["s2"]
        pence, part = pick["d"] or pick["d2"] or pick["d3"], pick["f"] or pick["f2"] or pick["f3"]
        said = _sum(pounds, shillings, pence, part, style)
        yield Replacement(*match.span(), said + _stop(text, match, style), "money")
    if style.anywhere:
        return  # 5s is five seconds, 6d a name
    for match in _SHILLINGS_ALONE.finditer(text):
        if not _DECADE_BEFORE.search(text[max(0, match.start() - 12) : match.start()]):
            stop = "." if style.keeps_stop and ends_sentence(text, match.end()) else ""
            yield Replacement(
                *match.span(), _count(match["s"], "shilling", "shillings", style) + stop, "money"
            )
    for match in _PENCE_ALONE.finditer(text):
        if not re.search(r"\bthe\s+$", text[max(0, match.start() - 5) : match.start()]):
            said = _pence(match["d"], match["f"], style)
            yield Replacement(*match.span(), said + _stop(text, match, style), "money")
    for match in _LIVRES.finditer(text):
        said = _count(match["l"], "pound", "pounds", style)
        yield Replacement(*match.span(), said + _stop(text, match, style), "money")
    for match in _SLASHED.finditer(text):
        yield Replacement(
            *match.span(), _count(match["s"], "shilling", "shillings", style), "money"
        )
    for match in _HALF_CROWNS.finditer(text):
        said = f"{style.whole(int(match['s']))} and {style.whole(int(match['d']))}"
        yield Replacement(match.start("s"), match.end("d"), said, "money")
    for match in _SHILLINGS_BARE.finditer(text):
        if not _DECADE_BEFORE.search(text[max(0, match.start() - 12) : match.start()]):
            yield Replacement(
                *match.span(), _count(match["s"], "shilling", "shillings", style), "money"
            )


def _stop(text: str, match: re.Match[str], style: Style) -> str:
    """The stop that an abbreviation and a sentence share."""
    return "." if match["stop"] and style.keeps_stop and ends_sentence(text, match.end()) else ""


def _sum(
    pounds: str | None, shillings: str | None, pence: str | None, part: str | None, style: Style
) -> str:
    parts = []
    if pounds:
        parts.append(_count(pounds, "pound", "pounds", style))
    if shillings and int(shillings):
        parts.append(_count(shillings, "shilling", "shillings", style))
    if part or (pence and int(pence)):
        parts.append(_pence(pence, part, style))
    if len(parts) < 2:
        return " ".join(parts) or "nothing"
    return f"{' '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def _pence(pence: str | None, part: str | None, style: Style) -> str:
    """``6`` sixpence, ``1`` a penny, ``3½`` threepence halfpenny, ``20`` twenty pence."""
    whole, part = int(pence or 0), part and part.strip()
    if not whole:
        farthings = _FARTHINGS[part or "¾"]
        return farthings if farthings.endswith("s") else f"a {farthings}"
    # one word as far as twelve: fourpence, but twenty pence
    said = "one penny" if whole == 1 else f"{style.whole(whole)}{' ' * (whole > 12)}pence"
    return f"{said} {_FARTHINGS[part]}" if part else said


def _count(number: str, one: str, many: str, style: Style) -> str:
    said = style.amount(number)
    return f"{said} {one if number == '1' else many}"


@cache
def _sign_pattern(tag: str) -> re.Pattern[str]:
    signs = choice(load_words(tag)["currencies"])
    return re.compile(
        rf"(?<![\w$£€])(?P<minus>[-−–])?(?P<sign>{signs})\s?(?P<n>{_N}|\d*)(?P<c>\.\d+)?(?P<half>[½¼¾])?"
        rf"(?:(?P<near>{choice(_MAGNITUDES)})(?!\w)|[\s-](?P<far>{_MAGNITUDE})\b)?"
        rf"(?P<more>[-–—]{{1,2}}(?:{signs})?(?P<n2>{_N})(?P<c2>\.\d+)?)?(?!\w)"
        rf"(?P<piece>[\s-](?:{choice(load_words(tag)['pieces'])})\b)?"
    )


def signs(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``£5,000``, ``$7.05``, ``$1.5 million``, ``a £5 note``, ``£3–5``."""
    currencies = load_words(tag)["currencies"]
    for match in _sign_pattern(tag).finditer(text):
        if not (match["n"] or match["c"]) or len(match["n"]) > len(str(LARGEST)):
            continue
        names = currencies[match["sign"]]
        end = match.start("piece") if match["piece"] else match.end()
        minus = f"{style.minus} " if match["minus"] else ""
        yield Replacement(match.start(), end, minus + _signed(text, match, names, style), "money")
    for match in re.finditer(rf"(?<![\w.,$£€])({_N}(?:\.\d+)?)\s?([€£$])(?!\s?[\d.])", text):
        one, many = currencies[match[2]][:2]
        yield Replacement(*match.span(), _count(match[1], one, many, style), "money")
    cents = re.compile(r"(?<![\w.,])(\d+)\s?¢")
    for match in cents.finditer(text):
        yield Replacement(*match.span(), _count(match[1], "cent", "cents", style), "money")


def _signed(text: str, match: re.Match[str], names: list[str], style: Style) -> str:
    one, many, cent, cents = names
    whole, fraction = match["n"].replace(",", ""), (match["c"] or ".")[1:]
    magnitude = match["far"] or _MAGNITUDES.get(match["near"] or "", "")
    if match["more"]:
        first = style.amount(match["n"] + (match["c"] or ""))
        second = style.amount(match["n2"] + (match["c2"] or ""))
        return f"{first} to {second} {many}"
    piece = match["piece"] and re.search(
        r"\b(?:an?|the|this|that|his|her|my|your|one|two|three|"
        r"four|five|six|ten|some|old|new|crisp)\s+$",
        text[max(0, match.start() - 8) : match.start()],
    )
    if magnitude:
        return (
            f"{style.amount(match['n'] + (match['c'] or ''))} {magnitude} {one if piece else many}"
        )
    if match["half"]:
        head = f"{style.amount(whole)} and " if whole else ""
        return f"{head}{_HALVES[match['half']]} {many if whole else one}"
    if piece and not fraction:
        return f"{style.amount(whole)}-{one}"
    if style.cents and len(fraction) == 2:
        parts = []
        if int(whole or 0):
            parts.append(_count(whole, one, many, style))
        if int(fraction):
            parts.append(f"{style.whole(int(fraction))} {cent if int(fraction) == 1 else cents}")
        return " and ".join(parts) or f"{style.amount(whole or '0')} {many}"
    fraction = fraction.rstrip("0")
    if not fraction:
        return _count(whole or "0", one, many, style)
    return f"{style.amount(f'{whole}.{fraction}')} {many}"
