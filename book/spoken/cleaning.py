"""Marks that carry no sound are taken out of the spoken text, for every engine.

Quotes and emphasis marks go; full-width letters become ordinary ones; dashes and rows of dots
become the one form that engines know as a pause; marks at a head go with what stood before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from book.languages import Language
from book.script import Replacement

_MARKS = re.compile(
    r"(?=[\s“”„«»「」『』\"＂‘'’—\-―⸺─–.…_*#|~^\\`<>{}=\[\]【】〔〕Ａ-Ｚａ-ｚ])(?:"  # for speed
    r"(?P<quote>[“”„«»「」『』\"＂‘]"
    r"|(?<![^\W_])'(?=[^\W_][^'’\n]{0,200}['’](?![^\W_]))"  # 'opening, not 'tis alone
    r"|(?<=[.,!?—…。！？，])['’](?![^\W_]))"  # closing after a mark, not an apostrophe
    r"|(?P<dash>\s*(?:—+|-{2,}|―+|⸺+|─{2,}|(?<=\s)–(?=\s))\s*)"
    r"|(?P<ellipsis>\.(?:\s\.){2,}|\.{4,}|(?:…\s?){3,})"
    r"|(?P<symbol>[_*#|~^\\`<>{}=\[\]【】〔〕]+)"
    r"|(?P<wide>[Ａ-Ｚａ-ｚ]+)"  # 阿Ｑ: engines name such letters one by one, at length
    r"|(?P<space>\s{2,}|[^\S ]))"
)
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF21, 0xFF5B)}
_HEAD = re.compile(r"(?:[\s“”„«»「」『』\"＂‘’',，;；:：.。、!?！？)）\]…—–]|-{2,})+")


def clean(printed: str, language: Language) -> Iterator[Replacement]:
    """The marks inside ``printed`` that are not spoken as they stand."""
    for match in _MARKS.finditer(printed):
        start, end = match.span()
        kind = match.lastgroup or "symbol"
        if kind == "space":
            spoken = " "
        elif kind == "wide":
            spoken = match.group().translate(_NARROW)
        elif kind == "ellipsis":
            spoken = "……" if language.han else "…"
        elif kind == "dash":
            spoken = _dash(printed, start, end, language.han)
        else:
            spoken = _gap(printed, start, end)
        if spoken != match.group():
            yield Replacement(start, end, spoken, kind)


def edges(printed: str, language: Language) -> tuple[Replacement, ...]:
    """What is left over at the ends of a segment: ``，他说`` before, ``'No'`` around."""
    found = _head(printed, language)
    last = len(printed) - 1
    if printed[:1] in ("'", "‘") and last > 1 and printed[last] in "'’":
        return (*found, Replacement(last, last + 1, "", "quote"))
    return found


def _head(printed: str, language: Language) -> tuple[Replacement, ...]:
    match = _HEAD.match(printed)
    if not match:
        return ()
    end = match.end()
    word = re.match(r"[^\W_]+", printed[end:])
    mark = printed[end - 1]
    decade = mark in "'’‘" and re.match(r"\d\d(?:s\b|\b)", printed[end:])
    elided = mark in "'’" and (mark == "’" or (word and word[0] in language.elisions))
    if elided or decade or (mark == "." and printed[end : end + 1].isdigit()):
        end -= 1  # 'tis, ’twas, '50s, .45
    return (Replacement(0, end, "", "head"),) if 0 < end < len(printed) else ()


def _dash(printed: str, start: int, end: int, han: bool) -> str:
    """Between words a pause; before a closing quote, speech that breaks off."""
    before = printed[:start].rstrip("\"'”’」』 ")[-1:]
    after = printed[end : end + 1]
    last = not after or after in "\"'”’」』"
    if not before or before in ",.;:!?…，。；：！？、":
        return "" if han or last or not before else " "
    if last:
        return "——" if han else "—"
    if after in ",.;:!?…，。；：！？、)）":
        return ""
    return "，" if han else " — "


def _gap(printed: str, start: int, end: int) -> str:
    """What stands for a mark taken out: a space where two Latin words would run together."""
    before, after = printed[start - 1 : start], printed[end : end + 1]
    latin = before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
    return " " if latin else ""
