"""Spans to pieces: the units of synthesis, without a speaker.

A piece never crosses a span or a paragraph, and fits every engine of the project. Short
sentences of a span are joined to a comfortable length, long ones cut at clauses. Pieces
depend on the paragraph alone: neither on who speaks nor on what stands around it, so that a
casting or an inserted paragraph moves no boundary.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from book.languages import Language
from book.manuscript import speakable
from book.spans import Span, begins_with_tag

Measure = Callable[[str, str], int]  # (text, language) -> size in the engine's unit

NEAR = 0.5  # share of a limit below which no lexicon is expected to lengthen a part beyond it
COMFORTABLE = 0.6  # share of a limit that joined sentences may fill
REACH = 0.6  # a cut lies within this share of a piece's length around its balanced place
_CLAUSES = (  # strongest first; offset after the mark and its closing quotes
    re.compile(r"[；;]['\"’”」』）)]*(?=\s|[^\x00-\x7f]|$)|[：:](?!\d)['\"’”」』）)]*\s*(?=\S)"),
    re.compile(r"(?:——|—|--|–|……|…)['\"’”」』）)]*"),
    re.compile(r"[，,](?!\d)['\"’”」』）)]*"),
    re.compile(r"、"),
    re.compile(r"\s(?=(?:and|but|or|nor|for|yet|so|which|who|that|because|as|when|while|where|if|"
               r"than|with|until|before|after|though)\s)|(?=[但而并却则因所若如])(?<=[\u4e00-\u9fff])"),
    re.compile(r"\s+"),
    re.compile(r"(?<=[\u3040-\u9fff])(?=[\u3040-\u9fff])"),
)  # fmt: skip
_CLOSERS = "\"'”’»」』)）]】 "
_PENALTY = (0.0, 0.1, 0.15, 0.3, 0.5, 0.7, 1.0, 2.0)  # of a piece's length, by strength
_PROTECTED = re.compile(r"《[^》]{1,40}》|\d[\d,.]*\d")


@dataclass(frozen=True, slots=True)
class Limit:
    """An engine's largest request."""

    measure: Measure
    maximum: int


@dataclass(frozen=True, slots=True)
class Piece:
    """``printed[start:end]`` of one paragraph, to be spoken in one go."""

    start: int
    end: int
    quotation: int | None
    ends_sentence: bool  # False inside a sentence: before a tag, or where a long one was cut


@dataclass(frozen=True, slots=True)
class Ruler:
    """Sizes of a paragraph's parts, against every limit.

    ``forms`` gives texts that an engine may get to hear for ``printed[start:end]``: each
    must fit. ``more`` gives further ones, asked for only when the part is near a limit.
    """

    limits: Sequence[Limit]
    language: str  # BCP 47, as the engines measure
    forms: Callable[[int, int], Iterable[str]]
    more: Callable[[int, int], Iterable[str]]

    def fits(self, start: int, end: int, share: float = 1.0) -> bool:
        """Whether the part fits ``share`` of every limit."""
        full = self._fullest(self.forms(start, end))
        if full > share:
            return False
        return full <= NEAR * share or self._fullest(self.more(start, end)) <= share

    def parts(self, start: int, end: int) -> int:
        """Into how many pieces the part must be cut at least."""
        return math.ceil(self._fullest([*self.forms(start, end), *self.more(start, end)]))

    def _fullest(self, texts: Iterable[str]) -> float:
        """The largest share of a limit that one of ``texts`` fills."""
        return max(
            (
                limit.measure(text, self.language) / max(1, limit.maximum)
                for text in texts
                for limit in self.limits
            ),
            default=0.0,
        )


def cut_pieces(
    text: str, spans: Sequence[Span], ends: Sequence[int], language: Language, ruler: Ruler
) -> list[Piece]:
    """The pieces of a paragraph, in order; only white space and unspeakable text lie between.

    Args:
        text: the paragraph as printed.
        spans: its spans.
        ends: its sentence ends (``sentences.sentence_ends``).
        language: for comfortable lengths.
        ruler: for the limits.
    """
    pieces = []
    final = set(ends) | {len(text)}
    for span in spans:
        cuts = [span.start, *(e for e in ends if span.start < e < span.end), span.end]
        sentences = []
        for start, end in pairwise(cuts):
            sentences.extend(_cut(text, start, end, ruler))
        tagged = span.quotation is not None and begins_with_tag(text[span.end :], language)
        for start, end in _joined(text, sentences, language, ruler):
            left, right = _trim(text, start, end)
            if left < right and speakable(text[left:right]):
                done = end in final or _next_begins(text, end, final)
                if end == span.end:  # “But consider!” I said: one breath
                    done = not tagged and (done or ends_sentence(text[left:right], language))
                pieces.append(Piece(left, right, span.quotation, done))
    return pieces


