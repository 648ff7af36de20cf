"""Letters in English: initials, letters with stops, addresses of the net."""

from __future__ import annotations

import re
from collections.abc import Iterator

from book.languages import Language
from book.script import Replacement
from book.spoken.english.abbreviations import ends_sentence
from book.spoken.english.numbers import digits
from book.spoken.english.style import Style

_MAIL = re.compile(r"(?<![\w.])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,10}\b")
_ADDRESS = re.compile(
    r"(?<![\w.@])(?:https?://|www\.)[\w.-]+(?:/[\w./?%&=#~+-]*[\w/])?"
    r"|(?<![\w.@])[A-Za-z0-9-]{2,63}\.(?:com|org|net|edu|gov|info|co\.uk|io)(?:/[\w./-]*\w)?\b"
)
_NUMERIC = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]\d|\w)")
_NAMES = {
    ".": "dot", "@": "at", "/": "slash", ":": "colon", "-": "dash", "_": "underscore",
    "?": "question mark", "&": "and", "=": "equals", "#": "hash", "%": "percent", "~": "tilde",
    "+": "plus",
}  # fmt: skip
_SPELLED = frozenset({"www", "http", "https", "uk", "us", "edu"})
_INITIALS = re.compile(
    r"(?<![\w.'’])(?:[A-Z]\.\s?-?){2,8}(?!\w)|(?<![\w.'’])(?:[A-Z]\.){1,7}[A-Z](?![\w.])"
)
_ONE = re.compile(
    r"(?<=[A-Za-z]\s)[A-Z]\.(?=\s+[A-Z][a-z’']+)|(?<![\w.])[A-Z]\.(?=\s+[A-Z][a-z’']+)"
)
_DEGREE = re.compile(
    r"(?<![\w.])(?:Ph|D|Litt|Phil|Mus|B|M|LL|D)\.?\s?(?:Ph|Phil|Litt|Sc|D|Mus|Ch|B|Ed|A)\.(?:(?=\W)|$)"
    r"|(?<![\w.])Ph\.?D\b(?!\.)"
)
_SMALL = re.compile(r"(?<![\w.])(?:[a-z]\.){2,4}(?!\w)")
_BEFORE_NAME = re.compile(r"(?:[A-Z][a-zà-ÿ’']+|\b[A-Z])\s+$")


def electronic(text: str, style: Style) -> Iterator[Replacement]:
    """``me2@example.org``, ``www.example.com``, ``10.0.0.7``."""
    for match in _MAIL.finditer(text):
        yield Replacement(*match.span(), _spelled(match.group()), "address")
    for match in _ADDRESS.finditer(text):
        yield Replacement(*match.span(), _spelled(match.group()), "address")
    for match in _NUMERIC.finditer(text):
        parts = [digits(part) for part in match.group().split(".")]
        yield Replacement(*match.span(), " dot ".join(parts), "address")


def _spelled(printed: str) -> str:
    said = []
    for piece in re.findall(r"[A-Za-z]+|\d|.", printed):
        if piece.isdecimal():
            said.append(digits(piece))
        elif piece.lower() in _SPELLED and piece.lower() != "edu":
            said.append(" ".join(piece.upper()))
        else:
            said.append(_NAMES.get(piece, piece))
    return " ".join(said)


def initials(text: str, language: Language, style: Style) -> Iterator[Replacement]:
    """``J. R. R. Tolkien``, ``U.S.A.``, ``Ph.D.``: letters without stops, which would be pauses."""
    starters = frozenset(language.starters)
    for match in _DEGREE.finditer(text):
        letters: list[str] = []
        for part in re.findall(r"[A-Z]+[a-z]*", match.group()):
            letters += [part] if len(part) > 2 else part  # D Phil, but P h D
        if len(letters) < 2:
            continue
        yield Replacement(
            *match.span(), _joined(letters, text, match.end(), starters, style), "initials"
        )
    for match in _INITIALS.finditer(text):
        printed = match.group().rstrip()
        letters = [c for c in printed if c.isalpha()]
        end = match.start() + len(printed)
        named = " " in printed or style.initials
        if not named and not style.anywhere:
            continue
        if len(letters) == 1 or (style.anywhere and " " in printed):
            continue
        stop = "" if re.match(r"\s+[A-Z][a-z]", text[end:]) and " " in printed else None
        said = " ".join(letters) if stop == "" else _joined(letters, text, end, starters, style)
        yield Replacement(match.start(), end, said, "initials")
    for match in _SMALL.finditer(text) if not style.anywhere else ():
        letters = [c for c in match.group() if c.isalpha()]
        yield Replacement(
            *match.span(), _joined(letters, text, match.end(), starters, style), "initials"
        )
    for match in _ONE.finditer(text) if style.initials else ():
        # "A. Writer": without its stop the letter is an article
        if match.group()[0] in "AI" or not _name_around(text, match):
            continue
        yield Replacement(match.start() + 1, match.start() + 2, "", "initials")


def _name_around(text: str, match: re.Match[str]) -> bool:
    """``John H. Watson``: a name stands before the letter, or the letter begins the text's name."""
    before = text[max(0, match.start() - 24) : match.start()]
    return _BEFORE_NAME.search(before) is not None and not re.search(
        r"\b(?:and|vitamin|plan|type|class|part|grade|section|Vitamin|Plan|Type|Class|Part|Grade|Section|Exhibit|Point|Major|Minor)\s+$",
        before,
    )


def _joined(letters: list[str], text: str, end: int, starters: frozenset[str], style: Style) -> str:
    if style.anywhere:
        return "".join(letters).upper()
    printed_stop = text[end - 1 : end] == "."
    stop = "." if printed_stop and style.keeps_stop and _closes(text, end, starters) else ""
    return " ".join(letters) + stop


def _closes(text: str, end: int, starters: frozenset[str]) -> bool:
    """Letters before a capital may be a title: H.M.S. Victory, U.S. Army; a new sentence opens
    with a word that is no name."""
    rest = text[end:].lstrip("\"'”’)")
    if not rest:
        return ends_sentence(text, end)
    opening = re.match(r"\s+[\"“‘'(]?([A-Z][a-z]*)(?![\w.])", rest)
    return opening is not None and opening[1].lower() in starters
