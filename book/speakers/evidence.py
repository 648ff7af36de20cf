"""What speaks for each candidate of each turn, as numbers with names.

A row of features for each candidate; their weights are fitted (``configs/speakers/turns.yaml``).
Everything here is read off the text before any speaker is decided; what depends on who spoke
before is left to the decoder (``same`` and ``back``, by the gap between two turns).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from book.speakers.attribution import ChapterText
from book.speakers.people import People
from book.speakers.phrases import Phrase, Phrases
from book.speakers.salience import FAST, SLOW, Floats, Genders, shares, traces
from book.speakers.turns import Talk

MOST = 10  # candidates of one turn: the right one is among them in 98 % of the development turns
_NEAR = 3  # paragraphs between two turns of one conversation
_FLOOR = 0.03  # of a share, under its logarithm
_SCENE = 12  # turns before and after that make a scene

KINDS = ("named", "shared", "pronoun", "person", "beat", "none")  # how a turn is tagged
GAPS = ("inside", "next", "over one", "over more")
_BY_KIND = (
    "fast", "slow", "coming", "narrator", "book", "scene", "talked about", "first", "here",
    "run", "acts before", "acts after", "was called", "is called",
)  # fmt: skip
_PLAIN = (
    "tag name", "tag name before", "tag name colon", "tag name unlisted", "tag name shared",
    "tag I", "tag he", "tag not he", "tag person", "tag not person", "tag person word",
    "beat before", "beat before last", "beat after", "beat after first", "beat object", "beat I",
    "beat he", "beat not he", "beat only",
    "above last", "above", "below first",
    "calls self", "called before", "called after", "called before that", "called after that",
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


_Mark = Callable[..., None]  # characters, name of a feature, value
_Marks = dict[int, dict[str, float]]  # features of each character


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
        self, people: People, phrases: Phrases, chapters: Sequence[Sequence[Talk]]
    ) -> None:
        self._people, self._phrases = people, phrases
        self._genders = Genders(people.genders, people.narrator)
        self._size = len(people.keys)
        self._book = np.zeros(self._size)
        for turns in chapters:
            for turn in turns:
                for who in _tagged(turn, people.narrator):
                    self._book[who] += 1

    def read(self, chapter: ChapterText, turns: Sequence[Talk]) -> list[Evidence]:
        """The evidence of a chapter's turns."""
        mentions = self._narration(chapter)
        before = [traces(mentions, self._genders, keep) for keep in (FAST, SLOW)]
        coming = traces(mentions[::-1], self._genders, FAST)[::-1]
        talk = np.zeros(self._size)
        scene, runs = self._scenes(turns), self._runs(turns)
        found = []
        for t, turn in enumerate(turns):
            talk = talk * 0.9
            view = _View(
                fast=before[0][turn.paragraph],
                slow=before[1][turn.paragraph],
                coming=coming[turn.last],
                scene=scene[t],
                run=runs[t],
                talk=talk,
            )
            found.append(self._evidence(chapter, mentions, turns, t, view))
            for who in turn.spoken_of:
                talk[who] += 1
        return found

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

    def _scenes(self, turns: Sequence[Talk]) -> list[Floats]:
        """How often each is tagged in the turns around each turn."""
        rows = np.zeros((len(turns) + 1, self._size))
        for t, turn in enumerate(turns):
            rows[t + 1] = rows[t]
            for who in _tagged(turn, self._people.narrator):
                rows[t + 1, who] += 1
        last = len(turns)
        return [
            rows[min(last, t + _SCENE + 1)] - rows[max(0, t - _SCENE)] for t in range(len(turns))
        ]

    def _runs(self, turns: Sequence[Talk]) -> list[Floats]:
        """How often each is tagged in the conversation of each turn: no two gaps of narration."""
        found: list[Floats] = []
        begin = 0
        for t in range(1, len(turns) + 1):
            if t == len(turns) or self._gap(turns, t - 1, t) > _NEAR - 1:
                count = np.zeros(self._size)
                for turn in turns[begin:t]:
                    for who in _tagged(turn, self._people.narrator):
                        count[who] += 1
                found.extend([count] * (t - begin))
                begin = t
        return found

    def _evidence(
        self,
        chapter: ChapterText,
        mentions: Sequence[Sequence[Phrase]],
        turns: Sequence[Talk],
        t: int,
        view: _View,
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
        marks: _Marks = {}

        def mark(who: Sequence[int] | set[int], name: str, value: float = 1.0) -> None:
            for c in who:
                marks.setdefault(c, {})[name] = value

        self._read_tag(turn, mark)
        self._read_beats(turn, mark)
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
        if tag:
            mark(tag.to, "told now")
        candidates = self._candidates(marks, view, around)
        features = np.zeros((len(candidates), len(FEATURES)))
        for row, c in zip(features, candidates, strict=True):
            for name, value in marks.get(c, {}).items():
                row[_INDEX[name]] = value
        self._read_genders(turn, around, candidates, features)
        self._read_view(kind, gender, turn, view, candidates, features)
        return Evidence(
            turn,
            kind,
            candidates,
            features,
            self._ties(turns, t, kind),
            self._people.narrator is not None,
        )

    def _around(self, turns: Sequence[Talk], t: int) -> dict[str, Talk]:
        """The turns before and after in the same conversation."""
        found = {}
        for place, further, step in (("before", "before that", -1), ("after", "after that", 1)):
            near = t + step
            if 0 <= near < len(turns) and self._gap(turns, t, near) <= _NEAR:
                found[place] = turns[near]
                far = near + step
                if 0 <= far < len(turns) and self._gap(turns, near, far) <= _NEAR:
                    found[further] = turns[far]
        return found

    def _gap(self, turns: Sequence[Talk], a: int, b: int) -> int:
        a, b = min(a, b), max(a, b)
        return turns[b].paragraph - turns[a].last

    def _is_silent(self, chapter: ChapterText, p: int) -> bool:
        """Whether a paragraph exists and is narration alone."""
        return (
            0 <= p < len(chapter.paragraphs)
            and chapter.paragraphs[p].kind != "heading"
            and all(s.quotation is None for s in chapter.spans[p])
        )

    def _read_tag(self, turn: Talk, mark: _Mark) -> None:
        seen: set[tuple[str, tuple[int, ...]]] = set()
        for tag in turn.tags:
            phrase = tag.phrase
            if (phrase.kind, phrase.who) in seen:
                continue
            seen.add((phrase.kind, phrase.who))
            if phrase.kind == "name":
                name = "tag name"
                if len(phrase.who) > 1:
                    name = "tag name shared"
                elif tag.where == "colon":
                    name = "tag name colon"
                elif tag.where == "before":
                    name = "tag name before"
                elif not tag.listed:
                    name = "tag name unlisted"
                mark(phrase.who, name)
            elif phrase.kind == "I" and self._people.narrator is not None:
                mark((self._people.narrator,), "tag I")
            elif phrase.kind == "person":
                mark(
                    [c for c in range(self._size) if phrase.noun in self._people.tokens[c]],
                    "tag person word",
                )

    def _read_beats(self, turn: Talk, mark: _Mark) -> None:
        tagged = {(t.phrase.start, t.phrase.end) for t in turn.tags}
        before = [p for p in turn.before if (p.start, p.end) not in tagged]
        after = [p for p in turn.after if (p.start, p.end) not in tagged]
        names = {w for p in (*before, *after) if p.kind == "name" for w in p.who}
        subjects = [p for p in before if p.subject]
        mark({w for p in subjects for w in p.who}, "beat before")
        if subjects:
            mark(subjects[-1].who, "beat before last")
        subjects = [p for p in after if p.subject]
        mark({w for p in subjects for w in p.who}, "beat after")
        if subjects:
            mark(subjects[0].who, "beat after first")
        acting = {w for p in (*before, *after) if p.subject for w in p.who}
        mark(names - acting, "beat object")
        if len(names) == 1 and names == acting:
            mark(names, "beat only")
        narrator = self._people.narrator
        if narrator is not None and any(p.kind == "I" for p in (*before, *after)):
            mark((narrator,), "beat I")

    def _candidates(self, marks: _Marks, view: _View, around: dict[str, Talk]) -> tuple[int, ...]:
        score = (
            view.fast
            + 0.5 * view.slow
            + 0.7 * view.coming
            + 0.3 * np.minimum(view.scene, 5)
            + 0.01 * self._book / (1 + self._book.max(initial=0))
        )
        for c, named in marks.items():
            if any(name.startswith("tag name") for name in named):
                score[c] += 50
            score[c] += 0.7 * len([n for n in named if not n.startswith(("names", "named"))])
        if self._people.narrator is not None:
            score[self._people.narrator] += 5
        order = sorted(range(self._size), key=lambda c: (-score[c], c))
        return tuple(sorted(order[:MOST]))

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
        turn: Talk,
        view: _View,
        candidates: Sequence[int],
        features: Floats,
    ) -> None:
        if kind == "named":
            return  # a name in so many words: who else was there tells nothing
        mask = self._genders.mask(gender)
        picked = list(candidates)
        present = view.fast + 0.5 * view.coming
        # those who can be meant, deepest trace first
        ranked = sorted(range(self._size), key=lambda c: (-(view.fast * mask)[c], c))
        columns: dict[str, Floats] = {
            "fast": np.log(shares(view.fast, mask) + _FLOOR),
            "slow": np.log(shares(view.slow, mask) + _FLOOR),
            "coming": np.log(shares(view.coming, mask) + _FLOOR),
            "book": np.log(shares(self._book, self._genders.any) + _FLOOR / 3),
            "scene": np.log1p(view.scene),
            "talked about": np.log1p(view.talk) * (present < 0.2),
            "run": np.log1p(view.run),
            "here": (present >= 0.2).astype(float),
        }
        if view.fast[ranked[0]] > 0:
            first = np.zeros(self._size)
            first[ranked[0]] = 1
            columns["first"] = first
        if self._people.narrator is not None:
            narrator = np.zeros(self._size)
            narrator[self._people.narrator] = 1
            columns["narrator"] = narrator
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
        gap = turn.paragraph - turns[t - 1].last
        if turn.inside:
            name = "inside"
        else:
            name = "next" if gap <= 1 else "over one" if gap == 2 else "over more"
        further = (kind,) if kind in ("pronoun", "beat") and not turn.inside else ()
        same = (f"same, {name}", *(f"same, {k}" for k in further))
        back = (f"back, {name}", *(f"back, {k}" for k in further))
        return same, back


@dataclass(frozen=True, slots=True)
class _View:
    """The traces at one turn, a number for each character."""

    fast: Floats
    slow: Floats
    coming: Floats
    scene: Floats
    run: Floats
    talk: Floats


def _tagged(turn: Talk, narrator: int | None) -> set[int]:
    """Whom the tags of a turn name beyond doubt."""
    found: set[int] = set()
    for tag in turn.tags:
        if tag.phrase.kind == "name" and len(tag.phrase.who) == 1:
            found.update(tag.phrase.who)
        elif tag.phrase.kind == "I" and narrator is not None:
            found.add(narrator)
    return found
