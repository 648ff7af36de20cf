"""Spans to pieces: the units of synthesis, without a speaker.

A piece never crosses a span or a paragraph, and fits every engine of the project. Short
sentences of a span are joined to a comfortable length, long ones cut at clauses. Pieces
depend on the paragraph alone: neither on who speaks nor on what stands around it, so that a
casting or an inserted paragraph moves no boundary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from book.clauses import cut_sentence, trim
from book.languages import Language
from book.manuscript import speakable
from book.spans import Span, begins_with_tag

Measure = Callable[[str, str], int]  # (text, language) -> size in the engine's unit

NEAR = 0.5  # share of a limit below which a lexicon is asked for finished pieces only
COMFORTABLE = 0.6  # share of a limit that joined sentences may fill
_CLOSERS = "\"'”’»」』)）]】 "


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
    must fit. ``more`` gives further ones (from a lexicon), which take longer to find: while
    pieces are put together they are asked for only when the part fills ``near`` of a limit.
    """

    limits: Sequence[Limit]
    language: str  # BCP 47, as the engines measure
    forms: Callable[[int, int], Iterable[str]]
    more: Callable[[int, int], Iterable[str]]
    near: float = NEAR

    def fits(self, start: int, end: int, share: float = 1.0) -> bool:
        """Whether the part fits ``share`` of every limit."""
        full = self._fullest(self.forms(start, end))
        if full > share:
            return False
        return full <= self.near * share or self._fullest(self.more(start, end)) <= share

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
    sure = replace(ruler, near=0.0)
    for span in spans:
        cuts = [span.start, *(e for e in ends if span.start < e < span.end), span.end]
        sentences = []
        for start, end in pairwise(cuts):
            sentences.extend(cut_sentence(text, start, end, language, ruler))
        tagged = span.quotation is not None and begins_with_tag(text[span.end :], language)
        joined = _joined(text, sentences, language, ruler)
        whole = (p for part in joined for p in cut_sentence(text, *part, language, sure))
        for start, end in whole:
            left, right = trim(text, start, end)
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
        if (crumb or near) and ruler.fits(*trim(text, before, end), share):
            joined[-1] = (before, end)
        else:
            joined.append((start, end))
    return joined


def _size(text: str, start: int, end: int) -> int:
    left, right = trim(text, start, end)
    return right - left
