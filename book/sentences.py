"""Where sentences end, with the whole paragraph in view.

Latin scripts: nltk's Punkt, built from parameters in code (nothing is downloaded), then
rules of our own for dialogue, initials and ellipses. Chinese and Japanese: a scanner of
end marks. Measured against labelled sentences in docs/measurements.md.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import threading
import types
from functools import cache
from typing import Any

from book.languages import Language, load_language

_OPENERS = "\"'“‘«「『([（【_"
_CLOSING = r"[\"'”’»」』)\]）】]*"
_OPENING = r"[\"'“‘«「『(\[（【_]*"
_STRAIGHT = str.maketrans("“”«»‘’", '""""\'\'')  # Punkt knows straight quotes only
_BRACKETED = 300  # characters: a bracket open longer than this was never closed

_HAN_END = re.compile(
    r"(?P<open>[《（(【〈])|(?P<close>[》）)】〉])"
    r"|(?P<end>[。！？!?]+(?:…+|[。！？!?])*)(?P<after>[”’」』\"）)】]*)"
    r"|(?P<pause>…+|\.{3,})(?P<quote>[”’」』\"]*)"
)
_LATIN_MORE = re.compile(
    # a question, a cry or an ellipsis before a capital; a quotation right after another
    rf"(?:[!?]|…|\.\s\.|\.\.){_CLOSING}\s+(?={_OPENING}[^\W\d_])"
    r"|(?<=[”»])\s+(?=[“«])"
    rf"|(?<=[^\w.][I])\.{_CLOSING}\s+(?={_OPENING}[^\W\d_])"  # "It was I. He …"
)
_CANDIDATE = re.compile(r"[.!?…”»][^\w\s]*\s+\S")
_INITIAL = re.compile(r"(?:^|[\s(\"'“‘]|(?<=[A-Z])\.)[A-Z]\.$")
_COUNTRY = re.compile(r"\bU\.[SK]\.$")
_ITEM = re.compile(r"\W*\d{1,3}\W*")  # "1." at the head of a paragraph
_LAST_WORD = re.compile(r"([^\W\d_]+(?:\.[^\W\d_]+)*)\.$")
_ELLIPSIS = re.compile(rf"(?:…|\.\s?\.){_CLOSING}$")
_loading = threading.Lock()


def split_sentences(text: str, language: str) -> list[tuple[int, int]]:
    """``[start, end)`` of each sentence of a paragraph, without the white space between.

    Closing quotes and brackets belong to the sentence they close.
    """
    words = load_language(language)
    ends = sentence_ends(text, words)
    spans = []
    start = 0
    for end in (*ends, len(text)):
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if right > left:
            spans.append((left, right))
        start = end
    return spans


def sentence_ends(text: str, language: Language) -> list[int]:
    """Offsets inside ``text`` before which a sentence ends and another begins."""
    return _han_ends(text, language) if language.han else _latin_ends(text, language)


def _han_ends(text: str, language: Language) -> list[int]:
    ends = []
    tag = _tag_after_quote(language.tag)
    opened: list[int] = []
    for match in _HAN_END.finditer(text):
        if match["open"]:
            opened.append(match.start())
        elif match["close"]:
            if opened:
                opened.pop()
        elif opened and match.start() - opened[-1] < _BRACKETED:
            continue
        else:
            end = match.end()
            rest = text[end : end + 12].lstrip()
            if not rest or (match["after"] and tag.match(rest)):
                continue  # “快走！！”她喊。 is one sentence
            # "……" trails off; it ends a sentence only before a new quotation
            if match["end"] or (rest[0] in "“「『" and match["quote"]):
                ends.append(end)
    return ends


@cache
def _tag_after_quote(tag: str) -> re.Pattern[str]:
    verbs = "|".join(map(re.escape, load_language(tag).speech_verbs)) or "(?!)"
    return re.compile(rf"[^，。！？“”「」]{{0,6}}?(?:{verbs})")


def _latin_ends(text: str, language: Language) -> list[int]:
    if not _CANDIDATE.search(text):
        return []
    straight = text.translate(_STRAIGHT)
    starts = {start for start, _ in _punkt(language.tag).span_tokenize(straight)}
    starts.update(match.end() for match in _LATIN_MORE.finditer(text))
    starts.discard(0)
    never = _never(language.tag)
    ends = []
    for start in sorted(starts):
        before = text[:start].rstrip()
        if before and text[start:].strip() and not _joined(before, text, start, never):
            ends.append(start)
    return ends


def _joined(before: str, text: str, start: int, never: frozenset[str]) -> bool:
    """Whether the sentence goes on at ``start`` after all."""
    at = start
    while at < len(text) and (text[at] in _OPENERS or text[at].isspace()):
        at += 1
    if at < len(text) and (text[at].islower() or text[at] in ".,;:!?…"):
        return True
    tail = before[-40:]
    word = _LAST_WORD.search(tail)
    if word and word[1].casefold() in never:
        return True
    if _INITIAL.search(tail) and not (tail.endswith(" I.") or _COUNTRY.search(tail)):
        return True
    if _ITEM.fullmatch(before):
        return True
    if _ELLIPSIS.search(tail) and not text[at : at + 1].isupper():
        return True
    opened = before.rfind("(")
    return opened > before.rfind(")") and len(before) - opened < _BRACKETED and ")" in text[start:]


@cache
def _never(tag: str) -> frozenset[str]:
    """Words whose stop never ends a sentence: titles and what stands before a number."""
    language = load_language(tag)
    words = (*language.titles, *language.before_number)
    return frozenset(word.rstrip(".").casefold() for word in words) - {"no", "p"}


@cache
def _punkt(tag: str) -> Any:
    """Punkt with this language's abbreviations."""
    language = load_language(tag)
    punkt = _punkt_module()
    parameters = punkt.PunktParameters()
    listed = (
        *language.titles,
        *language.abbreviations,
        *language.before_number,
        *language.abbreviated,
    )
    parameters.abbrev_types.update(word.rstrip(".").casefold() for word in listed)
    parameters.sent_starters.update(language.starters)
    return punkt.PunktSentenceTokenizer(parameters)


def _punkt_module() -> Any:
    """nltk's punkt without the rest of nltk.

    ``import nltk`` runs all of its packages: 0.24 s here, against 0.07 s for what punkt
    itself needs (2026-11-21). So the two packages above it are stood in for by empty ones
    while it loads, and removed afterwards: a later ``import nltk`` finds the real ones.
    """
    if "nltk" in sys.modules:
        return importlib.import_module("nltk.tokenize.punkt")
    found = importlib.util.find_spec("nltk")
    folders = list(found.submodule_search_locations or ()) if found else []
    with _loading:
        for name, below in (("nltk", ""), ("nltk.tokenize", "/tokenize")):
            package = types.ModuleType(name)
            package.__path__ = [folder + below for folder in folders]
            sys.modules[name] = package
        try:
            return importlib.import_module("nltk.tokenize.punkt")
        finally:
            for name in [n for n in sys.modules if n == "nltk" or n.startswith("nltk.")]:
                del sys.modules[name]
