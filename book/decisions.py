"""Who says each draft, finally: by a person's word, a language model's, or a rule that is sure.

A decision moves a whole quotation and never a boundary. An anchor that fits nothing is listed,
never applied elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from book.anchors import Anchor, resolve
from book.anchors import normalise as anchor_text
from book.casting import CASTING_FILE
from book.drafts import Draft
from book.labels import Label
from book.project import Book
from book.speakers import UNSURE, Attribution, Guess, is_unsure


class CastingLine(Protocol):
    """A person's word on who says a line, and how."""

    @property
    def anchor(self) -> Anchor: ...
    @property
    def speaker(self) -> str | None: ...
    @property
    def style(self) -> str | None: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Cast:
    """Who says a segment, finally."""

    speaker: str | None
    style: str | None
    rule: str
    confidence: float
    guesses: tuple[Guess, ...] = ()

    @property
    def unsure(self) -> bool:
        """Whether the rules do not know, and the narrator speaks for that reason."""
        return is_unsure(self.rule)


def decide(
    body: Sequence[Sequence[Draft]],
    anchors: Sequence[Sequence[Anchor]],
    book: Book,
    castings: Sequence[CastingLine],
    labels: Sequence[Label],
) -> tuple[list[list[Cast]], tuple[str, ...]]:
    """Who says each draft of each chapter, and the castings that fit nothing any more."""
    cast = [[_by_rule(draft, book) for draft in drafts] for drafts in body]
    if not castings and not labels:
        return cast, ()
    places = _Places.of(body, anchors)
    _apply_labels(labels, cast, places, book)
    return cast, _apply_castings(castings, cast, places)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the segments of the book are, to be found by their anchors."""

    body: Sequence[Sequence[Draft]]
    anchors: Sequence[Anchor]
    lengths: Sequence[int]
    where: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, body: Sequence[Sequence[Draft]], anchors: Sequence[Sequence[Anchor]]) -> _Places:
        return cls(
            body,
            list(chain.from_iterable(anchors)),
            [len(anchor_text(draft.printed)) for draft in chain.from_iterable(body)],
            [(c, i) for c, drafts in enumerate(body) for i in range(len(drafts))],
        )

    def find(self, wanted: Anchor) -> list[tuple[int, int]]:
        """(chapter, segment) of the whole quotation that ``wanted`` is in; none if it fits none."""
        index = resolve(wanted, self.anchors, self.lengths)
        if index is None:
            return []
        chapter, i = self.where[index]
        quotation = self.body[chapter][i].piece.quotation
        return [
            (chapter, k)
            for k, draft in enumerate(self.body[chapter])
            if k == i or (quotation is not None and draft.piece.quotation == quotation)
        ]


def _apply_castings(
    castings: Sequence[CastingLine], cast: list[list[Cast]], places: _Places
) -> tuple[str, ...]:
    """Puts a person's word in the place of every rule; returns what fits nothing any more."""
    orphans = []
    for casting in castings:
        found = places.find(casting.anchor)
        if not found:
            named = f"{casting.anchor} ({casting.text!r})"
            orphans.append(f"{CASTING_FILE}: {named} fits no segment any more")
        for chapter, i in found:
            cast[chapter][i] = Cast(casting.speaker, casting.style, "casting", 1.0)
    return tuple(orphans)


def _apply_labels(
    labels: Sequence[Label], cast: list[list[Cast]], places: _Places, book: Book
) -> None:
    """Puts a language model's word in the place of unsure rules, where it counts as sure."""
    settings = book.casting.model
    if settings is None or settings.confidence < book.casting.confidence:
        return
    for label in labels:
        for chapter, i in places.find(label.anchor) if label.speaker else ():
            before = cast[chapter][i]
            if before.unsure:
                cast[chapter][i] = Cast(
                    label.speaker, before.style, "model", settings.confidence, before.guesses
                )


def _by_rule(draft: Draft, book: Book) -> Cast:
    who: Attribution = draft.who
    style = draft.paragraph.style
    unsure = who.speaker is not None and who.confidence < book.casting.confidence
    if unsure and book.casting.unsure == "narrator":
        return Cast(None, style, f"{who.rule}{UNSURE}", who.confidence, who.guesses)
    return Cast(who.speaker, style, who.rule, who.confidence, who.guesses)
