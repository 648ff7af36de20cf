"""Paragraphs to spans: narration and quotation.

Finds “ ” 「 」 『 』 « » and straight quotes always, ‘ ’ and ' ' in books that use them for
speech. A quotation left open runs to the end of its paragraph and goes on in the next one
if that opens with a quote again: both bear one number. A quoted word that nobody says
(a title, a sign over a door) stays narration, so that no sentence is torn by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from book.languages import Language, load_language
from book.manuscript import NARRATOR, Paragraph, speakable

_ALWAYS = {"“": "”", "「": "」", "『": "』", "«": "»", "„": "“", '"': '"'}
_SINGLES = {"‘": "’", "'": "'"}
_FULLWIDTH = {"＂": "＂"}
_MARK = re.compile('[“”„「」『』«»"＂]')
_MARK_OR_SINGLE = re.compile("[“”„「」『』«»\"＂‘’']")
_SINGLE_SPEECH = re.compile(
    r"(?:^|\s|[—(])['‘](?=[A-Z])(?:[^'’\"“”\n]|['’](?=\w)){2,200}?[.,!?—]['’](?=\s|$)", re.M
)
_DOUBLE_SPEECH = re.compile(r"[\"“][A-Z][^\"”\n]{2,200}?[.,!?—][\"”]")
_BEGINS_OR_ENDS = re.compile(r"(?P<begins>[\s—(]['‘](?=\w))|(?P<ends>[.,!?—…]['’](?!\w))")
_ENDED = re.compile(r"[.!?…。！？,，—–~～][’'」』\"）)]*$|[.!?…。！？][^\w]*[’』]?$")


@dataclass(frozen=True, slots=True)
class Span:
    """``printed[start:end]`` of one paragraph: narration, or (part of) a quotation."""

    start: int
    end: int
    quotation: int | None = None  # its number in the chapter, from 1; None is narration


def chapter_spans(
    paragraphs: Sequence[Paragraph], language: Language, *, singles: bool = False
) -> list[tuple[Span, ...]]:
    """The spans of each paragraph; together they cover it, without overlap.

    A paragraph with a written speaker (``[holmes] …``) is one span, all of it that speaker's.

    Args:
        paragraphs: of one chapter, in order.
        language: for what is speech and what a mere mention.
        singles: whether ‘ ’ and ' ' enclose speech in this book (``speaks_in_singles``).
    """
    found: list[tuple[Span, ...]] = []
    number = 0
    left_open = ""
    for paragraph in paragraphs:
        text = paragraph.printed
        if paragraph.kind == "heading" or paragraph.speaker is not None:
            tagged = paragraph.speaker not in (None, NARRATOR) and paragraph.kind != "heading"
            number += tagged
            found.append((Span(0, len(text), number if tagged else None),))
            left_open = ""
            continue
        spans: list[Span] = []
        at = 0
        quotes, still_open = _quotations(text, singles, language)
        for start, end in quotes:
            goes_on = start == 0 and bool(left_open) and text[0] == left_open
            if not goes_on and not is_speech(text, start, end, language):
                continue
            if not goes_on:
                number += 1
            _narrate(spans, text, at, start)
            spans.append(Span(start, end, number))
            at = end
        _narrate(spans, text, at, len(text))
        # a quotation that stays narration goes nowhere
        spoken_to_the_end = bool(spans) and spans[-1].quotation is not None
        left_open = still_open if spoken_to_the_end else ""
        found.append(tuple(spans))
    return found


def speaks_in_singles(texts: Iterable[str]) -> bool:
    """Whether a book's dialogue stands in single quotes, as in many British editions."""
    single = double = 0
    for text in texts:
        single += len(_SINGLE_SPEECH.findall(text))
        double += len(_DOUBLE_SPEECH.findall(text))
    return single > 2 * double


def _narrate(spans: list[Span], text: str, start: int, end: int) -> None:
    """Adds narration; lone punctuation after a quotation joins it."""
    if end <= start:
        return
    if spans and not speakable(text[start:end]):
        before = spans[-1]
        spans[-1] = Span(before.start, end, before.quotation)
    else:
        spans.append(Span(start, end))


