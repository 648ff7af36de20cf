"""Numbers in English that are nothing more particular: telephones, doors, ranges, counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from book.script import Replacement
from book.spoken.english.numbers import address, digits
from book.spoken.english.style import Style
from book.spoken.words import choice, load_words

_N = r"\d{1,3}(?:,\d{3})+|\d+"
_ORDINAL = re.compile(
    r"(?<![\w.,£$])(?P<n>\d{1,3}(?:,\d{3})+|\d+)(?P<th>st|nd|rd|th)\b", re.IGNORECASE
)
_OLD_ORDINAL = re.compile(r"(?<![\w.,£$])(?P<n>\d*[23])d\b(?!\.\s*(?:[a-z]|$)|\.\))")
_PHONES = (
    re.compile(
        r"(?<![\w-])(?P<all>(?:\+?\d{1,2}[-\s.]|1-)?(?:\(\d{3}\)\s?|\d{3}[-.])(?:\d{3}|[A-Z]{2,3})[-.](?:\d{4}|[A-Z-]{4,9}))(?![\w-])"
    ),
    re.compile(r"(?<![\w-])(?P<all>1-\d{3}-[A-Z][A-Z-]{4,12}[A-Z])(?![\w-])"),
    re.compile(r"(?<![\w.,$£-])(?P<all>[1-9]\d{2}-\d{4})(?![\w-])"),
    re.compile(r"(?<![\w-])(?P<all>\(\d{3,5}\)\s\d{3,4}\s?\d{3,4})(?![\w-])"),
    re.compile(
        r"(?<=[Tt]el\.:\s)(?P<all>[\d\s-]{6,})|(?<![\w-])(?P<all2>\+\d[\d\s-]{6,}\d)(?![\w-])"
    ),
)
_EMERGENCY = re.compile(
    r"\b(?:[Cc]all(?:ed)?|[Dd]ial(?:led|ed)?|[Rr]ing|[Rr]ang|[Pp]hone[d]?)\s"
    r"(?P<n>999|911|112|411|101)(?!\w|[.,]\d|\s[a-z]+s\b)"
)
_NOTE = re.compile(r"(?<![\w])(?P<n>[A-G])(?P<s>[#♯♭])(?!\w)")
_EXCHANGE = re.compile(r"\b[A-Z][a-z]+\s(?P<n>\d{4})(?=\s*(?:on the (?:tele)?phone|,? please|\?))")
_LETTERED = re.compile(r"(?<![\w.,£$-])(?P<n>\d{1,4})(?P<l>[A-Za-z])(?![\w’'])")
_DOOR = re.compile(
    r"\b(?P<what>[Rr]oom|[Ff]lat|[Aa]partment|[Aa]pt\.?|[Ss]uite|[Cc]abin|[Cc]ell|[Ff]light|[Hh]ighway|[Rr]oute|[Ll]ocker|[Ee]xtension|[Cc]hannel|[Aa]rea)\s+"
    r"(?:[Nn]o\.\s?)?(?P<n>\d{1,4})(?!\w|[.,]\d|[-–]\d)"
)
_STREET = re.compile(
    r"(?<![\w.,£$/:-])(?P<n>\d{3,5})(?=,?\s(?:[NSEW]\.?\s|[NSEW][a-z]+\s)?(?:[A-Z][\w’'.]*\s|\d+(?:st|nd|rd|th)\s){1,3}"
    r"(?:Street|St\b|Road|Rd\b|Avenue|Ave\b|Lane|Ln\b|Drive|Dr\b|Square|Place|Terrace|Crescent|Gardens|Boulevard|Blvd\b|Row|Mews|Court|Expy\b|Expressway|\ue000))"
)
_ZIP = re.compile(r"(?<=[A-Z\ue000]{2}\s)(?P<n>\d{5})(?:-(?P<m>\d{4}))?(?!\d)")
_CALIBRE = re.compile(
    r"(?<![\w.])\.(?P<n>\d{2,3})(?=(?:[\s-](?:calibre|caliber|revolver|automatic|pistol|rifle|Colt|Webley|Magnum|Winchester|Smith|Luger|gun|bullet|cartridge)))"
)
_RANGE = re.compile(
    rf"(?<![\w.,:/£$€#-])(?P<a>{_N}|\d*\.\d+)(?P<gap>\s?(?:[-–—~]|--)\s?)(?P<b>{_N}|\d*\.\d+)(?![\w/:]|[.,]\d|-\d)"
)
_RATIO = re.compile(r"(?<![\w.,:/])(?P<a>\d{1,3}):(?P<b>\d{1,3})(?![\w:]|[.,]\d)")
_MATH = re.compile(
    r"(?<=[\d\ue000\)])(?P<gap>\s?)(?P<op>[+=×÷<>≤≥]|(?<=\s)[*x](?=\s)|(?<=[\d\ue000])[*x](?=[\d\ue000]))\s?(?=[\d\ue000.(])"
)
_OPERATORS = {
    "+": "plus", "=": "equals", "×": "times", "*": "times", "x": "by", "÷": "divided by",
    "<": "is less than", ">": "is greater than", "≤": "is at most", "≥": "is at least",
}  # fmt: skip
_LOWER_NO = re.compile(
    r"(?:^|\b(?:at|in|of|to|the|for|and|room|cell|flat|ward|case|from|with|house|cabin|under|opus|"
    r"platform|box|exhibit|berth)\s|\()(?P<no>no\.)(?=\s?\d)"
)
_FORMAL = {
    "<": "less than", ">": "greater than", "≤": "less than or equal to",
    "≥": "greater than or equal to",
}  # fmt: skip
_PLAIN = re.compile(
    rf"(?P<minus>(?<![\w.,)\]\ue000])[-−–](?=[\d.]))?(?P<n>(?:{_N})(?:\.\d+)?|(?<![\w.])\.\d+)"
)
_SCORE = re.compile(r"(?<=[\w\ue000])-(?=\ue000)")
_SIGNS = re.compile(r"(?P<op>[#±~≈≥≤]|(?<![\w\ue000])\+)\s?(?=[\d.£$\ue000])")
_SIGN_WORDS = {"#": "number", "±": "plus or minus", "~": "about", "≈": "about",
    "+": "plus", "≥": "at least", "≤": "at most"}  # fmt: skip


def telephones(text: str, style: Style) -> Iterator[Replacement]:
    """Digit by digit, a comma where the print has a mark."""
    for pattern in _PHONES:
        for match in pattern.finditer(text):
            printed = match.group()
            groups = [g for g in re.split(r"[^\w]+", printed) if g]
            said = []
            for i, group in enumerate(groups):
                if group.isalpha():
                    said.append(group)
                elif i and group.endswith("00") and len(group) == 3 and groups[0] in ("1", "0"):
                    said.append(style.whole(int(group)))
                else:
                    said.append(digits(group))
            letters = next((i for i, g in enumerate(said) if g.isupper()), len(said))
            head = ", ".join(said[:letters])
            tail = " ".join(said[letters:])
            yield Replacement(*match.span(), ", ".join(filter(None, (head, tail))), "telephone")
    for match in _EMERGENCY.finditer(text):
        yield Replacement(*match.span("n"), digits(match["n"]), "telephone")
    for match in _EXCHANGE.finditer(text):
        yield Replacement(*match.span("n"), digits(match["n"], "oh"), "telephone")


def doors(text: str, style: Style) -> Iterator[Replacement]:
    """``221B``, ``Room 101``, ``1600 Pennsylvania Avenue``, ``CA 95051``, ``.45 Colt``."""
    for match in _LETTERED.finditer(text):
        if match["l"] not in "sdl" or len(match["n"]) > 1:
            times = match["l"] == "x"
            said = f"{address(match['n'])} {'times' if times else match['l'].upper()}"
            yield Replacement(*match.span(), said, "number")
    for match in _DOOR.finditer(text) if style.loud else ():
        yield Replacement(*match.span("n"), address(match["n"]), "number")
    for match in _STREET.finditer(text):
        n = match["n"]
        yield Replacement(*match.span(), address(n) if len(n) < 5 else style.amount(n), "number")
    for match in _ZIP.finditer(text):
        said = digits(match["n"], "oh" if style.anywhere else "zero")
        more = f", {digits(match['m'], 'oh')}" if match["m"] else ""
        yield Replacement(*match.span(), said + more, "number")
    for match in _CALIBRE.finditer(text):
        yield Replacement(*match.span(), address(match["n"]), "number")


def ordinals(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``21st``; old print's ``2d`` and ``3d`` where a number cannot be pence."""
    months = choice(load_words(tag)["months"])
    for match in _ORDINAL.finditer(text):
        plain = match["n"].replace(",", "")
        if len(plain) <= 15:
            yield Replacement(*match.span(), style.nth(int(plain)), "ordinal")
    for match in _OLD_ORDINAL.finditer(text):
        before = text[max(0, match.start() - 24) : match.start()]
        after = text[match.end() :]
        the = re.search(rf"\b(?:[Tt]he|{months}|[Hh]is|[Hh]er|[Oo]ur|[Aa])\s+$", before)
        if the or re.match(
            rf"\s+(?:of\b|{months}|[A-Z][a-z]+|inst|ult|day|battalion|regiment|mate)", after
        ):
            yield Replacement(*match.span(), style.nth(int(match["n"])), "ordinal")


