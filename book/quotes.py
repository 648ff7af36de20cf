"""Quotation marks of all printing styles, found and paired within one paragraph.

Which marks a book uses for speech is found once, by counting (``dialogue_marks``): ‘ ’ and
dashes are speech only in books that use them so, » « and ” ” open a quotation only where
they mostly stand before a word. Nothing here knows what is speech and what a mere mention,
and no pairing leaves its paragraph: one lost mark costs a paragraph at most.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from book.languages import Language

_SINGLES = "'‘`"
_CLOSERS = {
    "“": "”",
    '"': "”",
    "„": "“”",
    "「": "」",
    "『": "』",
    "«": "»",
    "‹": "›",
    "‚": "‘’",
    "＂": "＂",
    "‘": "’'",
    "'": "’",
    "`": "’'",
}
_CANNOT_BEGIN = frozenset(" \t\n\u00a0,;:!?)-—–")
_ENDED = frozenset(".,!?…。！？，—–-～~:;；：)）\"'’”」』»")

_SINGLE_SPEECH = re.compile(
    r"(?:^|\s|[—(])['‘`](?=[A-Z])(?:[^'’\"“”\n]|['’](?=\w)){2,200}?[.,!?—]['’](?=\s|$)", re.M
)
_DOUBLE_SPEECH = re.compile(r"[\"“][A-Z][^\"”\n]{2,200}?[.,!?—][\"”]")
_HAN_SINGLE = re.compile(r"‘[^’“”\n]{1,200}?[。！？…，]’")
_HAN_DOUBLE = re.compile(r"[“\"「][^”\"」\n]{1,200}?[。！？…，][”\"」]")
_OPENING = {
    mark: re.compile(rf"(?:^|[\s—–(:：，。！？]){mark}(?=[\s\u00a0\u202f]?[^\W\d_])", re.M)
    for mark in "“”«»"
}
_DASH = re.compile(r"(?:[—―–]|--)\s?(?=[^\W\d_]|[¡¿«“\"‘(…]|\.\.\.)")
_QUOTE = re.compile(r"[“”„\"«»「『‘]")
_MARK = re.compile('[“”„「」『』«»‹›"＂]')
_MARK_OR_SINGLE = re.compile("[“”„「」『』«»‹›‚\"＂‘’'`]")
FEWEST_DASHES = 3  # paragraphs that open with a dash before it can mean speech
_BEGINS_OR_ENDS = re.compile(r"(?P<begins>[\s—(]['‘`](?=\w))|(?P<ends>[.,!?—…]['’](?!\w))")


@dataclass(frozen=True, slots=True)
class Marks:
    """How one book prints speech."""

    singles: bool = False  # ‘ ’ and ' ' enclose speech, as in many British editions
    turned: bool = False  # »speech« or »speech»
    same: bool = False  # ”speech”, as in Swedish, Finnish and careless Chinese files
    dashes: bool = False  # — opens a paragraph of speech

    @property
    def openers(self) -> str:
        """Characters that may open a quotation."""
        found = '“"„「『＂‚' + ("»›" if self.turned else "«‹")
        return found + ("”" if self.same else "") + (_SINGLES if self.singles else "")

    def closers(self, opener: str) -> str:
        """Characters that may close what ``opener`` opened, besides itself."""
        if self.turned and opener in "»›":
            return "«»" if opener == "»" else "‹›"
        return _CLOSERS.get(opener, "”")


@dataclass(frozen=True, slots=True)
class Quoted:
    """What stands in quotes in one paragraph."""

    parts: tuple[tuple[int, int], ...]  # [start, end), marks included
    left_open: str = ""  # the mark that is never closed; its part runs to the end
    closed_at: int = -1  # after a closing mark that nothing opened, before any opening mark


def dialogue_marks(texts: Iterable[str], language: Language) -> Marks:
    """How a book prints speech.

    Args:
        texts: its paragraphs.
        language: for its letters, and whether it is one that knows speech after a dash.
    """
    single = double = dashes = quotes = 0
    opening = dict.fromkeys(_OPENING, 0)
    singly, doubly = (
        (_HAN_SINGLE, _HAN_DOUBLE) if language.han else (_SINGLE_SPEECH, _DOUBLE_SPEECH)
    )
    for text in texts:
        single += len(singly.findall(text))
        double += len(doubly.findall(text))
        dashes += _DASH.match(text) is not None
        quotes += _QUOTE.match(text) is not None
        for mark, pattern in _OPENING.items():
            if mark in text:
                opening[mark] += len(pattern.findall(text))
    singles = single > 2 * double
    enough = max(FEWEST_DASHES, quotes / 5 if language.dashes else 2 * quotes)
    return Marks(
        singles=singles,
        turned=opening["»"] > opening["«"],
        same=opening["”"] > 2 * opening["“"],
        dashes=not language.han and dashes >= enough and (language.dashes or dashes > single),
    )


def pair_quotes(text: str, marks: Marks, language: Language) -> Quoted:
    """What stands in quotes in ``text``. Quotes within quotes are no parts of their own."""
    openers = marks.openers
    pattern = _MARK_OR_SINGLE if marks.singles or "‚" in text else _MARK
    found: list[tuple[int, int]] = []
    start, mark, depth, closed_at = -1, "", 0, -1
    closing = ""
    surplus: dict[str, dict[int, int]] = {}
    later = _Later(text)
    for match in pattern.finditer(text):
        at, character = match.start(), match.group()
        inside = mark if start >= 0 else ""
        if character in "'’‘`" and not _is_quote(text, at, character, inside, language, later):
            continue
        if start < 0:
            if character in openers and not (character in '"“”' and _shuts(text, at, language)):
                start, mark, depth = at, character, 0
                closing = marks.closers(character)
            elif not found and closed_at < 0 and character in '”"」』»' and _ended(text, at):
                closed_at = at + 1
        elif character == mark and mark not in closing and mark not in "'\"＂":
            # the same mark again: quotes within quotes, a typo for its partner, or a lost one
            if mark not in surplus:
                surplus[mark] = _closing_surplus(text, mark, closing)
            if surplus[mark][at] >= depth + 2 and (language.han or _opens(text, at, language)):
                depth += 1
            elif _typed_for_its_partner(text, at, language):
                found.append((start, at + 1))
                start = -1
            else:
                found.append((start, at))
                start = at
        elif character in closing or character == mark:
            if character in "\"'”»" and character == mark and _opens(text, at, language):
                found.append((start, at))  # the closing mark before it is missing
                start = at
            elif depth:
                depth -= 1
            else:
                found.append((start, at + 1))
                start = -1
        elif mark == "“" and character == '"' and _shuts(text, at, language):
            found.append((start, at + 1))  # a file of mixed marks
            start = -1
    if start >= 0:
        found.append((start, len(text)))
    return Quoted(tuple(found), mark if start >= 0 else "", closed_at)


def continues(text: str, left_open: str) -> bool:
    """Whether a paragraph goes on with a quotation that was left open with that mark."""
    # French print of old: each further paragraph opens with »
    return bool(left_open) and text[:1] in ({left_open, "»"} if left_open == "«" else {left_open})


def _closing_surplus(text: str, mark: str, closing: str) -> dict[int, int]:
    """For each ``mark``: by how many closing marks outnumber it and its like, at best, after it."""
    found: dict[int, int] = {}
    best = 0
    for at in range(len(text) - 1, -1, -1):
        if text[at] == mark:
            found[at] = best
            best = max(0, best - 1)
        elif text[at] in closing:
            best += 1
    return found


def _opens(text: str, at: int, language: Language) -> bool:
    """A mark with space before it and a letter after it."""
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if language.han and before:
        return before in "：:" or (before.isspace() and bool(after))
    return (not before or before.isspace()) and bool(after) and after not in _CANNOT_BEGIN


def _typed_for_its_partner(text: str, at: int, language: Language) -> bool:
    """“ where ” was meant."""
    if language.han:
        return text[at - 1] in "。！？…，!?"
    return not _opens(text, at, language)


def _shuts(text: str, at: int, language: Language) -> bool:
    """A mark with a letter before it and space after it."""
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if not before or before.isspace() or before in "-—–(":
        return False
    return not after or after.isspace() or (not language.han and after in ".,;:!?")


def _ended(text: str, at: int) -> bool:
    """Whether speech may end before a closing mark that nothing opened."""
    return at > 0 and text[at - 1] in _ENDED and not text[at + 1 : at + 2].isalnum()


class _Later:
    """Where the next single quote stands that clearly begins or ends speech."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: list[tuple[int, bool]] | None = None

    def ends_after(self, at: int) -> bool:
        """Whether one that ends comes before the next that begins."""
        if self._places is None:
            found = _BEGINS_OR_ENDS.finditer(self._text)
            self._places = [(m.start(), m.lastgroup == "ends") for m in found]
        i = bisect_right(self._places, (at, True))
        return i < len(self._places) and self._places[i][1]


def _is_quote(
    text: str, at: int, character: str, mark: str, language: Language, later: _Later
) -> bool:
    """Whether a single quote opens or closes speech, and is no apostrophe."""
    if mark == "‚":
        return True
    if mark and mark not in _SINGLES:
        return False  # inside double quotes a single one encloses no other speaker
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if language.han:
        return character in "‘’"
    if before.isalnum() and after.isalnum():
        return False
    opens = (not before or before.isspace() or before in "—-([") and not after.isspace()
    if opens:
        word = re.match(r"[^\W\d_]+", text[at + 1 : at + 12])
        elided = character not in "‘`" and word and word[0] in language.elisions
        return character != "’" and not elided and (not mark or character == "'")
    if not mark or character in "‘`":
        return False
    if not before.isalpha():
        return True
    # "the boys' coats": the end only if no better one comes before the next beginning
    return not later.ends_after(at)
