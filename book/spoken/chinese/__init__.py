"""Chinese print to Chinese speech: one noun a module, words in ``configs/spoken/zh.yaml``.

Only digits and signs are touched: Chinese numerals stand as the author wrote them. Full-width
digits and signs are read like their narrow twins.
"""

from __future__ import annotations

import re

from book.spoken import grammars
from book.spoken.chinese import codes, dates, quantities
from book.spoken.chinese.style import STYLES, Style
from book.spoken.claims import Claims
from book.spoken.words import Profile

_TAG = "zh"
# Full-width ASCII is read like ASCII, but for the marks that stay punctuation.
_FOLD = {
    wide: chr(wide - 0xFEE0)
    for wide in range(0xFF01, 0xFF5F)
    if chr(wide - 0xFEE0) not in "!\"'(),;?"
} | {ord("〜"): "~", ord("∼"): "~"}
_BARE = re.compile(r"\s*\d{3}\s*")
_WORTH = frozenset("×✕½⅓⅔¼¾")


def speak_chinese(claims: Claims, profile: Profile, *, extra: bool) -> None:
    """Takes everything that is said otherwise than it is printed.

    Args:
        claims: the text under work.
        profile: the choices, ``style.py``.
        extra: asks the grammars too, in the general profile.
    """
    if not any(c.isnumeric() or c in _WORTH or "A" <= c <= "z" for c in claims.text):
        return
    style = STYLES[profile]

    def text() -> str:
        return claims.text.translate(_FOLD)

    claims.take(codes.romans(text(), style))
    claims.take(codes.nameless(text(), style))
    if not any(c.isdecimal() or c in _WORTH for c in claims.text):
        return
    if extra and not style.loud:
        _guards(claims, style)
        claims.take(grammars.replacements(claims.printed.translate(_FOLD), _TAG))
    claims.take(codes.addresses(text(), style))
    claims.take(dates.dates(text(), style))
    claims.take(dates.days(text(), style))
    claims.take(dates.day_ranges(text(), style))
    claims.take(codes.telephones(text(), _TAG, style))
    claims.take(codes.rooms(text(), _TAG, style))
    claims.take(quantities.scores(text(), _TAG, style))
    claims.take(dates.times(text(), style))
    claims.take(quantities.money(text(), _TAG, style))
    claims.take(quantities.degrees(text(), style))
    claims.take(quantities.shares(text(), style))
    claims.take(quantities.units(text(), _TAG, style))
    claims.take(codes.models(text(), _TAG, style))
    claims.take(quantities.fractions(text(), style))
    claims.take(quantities.ratios(text(), style))
    claims.take(quantities.factors(text(), style))
    claims.take(quantities.signs(text(), style))
    claims.take(quantities.ranges(text(), _TAG, style))
    claims.take(quantities.counts(text(), _TAG, style))
    claims.take(quantities.joints(text(), style))


def _guards(claims: Claims, style: Style) -> None:
    """What wetext 0.1.8 gets wrong: GPT负三点五, 二点, 二月两日, 一,零零零, 三减五年, 第两名."""

    def text() -> str:
        return claims.text.translate(_FOLD)

    claims.take(dates.dates(text(), style))
    claims.take(dates.days(text(), style))
    claims.take(r for r in codes.models(text(), _TAG, style) if text()[r.start] == "-")
    claims.take(r for r in dates.times(text(), style) if r.spoken == "两")
    claims.take(quantities.shares(text(), style))
    claims.take(quantities.grouped(text(), style))
    claims.take(quantities.scores(text(), _TAG, style))
    claims.take(quantities.ranges(text(), _TAG, style))
    if _BARE.fullmatch(claims.text):  # 111 alone is 幺幺幺 to wetext, and so is a service's number
        claims.take(codes.telephones(text(), _TAG, style))
        claims.take(quantities.counts(text(), _TAG, style))
    whole = text()
    named = quantities.counts(whole, _TAG, style)
    claims.take(r for r in named if whole[r.start - 1] == "第" and whole[r.end : r.end + 1] != "/")