def ranges(text: str, style: Style) -> Iterator[Replacement]:
    """``3-5``, ``3:2``."""
    for match in _RANGE.finditer(text):
        long = len(match["gap"].strip()) > 1 or "—" in match["gap"]
        if long and " " in match["gap"]:
            continue  # a dash between two numbers of a sentence
        said = f"{style.amount(match['a'])} to {style.amount(match['b'])}"
        yield Replacement(*match.span(), said, "range")
    for match in _RATIO.finditer(text):
        said = f"{style.amount(match['a'])} to {style.amount(match['b'])}"
        yield Replacement(*match.span(), said, "range")


def signs(text: str, style: Style) -> Iterator[Replacement]:
    """``#5``, ``2 + 2 = 4``, ``5 x 3``."""
    for match in _MATH.finditer(text):
        word = _OPERATORS[match["op"]]
        if match["op"] == "x" and style.anywhere:
            word = "times"
        elif style.anywhere:
            word = _FORMAL.get(match["op"], word)
        yield Replacement(*match.span(), f" {word} ", "sign")
    for match in _SIGNS.finditer(text):
        yield Replacement(*match.span(), f"{_SIGN_WORDS[match['op']]} ", "sign")


def notes(text: str) -> Iterator[Replacement]:
    """``F# minor``."""
    for match in _NOTE.finditer(text):
        yield Replacement(*match.span("s"), " flat" if match["s"] == "♭" else " sharp", "sign")


