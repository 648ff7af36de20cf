"""What speaks for each candidate of each turn, as numbers with names.

A row of features for each candidate; their weights are fitted (``configs/speakers/turns.yaml``).
Everything here is read off the text before any speaker is decided; what depends on who spoke
before is left to the decoder (``same`` and ``back``, by the gap between two turns).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from book.speakers.attribution import ChapterText
from book.speakers.beside import read_beats, read_tag
from book.speakers.people import People
from book.speakers.phrases import Phrase, Phrases
from book.speakers.presence import NEAR, Presence, View, gap, tagged
from book.speakers.relations import Relations
from book.speakers.salience import Floats
from book.speakers.stories import stories, unturned
from book.speakers.turns import Talk

KINDS = ("named", "shared", "pronoun", "person", "beat", "none")  # how a turn is tagged
GAPS = ("inside", "next", "over one", "over more")
_BY_KIND = (
    "fast", "slow", "coming", "narrator", "book", "scene", "talked about", "first", "here",
    "run", "acts before", "acts after", "was called", "is called",
)  # fmt: skip
_PLAIN = (
    "tag name", "tag name before", "tag name colon", "tag name unlisted", "tag name shared",
    "tag I", "tag he", "tag not he", "tag person", "tag not person", "tag person word",
    "tag described", "tag family",
    "beat before", "beat before last", "beat after", "beat after first", "beat object", "beat I",
    "beat he", "beat not he", "beat only",
    "above last", "above", "below first",
    "calls self", "called before", "called after", "called before that", "called after that",
    "spoke before", "spoke before that", "speaks after", "speaks after that",
    "names self", "named before", "named after", "told before", "told after", "told now",
    "sir before", "not sir before", "sir after", "not sir after", "sir self",
)  # fmt: skip
FEATURES: tuple[str, ...] = (
    *_PLAIN,
    *(f"{name}, {kind}" for kind in KINDS[1:] for name in _BY_KIND),
)
TIES: tuple[str, ...] = tuple(
    f"{tie}, {what}" for tie in ("same", "back") for what in (*GAPS, "pronoun", "beat")
)
_INDEX = {name: i for i, name in enumerate(FEATURES)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One turn, ready to be weighed."""

    talk: Talk
    kind: str  # of KINDS
    candidates: tuple[int, ...]
    features: Floats  # (candidates, features)
    ties: tuple[tuple[str, ...], tuple[str, ...]]  # names of the ties: same, back
    narrated: bool  # it is known who says "I"


