"""Sentence ends in scripts that put spaces between words.

Every white space after an end mark is a candidate; so is one after a dash that breaks off a
quotation. What stands behind it decides first (nothing ends before a lower-case letter), then
the kind of mark: a stop may belong to an abbreviation, an ellipsis may only hesitate.
"""

from __future__ import annotations

import re
from functools import cache

from book.languages import Language, load_language
from book.sentences.brackets import NONE, find_brackets
from book.sentences.items import find_items
from book.sentences.stops import is_abbreviation, stop_goes_on

_SPACE = "[ \u00a0\u2009\u202f]"
_QUOTES = "\"'”’»›“‘«‹」』"
_CLOSERS = rf"(?:[{_QUOTES}\])）】*_]|{_SPACE}[»›](?![^\W_])|\[\d{{1,3}}\]){{0,12}}+"
_OPENING = re.compile(r"[\s\"'“”‘’«»‹›„‚「『(\[（【_*¿¡—–―•⁃#>~-]{0,24}")
_ELLIPSIS = re.compile(r"(?:…|\.{2,}|\.(?:\s\.)+)\s*")
_SHOWN = 2000  # characters that show whether a paragraph uses capitals
_CITED = re.compile(r"\([^()]{1,60}\)[.,;:]")  # “… it was so.” (Brown, 1901).
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LAST_WORD = re.compile(r"([^\W_]+)['’\"”]?$")
_ELIDED_NAME = re.compile(r"(?:d|l|o|O)['’][^\W\d_]")
_ENDED_BEFORE_CAPITAL = re.compile(r"[.!?…][\"'”’)\]]*\s+[\"'“‘(\[]*(?!I\b)[^\W\d_a-zß-öø-ÿ]")


def latin_ends(text: str, language: Language) -> list[int]:
    """Offsets inside ``text`` before which a sentence ends and another begins, rising."""
    items = find_items(text)
    brackets = find_brackets(text, "()[]") if "(" in text or "[" in text else NONE
    ends: list[int] = []
    begin = 0
    for match in _candidate(language.tag).finditer(text):
        at = match.end()
        if at >= len(text) or at in items.labels or brackets.inside(at):
            continue
        if not _goes_on(text, match, begin, language):
            ends.append(at)
            begin = at
    if items.starts:
        return sorted({*ends, *items.starts})
    return ends


@cache
def _candidate(tag: str) -> re.Pattern[str]:
    """End marks with what closes behind them, and the white space after.

    Every repetition is bounded and keeps what it took: a page of "!" costs no more than prose.
    """
    language = load_language(tag)
    marks = re.escape("".join(sorted({*language.end_marks, *".!?…"})))
    unspaced = re.escape(language.sentences.unspaced_marks)
    bare = (
        rf"|(?P<bare>[{unspaced}]{{1,20}}+{_CLOSERS}\s*+)(?=\S)" if unspaced else "|(?P<bare>(?!))"
    )
    return re.compile(
        rf"(?P<mark>[{marks}](?:{_SPACE}?[{marks}]){{0,20}}+)(?P<close>{_CLOSERS})\s++(?=\S)"
        rf"|(?P<dash>—|–|―|--|-)(?P<after>[{_QUOTES}]{{1,12}}+)\s++(?=\S)" + bare
    )


def _goes_on(text: str, match: re.Match[str], begin: int, language: Language) -> bool:
    """Whether the sentence goes on behind a candidate after all."""
    if match["bare"]:
        return False
    at = _past_opening(text, match.end())
    hesitation = _ELLIPSIS.match(text, at)
    if hesitation:  # "He stopped. … Then": what comes behind it decides
        at = _past_opening(text, hesitation.end())
    if at >= len(text):
        return True
    first = text[at]
    if first in ".,;:!?…%/" or first in _QUOTES:
        return True
    mark = match["mark"]
    quoted = any(c in _QUOTES for c in match["close"] or match["after"] or "")
    if first.islower() and not _begins_low(text, at, match, quoted, language):
        return True
    tagged = quoted and mark != "."  # a tag stands behind “…,” or “…!”, never behind “….”
    if tagged and _named_tag(language.tag).match(text, at):
        return True
    if quoted and _CITED.match(text, match.end()):
        return True
    if mark is None:
        return False
    if text[match.start() - 1 : match.start()] == "(" and match["close"].startswith(")"):
        return True  # "(!)"
    if "!" in mark or "?" in mark:
        return not quoted and _bears_mark(text, match.start(), language)
    dots = mark.count(".") + 3 * mark.count("…")
    if dots > 1:
        return dots == 3 and not quoted and _hesitates(text, match.start(), at, language)
    if dots == 1 and not match["close"]:
        return stop_goes_on(text, match.start(), at, begin, language)
    return False


