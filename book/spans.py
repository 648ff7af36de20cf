"""Paragraphs to spans: narration and quotation.

A quotation left open runs to the end of its paragraph and goes on in the next one if that
opens with a quote again, or if a later one closes it: all bear one number. A quoted word that
nobody says stays narration (``book/mentions.py``), so that no sentence is torn by it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from book.dashes import dash_quotations, without_tags
from book.languages import Language
from book.manuscript import NARRATOR, Paragraph, speakable
from book.mentions import begins_with_tag, is_speech
from book.quotes import Marks, Quoted, continues, dialogue_marks, pair_quotes

__all__ = ["Marks", "Span", "begins_with_tag", "chapter_spans", "dialogue_marks"]

PLAIN = Marks()  # “ ”, straight doubles, « », „ “, 「 」
LONGEST_GAP = 12  # paragraphs without any mark that a quotation may go through to its end
SHORT = 70  # characters of a speech that rarely goes on over a paragraph
LONGEST_LOST = 400  # characters before a closing mark whose opening one is lost
_REPAIRED = '“„「『«"＂'  # marks whose partner may be missing; singles are apostrophes too


@dataclass(frozen=True, slots=True)
class Span:
    """``printed[start:end]`` of one paragraph: narration, or (part of) a quotation."""

    start: int
    end: int
    quotation: int | None = None  # its number in the chapter, from 1; None is narration


def chapter_spans(
    paragraphs: Sequence[Paragraph], language: Language, marks: Marks = PLAIN
) -> list[tuple[Span, ...]]:
    """The spans of each paragraph; together they cover it, without overlap.

    A paragraph with a written speaker (``[holmes] …``) is one span, all of it that speaker's.

    Args:
        paragraphs: of one chapter, in order.
        language: for what is speech and what a mere mention.
        marks: how the book prints speech (``dialogue_marks``).
    """
    numbers = itertools.count(1)
    quoted = [_quoted(paragraph, marks, language) for paragraph in paragraphs]
    inside = _closed_later(paragraphs, quoted)
    found: list[tuple[Span, ...]] = []
    left_open, number = "", 0
    for i, paragraph in enumerate(paragraphs):
        text, here = paragraph.printed, quoted[i]
        if here is None:
            tagged = paragraph.kind != "heading" and paragraph.speaker != NARRATOR
            found.append((Span(0, len(text), next(numbers) if tagged else None),))
            left_open = ""
            continue
        parts = list(here.parts)
        goes_on = bool(parts) and parts[0][0] == 0 and continues(text, left_open)
        if i in inside and left_open:
            goes_on = True
            parts.insert(0, (0, inside[i]))
        elif not goes_on and _opening_lost(text, here, language):
            parts.insert(0, (0, here.closed_at))
        will_go_on = i + 1 in inside or _next_goes_on(paragraphs, quoted, i, goes_on)
        spans: list[Span] = []
        at = 0
        for j, (start, end) in enumerate(parts):
            if j or not goes_on:
                if not is_speech(text, start, end, language) and not _after_dash(text, marks):
                    continue
                number = next(numbers)
            lost = j == len(parts) - 1 and here.left_open != "" and not will_go_on
            for k, (low, high) in enumerate(_spoken(text, start, end, lost, language)):
                number = next(numbers) if k else number
                _narrate(spans, text, at, low)
                spans.append(Span(low, high, number))
                at = high
        _narrate(spans, text, at, len(text))
        if here.left_open or i + 1 not in inside:  # else: in the middle of one
            # a quotation that stays narration goes nowhere
            spoken_to_the_end = bool(spans) and spans[-1].quotation is not None
            left_open = here.left_open if spoken_to_the_end and will_go_on else ""
        found.append(tuple(spans))
    return found


def _quoted(paragraph: Paragraph, marks: Marks, language: Language) -> Quoted | None:
    """What stands in quotes, or after a dash; None where the paragraph itself says who speaks."""
    if paragraph.kind == "heading" or paragraph.speaker is not None:
        return None
    if _after_dash(paragraph.printed, marks):
        return Quoted(tuple(dash_quotations(paragraph.printed, language)))
    return pair_quotes(paragraph.printed, marks, language)


def _after_dash(text: str, marks: Marks) -> bool:
    return marks.dashes and text.lstrip().startswith(("—", "―", "–", "--"))


def _closed_later(
    paragraphs: Sequence[Paragraph], quoted: Sequence[Quoted | None]
) -> dict[int, int]:
    """Paragraphs inside a quotation that opened before them, and how far into them it reaches."""
    inside: dict[int, int] = {}
    for i, opening in enumerate(quoted):
        if opening is None or opening.left_open not in tuple(_REPAIRED):
            continue
        for j in range(i + 1, min(i + 1 + LONGEST_GAP, len(quoted))):
            here = quoted[j]
            if here is None or paragraphs[j].scene_break_before:
                break
            if here.closed_at >= 0:
                inside.update((n, len(paragraphs[n].printed)) for n in range(i + 1, j))
                inside[j] = here.closed_at
                break
            if here.parts:
                break
    return inside


def _next_goes_on(
    paragraphs: Sequence[Paragraph], quoted: Sequence[Quoted | None], i: int, goes_on: bool
) -> bool:
    """Whether the next paragraph takes up what this one leaves open.

    A short sentence with a short answer after it has only lost its closing mark: of 30 such
    places in 32 novels about 22 are two speakers.
    """
    here, following = quoted[i], quoted[i + 1] if i + 1 < len(quoted) else None
    if here is None or following is None:
        return False
    if not continues(paragraphs[i + 1].printed, here.left_open):
        return False
    start, end = here.parts[-1]
    ended = paragraphs[i].printed[start:end].rstrip()[-1:] in tuple(".?!。？！")
    return goes_on or end - start > SHORT or not ended or following.left_open != ""


def _opening_lost(text: str, here: Quoted, language: Language) -> bool:
    """Whether the paragraph begins with speech whose opening mark is missing."""
    if not 0 < here.closed_at <= LONGEST_LOST:
        return False
    rest = text[here.closed_at :]
    return not rest.strip() or begins_with_tag(rest, language)


def _spoken(
    text: str, start: int, end: int, lost: bool, language: Language
) -> list[tuple[int, int]]:
    """A quotation without the tags that stand in it: in French print, or for want of a mark."""
    if lost:
        return without_tags(text, start, end, language, first_person=False) or [(start, end)]
    if language.dashes and text[start] == "«":
        return without_tags(text, start, end, language) or [(start, end)]
    return [(start, end)]


def _narrate(spans: list[Span], text: str, start: int, end: int) -> None:
    """Adds narration; lone punctuation after a quotation joins it."""
    if end <= start:
        return
    if spans and not speakable(text[start:end]):
        before = spans[-1]
        spans[-1] = Span(before.start, end, before.quotation)
    else:
        spans.append(Span(start, end))
