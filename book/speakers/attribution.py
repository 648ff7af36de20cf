"""Who speaks a quotation: the answer, how sure it is, and who else it may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from book.manuscript import Paragraph
from book.spans import Span


@dataclass(frozen=True, slots=True)
class Guess:
    """One character who may speak a quotation."""

    speaker: str | None  # a key of cast; None is the narrator (or nobody of the cast)
    probability: float  # 0…1; the guesses of one quotation add up to at most 1


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who speaks a quotation, which rule says so, and how often that is right."""

    speaker: str | None  # the likeliest; a key of cast; None is the narrator
    rule: str
    confidence: float  # calibrated: of 100 quotations at 0.9 about 90 are right
    guesses: tuple[Guess, ...] = ()  # likeliest first, at most three, ``speaker`` included


@dataclass(frozen=True, slots=True)
class ChapterText:
    """What the rules see of a chapter."""

    paragraphs: Sequence[Paragraph]
    spans: Sequence[Sequence[Span]]  # of each paragraph (``chapter_spans``)


UNRESOLVED = Attribution(None, "unresolved", 0.0)
UNSURE = ", unsure"  # after a rule's name: its answer is below casting.confidence, and not used


def is_unsure(rule: str) -> bool:
    """Whether a line of this rule is the narrator's only because nobody knows who says it."""
    return rule == UNRESOLVED.rule or rule.endswith(UNSURE)