def ends_sentence(text: str, language: Language) -> bool:
    """Whether ``text`` ends with an end mark, before closing quotes and brackets."""
    return text.rstrip(_CLOSERS)[-1:] in tuple(language.end_marks)


def _next_begins(text: str, end: int, final: set[int]) -> bool:
    """Whether only white space lies between ``end`` and a sentence's end."""
    while end < len(text) and text[end].isspace():
        end += 1
    return end in final


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def _joined(
    text: str, sentences: list[tuple[int, int]], language: Language, ruler: Ruler
) -> list[tuple[int, int]]:
    """Neighbouring sentences of a span, joined to a comfortable length.

    The lengths are balanced: 300 characters become 150 + 150, not 250 + 50.
    """
    if len(sentences) < 2:
        return sentences
    total = sentences[-1][1] - sentences[0][0]
    aim = total / -(-total // language.comfortable)
    joined = [sentences[0]]
    for start, end in sentences[1:]:
        before, _ = joined[-1]
        first = _size(text, *joined[-1])
        second = _size(text, start, end)
        crumb = min(first, second) < language.crumb
        near = end - before <= language.comfortable and (
            first < aim / 2 or abs(first + second - aim) <= abs(first - aim)
        )
        share = 1.0 if crumb else COMFORTABLE
        if (crumb or near) and ruler.fits(before, end, share):
            joined[-1] = (before, end)
        else:
            joined.append((start, end))
    return joined


def _size(text: str, start: int, end: int) -> int:
    left, right = _trim(text, start, end)
    return right - left


def _cut(text: str, start: int, end: int, ruler: Ruler) -> list[tuple[int, int]]:
    """``[start, end)`` in balanced pieces that fit."""
    cuts = []
    while not ruler.fits(*_trim(text, start, end)):
        parts = max(2, ruler.parts(*_trim(text, start, end)))
        at = _best_cut(text, start, end, parts)
        if at is None:
            break  # a single character: no text is smaller
        cuts.extend(_cut(text, start, at, ruler))
        start = at
    cuts.append((start, end))
    return cuts


def _best_cut(text: str, start: int, end: int, parts: int) -> int | None:
    """Where the first of ``parts`` balanced pieces ends: near its share, at a strong mark."""
    ideal = (end - start) / parts
    low, high = start + int(ideal * (1 - REACH)), min(end, start + int(ideal * (1 + REACH)) + 1)
    best: tuple[float, int] | None = None
    for strength, at in _candidates(text, start, end, low, high):
        cost = abs(at - start - ideal) / ideal + _PENALTY[strength]
        if best is None or cost < best[0]:
            best = (cost, at)
    return best[1] if best else None


def _candidates(text: str, start: int, end: int, low: int, high: int) -> list[tuple[int, int]]:
    """(strength, offset) of the places to cut between ``low`` and ``high``."""
    protected = [m.span() for m in _PROTECTED.finditer(text, max(start, low - 50), high + 50)]
    found = []
    for strength, pattern in enumerate(_CLAUSES):
        for match in pattern.finditer(text, low, high):
            at = match.end()
            inside = any(a < at < b for a, b in protected)
            if not inside and text[start:at].strip() and text[at:end].strip():
                found.append((strength, at))
    if found:
        return found
    weakest = len(_CLAUSES)  # a word longer than the limit: between any two characters
    places = [(weakest, at) for at in range(max(low, start + 1), min(high + 1, end))]
    whole = [(s, at) for s, at in places if not _combines(text[at])]
    return whole or places


def _combines(character: str) -> bool:
    return bool(unicodedata.combining(character)) or character in "\u200d\ufe0e\ufe0f"