def _quotations(text: str, singles: bool, language: Language) -> tuple[list[tuple[int, int]], str]:
    """``[start, end)`` of what stands in quotes, with them; and the mark left open, or ""."""
    pairs = {**_ALWAYS, **_FULLWIDTH, **(_SINGLES if singles else {})}
    found: list[tuple[int, int]] = []
    start, mark = -1, ""
    for match in (_MARK_OR_SINGLE if singles else _MARK).finditer(text):
        at, character = match.start(), match.group()
        inside = mark if start >= 0 else ""
        if character in "'’‘" and not _is_quote(text, at, character, inside, language):
            continue
        if start < 0:
            if character in pairs and not (character == '"' and _closes(text, at)):
                start, mark = at, character
        elif character == pairs[mark]:
            if character in "\"'" and _opens(text, at):
                found.append((start, at))  # the closing mark before it is missing
                start = at
            else:
                found.append((start, at + 1))
                start = -1
        elif character == mark and mark in "“「" and not _opens(text, at):
            found.append((start, at + 1))  # “ typed for ”
            start = -1
    if start >= 0:
        found.append((start, len(text)))
        return found, mark
    return found, ""


def _opens(text: str, at: int) -> bool:
    """A straight quote with space before it and a letter after it."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return (not before or before.isspace()) and bool(after) and not after.isspace()


def _closes(text: str, at: int) -> bool:
    """A straight quote with a letter before it and space after it."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return (
        bool(before)
        and not before.isspace()
        and before not in "-—("
        and (not after or after.isspace())
    )


def _is_quote(text: str, at: int, character: str, mark: str, language: Language) -> bool:
    """Whether a single quote opens or closes speech, and is no apostrophe."""
    if mark and mark not in "‘'":
        return False  # inside double quotes a single one encloses no other speaker
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if before.isalnum() and after.isalnum():
        return False
    opens = (not before or before.isspace() or before in "—-([") and not after.isspace()
    if opens:
        word = re.match(r"[^\W\d_]+", text[at + 1 : at + 12])
        elided = character != "‘" and word and word[0] in language.elisions
        return character != "’" and not elided and (not mark or character == "'")
    if not mark or character == "‘":
        return False
    if not before.isalpha():
        return True
    # "the boys' coats": the end only if no better one comes before the next beginning
    next_mark = _BEGINS_OR_ENDS.search(text, at + 1)
    return next_mark is None or next_mark.lastgroup == "begins"


def is_speech(text: str, start: int, end: int, language: Language) -> bool:
    """Whether someone says ``text[start:end]`` (quotes included), and not merely its word."""
    inside = text[start + 1 : end].rstrip("\"”’'»」』＂")
    before, after = text[:start].rstrip(), text[end:].lstrip()
    if not speakable(inside):
        return False
    if not before:
        return True
    if language.han:
        if before[-1] in "：:" or re.search(r"[。！？!?…—～]$", inside.rstrip("”’』」")):
            return True
        verb = _verb_at_end(language.tag).search(before[-16:])
        return verb is not None and (
            before[-1] in "，,、" or (len(inside) > 6 and after[:1] in "。，！？")
        )
    if _ENDED.search(inside) and (inside[-1:] not in ",，" or before[-1] in ",:"):
        return True
    words = inside.split()
    if before[-1] in ",:—" and (inside[:1].isupper() or len(words) > 3):
        return True
    if before[-1] in '.!?”"' and inside[:1].isupper():
        return len(words) > 3 or inside[-1:] == ","
    verb = _verb_at_end(language.tag).search(before[-24:])
    return len(words) > 6 or (verb is not None and (before[-1] in ",:" or len(words) > 3))


def begins_with_tag(text: str, language: Language) -> bool:
    """Whether narration after a quotation says at once who spoke: ``said he``, ``I asked``."""
    return _verb_at_start(language.tag).match(text) is not None


@cache
def _verb_at_start(tag: str) -> re.Pattern[str]:
    language = load_language(tag)
    verbs = "|".join(map(re.escape, language.speech_verbs)) or "(?!)"
    if language.han:
        return re.compile(rf"[\s，,]*[^，。！？“”]{{0,8}}?(?<![不没有未])(?:{verbs})")
    return re.compile(rf"\s*(?:[\w.’'-]+\s+){{0,3}}?(?:{verbs})\b", re.I)


@cache
def _verb_at_end(tag: str) -> re.Pattern[str]:
    language = load_language(tag)
    verbs = "|".join(map(re.escape, language.speech_verbs)) or "(?!)"
    if language.han:
        return re.compile(rf"(?:{verbs})[^。！？”」]{{0,2}}[，,：:、]?$")
    return re.compile(rf"\b(?:{verbs})[,:]?$", re.I)