def _past_opening(text: str, at: int) -> int:
    """Where the first word at or behind ``at`` begins, past white space and opening marks."""
    opening = _OPENING.match(text, at)
    return opening.end() if opening else at


def _begins_low(text: str, at: int, match: re.Match[str], quoted: bool, language: Language) -> bool:
    """Whether a lower-case letter begins a sentence: a name, or all is written so."""
    mark = match["mark"]
    if mark is None or quoted or "…" in mark or mark.count(".") > 1:
        return False
    if mark == "." and is_abbreviation(text, match.start(), language):
        return False
    if _ELIDED_NAME.match(text, at) and text[at + 2].isupper():
        return True  # d’Artagnan
    word = _WORD.match(text, at)
    if word and word.group() in language.sentences.particles:
        return text[word.end() + 1 : word.end() + 2].isupper()  # von Hagen
    return _all_low(text[:_SHOWN])


def _all_low(text: str) -> bool:
    """Whether a paragraph uses no capitals where sentences begin, as in hasty messages."""
    first = next((c for c in text if c.isalpha()), "A")
    return first.islower() and not _ENDED_BEFORE_CAPITAL.search(text)


def _hesitates(text: str, mark: int, at: int, language: Language) -> bool:
    """``I … I don't know``, ``Mr. … Mr. Smith``: a capital that shows nothing."""
    after = _WORD.match(text, at)
    if after is None:
        return False
    before = _LAST_WORD.search(text[max(0, mark - 40) : mark].rstrip())
    word = after.group()
    if before and before[1].casefold() == word.split("-")[0].casefold():
        return True
    return word.replace("’", "'").partition("'")[0] in language.first_person


def _bears_mark(text: str, mark: int, language: Language) -> bool:
    """Whether ``!`` or ``?`` belongs to a name: ``Jeopardy!``"""
    return any(
        text.endswith(name, 0, mark + 1) and not text[: mark + 1 - len(name)][-1:].isalnum()
        for name in language.sentences.with_mark
    )


@cache
def _named_tag(tag: str) -> re.Pattern[str]:
    """``“Stop!” I cried.`` and ``“Stop!” Tom cried.`` are one sentence each.

    A tag begins with a capital only when a name or "I" does.
    """
    language = load_language(tag)
    own = language.sentences
    verbs = [v for v in language.speech_verbs if v not in own.beats]
    if not (own.named_tags and verbs):
        return re.compile("(?!)")
    said = "|".join(map(re.escape, verbs))
    titles = "|".join(map(re.escape, language.titles)) or "(?!)"
    me = "|".join(map(re.escape, language.first_person)) or "(?!)"
    starters = "|".join(re.escape(s) for s in language.starters)
    name = rf"(?!(?i:{starters})\b)(?:(?:{titles})\.?\s+)?(?:[A-Z][\w’'-]*\.?\s+){{1,3}}?"
    after = "|".join(map(re.escape, own.after_tag)) or "(?!)"
    other = "|".join(map(re.escape, own.not_tags)) or "(?!)"
    return re.compile(
        rf"(?:(?:{me})\s+|{name})(?:\w+ly\s+)?(?:{said})\b"
        rf"(?=[.,;:!?—–]|\s*$|\s+(?!(?:{other})\b)(?:\w+ly|{after})\b)"
    )