def counts(text: str, style: Style) -> Iterator[Replacement]:
    """Whatever digits are left."""
    for match in _PLAIN.finditer(text):
        printed = match["n"]
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        # letters touch it: MP3; the engine must not read "three" glued to them
        left = " " if before.isalnum() and match.start() else ""
        right = " " if after.isalpha() else ""
        said = style.amount(f"-{printed}" if match["minus"] else printed)
        yield Replacement(*match.span(), f"{left}{said}{right}", "number")


def models(text: str, style: Style) -> Iterator[Replacement]:
    """``MP3``, ``H2O``, ``B-52``, ``R2D2``, ``U-571``: letters, and the number as a name."""
    pattern = re.compile(
        r"(?<![\w.-])(?=[A-Z]*[a-z]{0,3}[A-Z]*-?\d)[A-Z][A-Za-z]{0,6}(?:-?\d{1,4}(?:\.\d{1,2})?(?!\d)-?[A-Za-z]{0,3})+(?![\w])"
    )
    for match in pattern.finditer(text):
        printed = match.group()
        pieces = re.findall(r"[A-Za-z]+|\d+(?:\.\d+)?", printed)
        said = []
        for piece in pieces:
            if piece[0].isdigit():
                number = piece.isdigit() and len(piece) in (3, 4)
                said.append(address(piece) if number else style.amount(piece))
            elif piece.isupper() and len(piece) <= 3:
                said.append(" ".join(piece))
            else:
                said.append(piece)
        yield Replacement(*match.span(), " ".join(said), "model")


def numbers_of(text: str) -> Iterator[Replacement]:
    """``at no. 5``: the word before a number, where it cannot be an answer."""
    for match in _LOWER_NO.finditer(text):
        yield Replacement(*match.span("no"), "number", "abbreviation")
    for match in re.finditer(r"(?<=[a-z,]\s)No(?=\s[\d\ue000])", text):
        yield Replacement(*match.span(), "Number", "abbreviation")
