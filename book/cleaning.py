"""Marks that carry no sound are taken out of the spoken text, for every engine.

Quotes and emphasis marks go; dashes and rows of dots become the one form that engines know
as a pause; marks at a segment's head go with what stood before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from book.languages import Language
from book.script import Replacement

_MARKS = re.compile(
    r"(?=[\s“”„«»「」『』\"＂‘'’—\-―⸺─–.…_*#|~^\\`<>{}=\[\]【】〔〕])(?:"  # for speed
    r"(?P<quote>[“”„«»「」『』\"＂‘]"
    r"|(?<![^\W_])'(?=[^\W_][^'’\n]{0,200}['’](?![^\W_]))"  # 'opening, not 'tis alone
    r"|(?<=[.,!?—…。！？，])['’](?![^\W_]))"  # closing after a mark, not an apostrophe
    r"|(?P<dash>\s*(?:—+|-{2,}|―+|⸺+|─{2,}|(?<=\s)–(?=\s))\s*)"
    r"|(?P<ellipsis>\.(?:\s\.){2,}|\.{4,}|(?:…\s?){3,})"
    r"|(?P<symbol>[_*#|~^\\`<>{}=\[\]【】〔〕]+)"
    r"|(?P<space>\s{2,}|[^\S ]))"
)
_HEAD = re.compile(r"[\s“”„«»「」『』\"＂‘’',，;；:：.。、!?！？)）\]…—–]+")
_KEPT_HEAD = re.compile(r"['’](?=\w)|\.(?=\d)")  # 'tis, ’twas, .45


def clean(printed: str, language: Language) -> Iterator[Replacement]:
    """The marks inside ``printed`` that are not spoken as they stand."""
    for match in _MARKS.finditer(printed):
        start, end = match.span()
        kind = match.lastgroup or "symbol"
        if kind == "space":
            spoken = " "
        elif kind == "ellipsis":
            spoken = "……" if language.han else "…"
        elif kind == "dash":
            spoken = _dash(printed, start, end, language.han)
        else:
            spoken = _gap(printed, start, end)
        if spoken != match.group():
            yield Replacement(start, end, spoken, kind)


def head(printed: str) -> Replacement | None:
    """What is left over at the head of a segment from the one before it: ``，他说``."""
    match = _HEAD.match(printed)
    if not match:
        return None
    end = match.end()
    while end and _KEPT_HEAD.match(printed, end - 1):
        end -= 1
    return Replacement(0, end, "", "head") if 0 < end < len(printed) else None


def _dash(printed: str, start: int, end: int, han: bool) -> str:
    """Between words a pause; before a closing quote, speech that breaks off."""
    before = printed[:start].rstrip("\"'”’」』 ")[-1:]
    after = printed[end : end + 1]
    if not after or after in "\"'”’」』":
        return "——" if han else "—"
    if not before or before in ",.;:!?…，。；：！？、":
        return "" if han or not before else " "
    if after in ",.;:!?…，。；：！？、)）":
        return ""
    return "，" if han else " — "


def _gap(printed: str, start: int, end: int) -> str:
    """What stands for a mark taken out: a space where two Latin words would run together."""
    before, after = printed[start - 1 : start], printed[end : end + 1]
    latin = before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
    return " " if latin else ""