class Reader:
    """Reads the evidence of one book."""

    def __init__(
        self,
        people: People,
        phrases: Phrases,
        relations: Relations,
        chapters: Sequence[Sequence[Talk]],
    ) -> None:
        self._people, self._phrases, self._relations = people, phrases, relations
        self._presence = Presence(people, chapters)

    def read(self, chapter: ChapterText, turns: Sequence[Talk]) -> list[Evidence]:
        """The evidence of a chapter's turns."""
        mentions = self._narration(chapter)
        views = self._presence.views(mentions, turns)
        told = {t for story in stories(turns) for t in unturned(story)}
        return [
            self._evidence(chapter, mentions, turns, t, views[t], t not in told)
            for t in range(len(turns))
        ]

    def _narration(self, chapter: ChapterText) -> list[list[Phrase]]:
        found = []
        for paragraph, spans in zip(chapter.paragraphs, chapter.spans, strict=True):
            row: list[Phrase] = []
            if paragraph.kind != "heading":
                for span in spans:
                    if span.quotation is None:
                        row.extend(self._phrases.mentions(paragraph.printed, span.start, span.end))
            found.append(row)
        return found

    def _evidence(
        self,
        chapter: ChapterText,
        mentions: Sequence[Sequence[Phrase]],
        turns: Sequence[Talk],
        t: int,
        view: View,
        takes_turns: bool,
    ) -> Evidence:
        turn = turns[t]
        tag = turn.tag
        gender = None
        if tag and tag.phrase.kind in ("name", "I"):
            kind = "shared" if len(tag.phrase.who) > 1 or tag.where == "colon" else "named"
        elif tag and tag.phrase.kind in ("pronoun", "person"):
            kind, gender = tag.phrase.kind, tag.phrase.gender
        elif any(p.subject for p in (*turn.before, *turn.after)):
            kind = "beat"
        else:
            kind = "none"
        around = self._around(turns, t)
        above = mentions[turn.paragraph - 1] if self._is_silent(chapter, turn.paragraph - 1) else []
        below = mentions[turn.last + 1] if self._is_silent(chapter, turn.last + 1) else []
        marks: dict[int, dict[str, float]] = {}

        def mark(who: Sequence[int] | set[int], name: str, value: float = 1.0) -> None:
            for c in who:
                marks.setdefault(c, {})[name] = value

        read_tag(turn, self._people, self._relations, mark)
        read_beats(turn, self._people.narrator, mark)
        subjects = [p for p in above if p.kind == "name" and p.subject]
        if subjects:
            mark(subjects[-1].who, "above last")
        mark({w for p in above if p.kind == "name" for w in p.who}, "above")
        first = next((p for p in below if p.kind == "name" and p.subject), None)
        if first:
            mark(first.who, "below first")
        mark(turn.called, "calls self")
        mark(turn.spoken_of - turn.called, "names self")
        for place, other in around.items():
            if place in ("before", "after"):
                mark(other.called, f"called {place}")
                mark(other.spoken_of - other.called, f"named {place}")
                if other.tag:
                    mark(other.tag.to, f"told {place}")
            else:
                mark(other.called, f"called {place}")
        if kind != "named":
            for place, turn_there in around.items():
                verb = "spoke" if place.startswith("before") else "speaks"
                mark(tagged(turn_there, self._people.narrator), f"{verb} {place}")
        if tag:
            mark(tag.to, "told now")
        candidates = self._presence.candidates(marks, view)
        features = np.zeros((len(candidates), len(FEATURES)))
        for row, c in zip(features, candidates, strict=True):
            for name, value in marks.get(c, {}).items():
                row[_INDEX[name]] = value
        self._read_genders(turn, around, candidates, features)
        self._read_view(kind, gender, view, candidates, features)
        return Evidence(
            turn,
            kind,
            candidates,
            features,
            self._ties(turns, t, kind) if takes_turns else ((), ()),
            self._people.narrator is not None,
        )

    def _around(self, turns: Sequence[Talk], t: int) -> dict[str, Talk]:
        """The turns before and after in the same conversation."""
        found = {}
        for place, further, step in (("before", "before that", -1), ("after", "after that", 1)):
            near = t + step
            if 0 <= near < len(turns) and gap(turns, t, near) <= NEAR:
                found[place] = turns[near]
                far = near + step
                if 0 <= far < len(turns) and gap(turns, near, far) <= NEAR:
                    found[further] = turns[far]
        return found

    def _is_silent(self, chapter: ChapterText, p: int) -> bool:
        """Whether a paragraph exists and is narration alone."""
        return (
            0 <= p < len(chapter.paragraphs)
            and chapter.paragraphs[p].kind != "heading"
            and all(s.quotation is None for s in chapter.spans[p])
        )

    def _read_genders(
        self,
        turn: Talk,
        around: dict[str, Talk],
        candidates: Sequence[int],
        features: Floats,
    ) -> None:
        genders = self._people.genders

        def agree(gender: str | None, yes: str, no: str) -> None:
            for row, c in zip(features, candidates, strict=True):
                if gender and genders[c] == gender:
                    row[_INDEX[yes]] = 1
                elif gender and (genders[c] is not None):
                    row[_INDEX[no]] = 1

        if turn.tag and turn.tag.phrase.kind == "pronoun":
            agree(turn.tag.phrase.gender, "tag he", "tag not he")
        elif turn.tag and turn.tag.phrase.kind == "person":
            agree(turn.tag.phrase.gender, "tag person", "tag not person")
        elif not turn.tag:
            acting = [p for p in (*turn.before[::-1], *turn.after) if p.subject]
            if acting and acting[0].kind == "pronoun":
                agree(acting[0].gender, "beat he", "beat not he")
        for place in ("before", "after"):
            if place in around:
                agree(around[place].addresses, f"sir {place}", f"not sir {place}")
        if turn.addresses:
            for row, c in zip(features, candidates, strict=True):
                row[_INDEX["sir self"]] = genders[c] == turn.addresses

    def _read_view(
        self,
        kind: str,
        gender: str | None,
        view: View,
        candidates: Sequence[int],
        features: Floats,
    ) -> None:
        if kind == "named":
            return  # a name in so many words: who else was there tells nothing
        mask = self._presence.genders.mask(gender)
        picked = list(candidates)
        columns = self._presence.columns(view, mask)
        for name, column in columns.items():
            features[:, _INDEX[f"{name}, {kind}"]] = column[picked]
        for name, source in (
            ("acts before", "beat before last"),
            ("acts after", "beat after first"),
            ("was called", "called before"),
            ("is called", "called after"),
        ):
            allowed = mask[picked] > 0
            features[:, _INDEX[f"{name}, {kind}"]] = features[:, _INDEX[source]] * allowed

    def _ties(
        self, turns: Sequence[Talk], t: int, kind: str
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if not t:
            return (), ()
        turn = turns[t]
        distance = gap(turns, t - 1, t)
        if turn.inside:
            name = "inside"
        else:
            name = "next" if distance <= 1 else "over one" if distance == 2 else "over more"
        further = (kind,) if kind in ("pronoun", "beat") and not turn.inside else ()
        same = (f"same, {name}", *(f"same, {k}" for k in further))
        back = (f"back, {name}", *(f"back, {k}" for k in further))
        return same, back
