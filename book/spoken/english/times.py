"""Times of day in English."""

from __future__ import annotations

import re
from collections.abc import Iterator

from book.script import Replacement
from book.spoken.english.abbreviations import ends_sentence
from book.spoken.english.numbers import digits, pair
from book.spoken.english.style import Style

# p.m. has a stop of its own, pm. has the sentence's.
_HALF = r"(?:\s?(?P<half>(?<![A-Za-z])[apAP])(?:\.\s?[mM]\b(?P<stop>\.)?|[mM]\b)(?![\w-]))"
_CLOCK = re.compile(
    rf"(?<![\w.,:/£$€])(?P<h>2[0-4]|[01]?\d)(?P<mark>[:.])(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?{_HALF}?"
    rf"(?![\w:/%]|[.,]\d)"
)
_HOUR = re.compile(rf"(?<![\w.,:/£$€])(?P<h>1[0-2]|0?\d){_HALF}")
_HOURS = re.compile(r"(?<![\w.,:/£$€-])(?P<h>[01]\d|2[0-4])(?P<m>[0-5]\d)(?=\s(?:hours|hrs|h)\b)")
_AT = re.compile(
    r"\b(?:at|by|until|till|about|before|after|past|since|from|between|and|to|towards|nearly|almost|"
    r"was|be|exactly|precisely)\s+$",
    re.IGNORECASE,
)
_TRAIN = re.compile(
    r"\s+(?:train|express|from|to|up|down|boat|service|local|mail|bus|slow|fast|for|special|steamer|"
    r"ferry|flight|back|home)\b"
)
_NOT_TIME = re.compile(
    r"\s?(?:%|°|per\s?cent|percent|miles?|feet|foot|inch|in\b|ft|lbs?|pounds|dollars|metres|meters|"
    r"million|billion|km|kg|cm|mm|times|points|calibre|caliber|degrees|seconds|francs|acres|tons)"
)


def times(text: str, style: Style) -> Iterator[Replacement]:
    """``7:45``, ``7.45 p.m.``, ``5 a.m.``, ``the 10.15 train``, ``0630 hours``."""
    for match in _CLOCK.finditer(text):
        if match["mark"] == "." and not match["half"] and not _clock(text, match):
            continue
        yield Replacement(*match.span(), _said(text, match, style), "time")
    for match in _HOUR.finditer(text):
        said = f"{style.whole(int(match['h']))} {_half(text, match, style)}"
        yield Replacement(*match.span(), said, "time")
    for match in _HOURS.finditer(text):
        hour, minute = match["h"], int(match["m"])
        lead = f"oh {digits(hour[1])}" if hour[0] == "0" else style.whole(int(hour))
        rest = "hundred" if not minute else pair(0, minute).removeprefix("zero ")
        yield Replacement(*match.span(), f"{lead} {rest}", "time")


def _clock(text: str, match: re.Match[str]) -> bool:
    """Whether ``7.45`` is a time: after at, before train, before no unit."""
    if _NOT_TIME.match(text, match.end()):
        return False
    before = text[max(0, match.start() - 14) : match.start()]
    if re.search(r"\bthe\s+$", before, re.IGNORECASE):
        return _TRAIN.match(text, match.end()) is not None
    return _AT.search(before) is not None and not match["s"]


def _said(text: str, match: re.Match[str], style: Style) -> str:
    hour, minute = int(match["h"]), int(match["m"])
    if match["s"]:
        return _precise(hour, minute, int(match["s"]), style) + (
            f" {_half(text, match, style)}" if match["half"] else ""
        )
    said = style.whole(hour)
    if minute:
        said = pair(hour, minute, style.zero_minute)
    elif not match["half"] and not re.match(r"\s+o['’]?clock", text[match.end() :]):
        said = f"{said} o'clock" if hour < 13 and hour else f"{said} hundred"
    return f"{said} {_half(text, match, style)}" if match["half"] else said


def _precise(hour: int, minute: int, second: int, style: Style) -> str:
    if style.anywhere:
        return (
            f"{style.whole(hour)} hours {style.whole(minute)} minutes "
            f"and {style.whole(second)} seconds"
        )
    unit = "second" if second == 1 else "seconds"
    return f"{pair(hour, minute)} and {style.whole(second)} {unit}"


def _half(text: str, match: re.Match[str], style: Style) -> str:
    """``a m``: letters; the stop that also ends the sentence stays."""
    letter = match["half"].lower()
    stop = "." if match["stop"] and style.keeps_stop and ends_sentence(text, match.end()) else ""
    return f"{letter} m{stop}" if style.keeps_stop else f"{letter.upper()}M"
