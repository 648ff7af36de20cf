"""Marks inside a paragraph that are not read: line ends, emphasis, notes.

Every one becomes a recorded edit, so that the printed text has a way back to the source.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from typing import Literal

from book.manuscript import Edit, Paragraph, Slice

Reason = Literal["unwrap", "emphasis", "hyphen", "note", "markup", "indent"]
Kind = Literal["body", "heading", "verse"]

_SPACE = r"[ \t\f\u00a0\u2002-\u200a\u2028\u2029\u3000\x85]"
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[\U00020000-\U0003ffff]")
_ANNOTATION = "音|读作|读如|应有|应作|应为|疑为|意为|即|原文|形容|通“|同“|注[:：]"

_LIBRARIANS = (
    r"Illustrations?|Footnotes?|Sidenotes?|Transcriber['’]?s?['’]? Notes?|Transcription|Decoration"
    r"|Blank Page|Handwriting|Frontispiece|Music(?:al notation)?"
)
_INSIDE = r"[^\[\]]{0,2000}(?:\[[^\[\]]{0,300}\][^\[\]]{0,2000}){0,9}"  # one level of brackets
_PAGE = r"(?:pg|page|pag|p|seite|s)(?:\.? ?\d{1,4}|\.? [ivxlc]{1,6})"
_LIGATURES = "oe|ae"
_ACCENTS = r"['`:=^~)(-][aeiouyc]|[aeiouycn]['`:=^~,]|~n"

_ALTERNATIVES = {
    "break": rf"{_SPACE}*\n\s*",
    "spaces": rf"{_SPACE}{{2,}}|[\t\f\u2028\u2029\x85]",
    "invisible": "[\u00ad\u200b\u2060\ufeff]+",
    "emphasis": r"[_=]|\*(?!\*)(?<!\*\*)",
    "illustration": rf"\[(?:{_LIBRARIANS})\b{_INSIDE}\] ?",
    "page": rf" ?(?:\[{_PAGE}\]|\{{{_PAGE}\}}|(?<=[ \w.,;:!?”’\"'\n])\{{\d{{1,4}}\}})",
    "aside": r"\[\[[^\[\]]{0,300}\]\] ?",
    "mark": r"(?:(?<=\S)|(?<=[.,;:!?”’\"'\w]) )"
    r"(?:\[(?:\d{1,3}|[*†‡§]{1,3})\]|［\d{1,3}］|〔\d{1,3}〕)"
    r"|(?<=[.,;:!?”’\"'])\[[a-z]\]|(?<=\w)(?-i:\[[A-Z]\])(?!\w)"
    r"|(?<=[\w.,;:!?”’\"')])[†‡]{1,3}(?![^\s.,;:!?”’\"')—-])",
    "letter": rf"\[(?:{_LIGATURES}|{_ACCENTS})\]",
    "circled": r"[⑴-⒇]+|(?<=\S)[①-⑳㉑-㊿]+|(?<=[^\W\d_])[¹²³⁴-⁹]+",
    "annotation": rf"(?<=\S)【[^】]{{0,20}}(?:{_ANNOTATION})[^】]{{0,300}}】",
    "superscript": r"(?<=\w)\^(?:\{(?P<raised>\w{1,6}\.?)\}|(?=[A-Za-z]{1,3}\b))",
    "pipe": r"\A\|",
    "html": r"</?(?:i|b|u|em|br|p|sup|sub|small|center)\s{0,3}/?>",
}
_FIRST = r"\s\u00ad\u200b\u2060\ufeff_=*\[［〔{⑴-⒇①-⑳㉑-㊿¹²³⁴-⁹【|†‡^<"
_TARGET = r"\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)"
_MARKDOWN = {
    # none reads over another opening of its own kind: time stays linear in "[[[[…"
    "comment": r"<!--(?:(?!<!--).)*?-->",
    "image": rf"!\[[^\[\]\n]*\]{_TARGET}",
    "link": rf"(?<!!)\[(?P<label>[^\[\]\n]+)\]{_TARGET}",
    "footnote": r"\[\^[^\[\]\s]+\]|\^\[[^\[\]]{0,2000}\]",
    "attribute": r"\[\]\{[^{}\n]*\}|(?<=[\]\w*`])\{[#.][^{}\n]*\}",
    "break": rf"{_SPACE}*\\?\n\s*(?:>[ \t]*)*",
    "escape": r"\\(?=[\\`*_{}\[\]()#+\-.!>~|<])",
    "stars": r"\*{1,3}|__|~~|`",
    "tag": r"</?(?:i|b|em|strong|u|s|sup|sub|span|br|small|center|p|div)(?:\s[^<>]*)?/?>",
    "entity": r"&(?:[a-zA-Z]{2,10}|#\d{1,6}|#x[0-9a-fA-F]{1,5});",
}
_FIRST_MARKDOWN = r"<!\\*~`&"


@cache
def _pattern(markdown: bool) -> re.Pattern[str]:
    """All marks. What comes first is a quick look at one character, for speed."""
    # Markdown's own come first, its line ends in place of the plain ones
    parts = {**_MARKDOWN, **{k: v for k, v in _ALTERNATIVES.items() if k not in _MARKDOWN}}
    parts = parts if markdown else _ALTERNATIVES
    first = _FIRST + (_FIRST_MARKDOWN if markdown else "")
    marks = "|".join(f"(?P<{name}>{pattern})" for name, pattern in parts.items())
    return re.compile(f"(?=[{first}])(?:{marks})", re.S | re.I)


def paragraph(
    document: int,
    text: str,
    start: int,
    end: int,
    *,
    han: bool,
    markdown: bool = False,
    kind: Kind = "body",
    scene: bool = False,
    speaker: str | None = None,
    style: str | None = None,
    body: int | None = None,
    tail: int | None = None,
) -> Paragraph:
    """The paragraph of ``text[start:end]``, its inner marks edited away.

    Args:
        document: index of the source that ``text`` is.
        han: line ends join without a space.
        kind: a verse keeps its line ends, as single ``\\n``.
        body: where the words begin, after a tag such as ``[name]``.
        tail: where they end, before marks such as ``##``.
    """
    edits = []
    if body is not None:
        edits.append(Edit(start, body, "", "markup"))
    begin = start if body is None else body
    raw = text[begin : end if tail is None else tail]
    open_marks: dict[str, Edit] = {}
    for match in _pattern(markdown).finditer(raw):
        a, b = match.span()
        name = match.lastgroup
        if name in ("emphasis", "stars"):
            _pair(raw, a, b, begin, open_marks, edits)
        elif name == "link":
            stop = begin + match.end("label")
            edits.append(Edit(begin + a, begin + a + 1, "", "markup"))
            edits.append(Edit(stop, begin + b, "", "markup"))
        elif name == "superscript" and match["raised"]:
            edits.append(Edit(begin + a, begin + b, match["raised"], "markup"))
        else:
            replacement, reason = _replacement(name or "", raw, a, b, han, kind == "verse")
            if replacement != match.group():
                edits.append(Edit(begin + a, begin + b, replacement, reason))
    if tail is not None and tail < end:
        edits.append(Edit(tail, end, "", "markup"))
    ordered = tuple(sorted(edits, key=lambda e: (e.start, e.end)))
    return Paragraph(
        Slice(document, start, end),
        ordered,
        printed(text, start, end, ordered),
        kind,
        scene,
        speaker,
        style,
    )


def printed(text: str, start: int, end: int, edits: tuple[Edit, ...]) -> str:
    """``text[start:end]`` with ``edits`` (in order, disjoint) applied."""
    if not edits:
        return text[start:end]
    parts = []
    at = start
    for item in edits:
        parts.append(text[at : item.start])
        parts.append(item.replacement)
        at = item.end
    parts.append(text[at:end])
    return "".join(parts)


def _replacement(name: str, raw: str, a: int, b: int, han: bool, verse: bool) -> tuple[str, Reason]:
    """What ``raw[a:b]``, found by the alternative ``name``, is printed as, and why."""
    match name:
        case "break":
            return _joined(raw, a, b, han, verse)
        case "spaces":
            return _gap(raw, a, b, han), "unwrap"
        case "invisible":
            return "", "hyphen"
        case "entity":
            return html.unescape(raw[a:b]), "markup"
        case "tag" | "html":
            return (" " if raw[a : a + 3].lower() == "<br" else ""), "markup"
        case "letter":
            return _letter(raw[a + 1 : b - 1]), "markup"
        case "page":
            return "", "note"
        case "escape" | "attribute" | "comment" | "image" | "pipe" | "superscript":
            return "", "markup"
        case _:
            return "", "note"


_COMBINING = {
    "'": "\u0301", "`": "\u0300", ":": "\u0308", "=": "\u0304", "^": "\u0302", "~": "\u0303",
    ",": "\u0327", ")": "\u0306", "(": "\u0306", "-": "\u0304",
}  # fmt: skip


def _letter(written: str) -> str:
    """The letter that ``[oe]``, ``['e]`` or ``[c,]`` stands for in a text of 7-bit characters."""
    if written.lower() in ("oe", "ae"):
        return written
    accent = written[0] if written[0] in _COMBINING else written[-1]
    return unicodedata.normalize("NFC", written.replace(accent, "") + _COMBINING[accent])


def _joined(raw: str, a: int, b: int, han: bool, verse: bool) -> tuple[str, Reason]:
    """What a line end becomes."""
    if a == 0 or b == len(raw):
        return "", "unwrap"
    if verse:
        return "\n", "unwrap"
    if raw[a - 1] == "\u00ad":
        return "", "hyphen"
    if raw[a - 1] in "-—" and raw[b].isalpha() and a > 1 and not raw[a - 2].isspace():
        return "", "hyphen"  # "arm-\nchair", "wait--\nno": the hyphen itself stays
    return _gap(raw, a, b, han), "unwrap"


def _gap(raw: str, a: int, b: int, han: bool) -> str:
    """White space between two characters: none in Chinese, unless both are Latin words."""
    before, after = raw[a - 1 : a], raw[b : b + 1]
    if not before or not after:
        return ""
    if han:
        return " " if before.isascii() and after.isascii() else ""
    return "" if _HAN.match(before) and _HAN.match(after) else " "


def _pair(
    raw: str, a: int, b: int, begin: int, open_marks: dict[str, Edit], edits: list[Edit]
) -> None:
    """Emphasis marks come in pairs; one without its other half is printed as it stands."""
    mark = raw[a:b]
    before, after = raw[a - 1 : a], raw[b : b + 1]
    here = Edit(begin + a, begin + b, "", "emphasis")
    opening = open_marks.get(mark)
    in_word = mark in "_=" and before.isalpha() and after.isalnum()  # snake_case, but "221_b_"
    torn = opening is not None and bool(before) and not after.isalnum()  # "_outr _": a lost é
    closes = bool(before) and (torn or not before.isspace()) and not in_word
    if opening is not None and closes:
        edits.extend((open_marks.pop(mark), here))
    elif mark == "*" and closes and before != "\\" and not after.isalnum():
        edits.append(Edit(here.start, here.end, "", "note"))  # a mark of a footnote below
    elif opening is None and after and not after.isspace() and not in_word:
        open_marks[mark] = here
