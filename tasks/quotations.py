"""Quotations: what a casting moves as one, how sure their speakers are, and who talks to whom.

A unit is a whole quotation, however many segments it has, or any other single segment. A
conversation is a run of quotations with little narration between them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from book.anchors import Anchor, normalise, resolve
from book.script import ScriptChapter, Segment
from book.speakers import is_unsure

SURE = 0.9  # a character's line below it is worth a second look: one of ten such is wrong
SILENT_PARAGRAPHS = 3  # of narration that end a conversation
CAST_BY_HAND = "casting"  # rule of a line that a person decided

Doubt = Literal["none", "second", "doubtful"]


@dataclass(frozen=True, slots=True)
class Unit:
    """What one casting moves."""

    chapter: int
    segments: tuple[Segment, ...]

    @property
    def first(self) -> Segment:
        """The segment that stands for all: they share speaker, rule and guesses."""
        return self.segments[0]

    @property
    def spoken(self) -> bool:
        """Whether it is a quotation."""
        return self.first.quotation is not None

    @property
    def text(self) -> str:
        """As printed, with a space where the source has one or a line ends."""
        return " ".join(segment.printed for segment in self.segments)


def units_of(chapter: int, segments: Iterable[Segment]) -> list[Unit]:
    """The units of a chapter in order of their first segments."""
    parts: dict[tuple[bool, int], list[Segment]] = {}
    for segment in segments:
        quotation = segment.quotation
        name = (False, segment.number) if quotation is None else (True, quotation)
        parts.setdefault(name, []).append(segment)
    return [Unit(chapter, tuple(own)) for own in parts.values()]


def doubt(unit: Unit, threshold: float) -> Doubt:
    """How much a person's look is needed.

    Args:
        threshold: the project's ``casting.confidence``.

    ``doubtful``: nobody knows the speaker well enough (whoever speaks it now); ``second``: a
    character speaks it, and the rule behind it is wrong more often than one time in ten.
    """
    segment = unit.first
    if not unit.spoken or segment.rule == CAST_BY_HAND:
        return "none"
    if is_unsure(segment.rule):
        return "doubtful"
    if segment.speaker is None:
        return "none"
    if segment.confidence < threshold:
        return "doubtful"
    return "second" if segment.confidence < SURE else "none"


def conversations(chapter: ScriptChapter, units: Sequence[Unit]) -> Iterator[tuple[Unit, ...]]:
    """The quotations of a chapter, cut where a scene ends or nobody speaks for a while."""
    owner = {segment.number: unit for unit in units for segment in unit.segments}
    current: list[Unit] = []
    silent, speech_in_paragraph = 0, False
    for segment in chapter.segments:
        unit = owner[segment.number]
        if unit.spoken:
            if silent >= SILENT_PARAGRAPHS and current:
                yield tuple(current)
                current = []
            if segment is unit.first:  # the rest of it belongs where it began
                current.append(unit)
            silent, speech_in_paragraph = 0, True
        if ends_paragraph(segment):
            silent += 0 if speech_in_paragraph else 1
            speech_in_paragraph = False
            if segment.pause_reason in ("scene", "title", "end") and current:
                yield tuple(current)
                current, silent = [], 0
    if current:
        yield tuple(current)


def ends_paragraph(segment: Segment) -> bool:
    """Whether a segment is the last of its paragraph."""
    return segment.pause_reason in ("paragraph", "scene", "title", "end")


class Places:
    """Where anchors are in a book, found quickly: only equal texts are compared."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        self._by_text: dict[str, list[Segment]] = {}
        for segment in segments:
            self._by_text.setdefault(segment.anchor.text, []).append(segment)

    def find(self, anchor: Anchor) -> Segment | None:
        """The one segment that ``anchor`` names, as the script itself resolves it."""
        same = self._by_text.get(anchor.text, [])
        lengths = [len(normalise(segment.printed)) for segment in same]
        index = resolve(anchor, [segment.anchor for segment in same], lengths)
        return None if index is None else same[index]

    def name(self, unit: Unit) -> Anchor | None:
        """An anchor that names this unit and no other; None when its text is printed more
        than once with the same text around it."""
        for segment in unit.segments:
            if self.find(segment.anchor) is segment:
                return segment.anchor
        return None
