"""Windows of a script in which a language model may be asked who says what.

The model sees a passage with the quotations numbered and answers with numbers and names; the
text itself never comes back, so it cannot be changed. A window holds neighbouring quotations
(one by one they are guessed far worse), among them some whose speaker the text states: the
model is believed only where it gets those right. Pure; asking is ``tasks/labelling.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from book.anchors import Anchor
from book.script import Script, ScriptChapter, Segment
from book.speakers.attribution import is_unsure

UNKNOWN = "unknown"  # the answer for a speaker who is not in the cast
CONTRADICTED = 0.05  # of the stated speakers; a model that gets more wrong is not believed
FEWEST_STATED = 3  # in a window: fewer say too little about the model
FEWEST_STATED_IN_ALL = 10  # over all windows, to judge those that have too few of their own
CONTEXT = 3  # segments of narration before and after the window's quotations
_STATED = ("explicit", "casting", "script")
_STATED_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Question:
    """One quotation of a window."""

    id: str  # ``q7``: its number in the window
    anchor: Anchor  # of its first segment
    printed: str  # the beginning, for people
    stated: str | None  # who says it, where the text says so: asked all the same, to check
    unsure: bool  # whether the answer is wanted


@dataclass(frozen=True, slots=True)
class Window:
    """One request: a passage and its quotations."""

    chapter: int
    passage: str  # with ``⟨q7⟩`` before each quotation
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """How the model did where the answer is known."""

    stated: int
    contradicted: int

    @property
    def believed(self) -> bool:
        """Whether it contradicts at most ``CONTRADICTED`` of what the text states."""
        return self.contradicted <= CONTRADICTED * self.stated


def unsure(segment: Segment) -> bool:
    """Whether nobody knows who says it: the rules are not sure, and nobody has corrected it."""
    return segment.kind == "speech" and is_unsure(segment.rule)


def find_windows(script: Script, size: int) -> Iterator[Window]:
    """The windows that hold a quotation whose speaker is unsure, of at most ``size`` quotations."""
    for chapter in script.chapters:
        quotations = list(_quotations(chapter))
        count = math.ceil(len(quotations) / size) if quotations else 0
        for i in range(count):
            part = quotations[i * len(quotations) // count : (i + 1) * len(quotations) // count]
            if any(unsure(chapter.segments[indices[0]]) for indices in part):
                yield _window(chapter, part)


def halves(window: Window) -> tuple[Window, ...]:
    """The window cut in two, for a model whose answer did not come to its end."""
    if len(window.questions) < 2:
        return ()
    middle = len(window.questions) // 2
    first, second = window.questions[:middle], window.questions[middle:]
    at = window.passage.index(f"⟨{second[0].id}⟩")
    return (
        Window(window.chapter, window.passage[:at], first),
        Window(window.chapter, window.passage[at:], second),
    )


def examine(window: Window, answers: Mapping[str, str]) -> Marks:
    """How the answers agree with what the text states; ``unknown`` contradicts nothing."""
    asked = [q for q in window.questions if q.stated and answers.get(q.id, UNKNOWN) != UNKNOWN]
    return Marks(len(asked), sum(answers[q.id] != q.stated for q in asked))


def wanted(window: Window, answers: Mapping[str, str]) -> dict[Anchor, str]:
    """The answers to what was unsure."""
    return {q.anchor: answers[q.id] for q in window.questions if q.unsure and q.id in answers}


def _quotations(chapter: ScriptChapter) -> Iterator[list[int]]:
    """Indices of the segments of each quotation, in order."""
    numbers: dict[int, list[int]] = {}
    for i, segment in enumerate(chapter.segments):
        if segment.quotation is not None:
            numbers.setdefault(segment.quotation, []).append(i)
    yield from numbers.values()


def _window(chapter: ScriptChapter, part: Sequence[Sequence[int]]) -> Window:
    segments = chapter.segments
    heads = {indices[0]: f"q{number}" for number, indices in enumerate(part, 1)}
    start = max(0, part[0][0] - CONTEXT)
    end = min(len(segments), max(indices[-1] for indices in part) + 1 + CONTEXT)
    questions = tuple(
        Question(
            heads[indices[0]],
            segments[indices[0]].anchor,
            segments[indices[0]].printed,
            _stated(segments[indices[0]]),
            unsure(segments[indices[0]]),
        )
        for indices in part
    )
    return Window(chapter.number, "".join(_passage(segments, start, end, heads)), questions)


def _passage(
    segments: Sequence[Segment], start: int, end: int, heads: Mapping[int, str]
) -> Iterable[str]:
    for i in range(start, end):
        yield f"⟨{heads[i]}⟩" if i in heads else ""
        yield segments[i].printed
        yield "\n\n" if segments[i].pause_reason in ("paragraph", "scene", "title", "end") else " "


def _stated(segment: Segment) -> str | None:
    sure = segment.rule.startswith(_STATED) and segment.confidence >= _STATED_CONFIDENCE
    return segment.speaker if sure else None
