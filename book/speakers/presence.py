"""Who is there: traces, tags and talk of all characters at each turn.

For everyone in the cast at once, as arrays: how much they are on a reader's mind before and
after a turn, how often tags name them in the scene and in the conversation, how much others
talk of them. From it come the candidates of a turn, and what speaks for those of whom the text
beside the turn says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from book.speakers.people import People
from book.speakers.phrases import Phrase
from book.speakers.salience import FAST, SLOW, Floats, Genders, shares, traces
from book.speakers.turns import Talk

MOST = 10  # candidates of one turn: the right one is among them in 99 % of the development turns
NEAR = 3  # paragraphs between two turns of one conversation
_FLOOR = 0.03  # of a share, under its logarithm
_SCENE = 12  # turns before and after that make a scene
_TALK = 0.9  # of the talk about somebody is left a turn later
_PRESENT = 0.2  # a trace this deep: somebody is there


@dataclass(frozen=True, slots=True)
class View:
    """The state at one turn: (characters,) each."""

    fast: Floats  # traces that fade within paragraphs
    slow: Floats  # … within a scene
    coming: Floats  # of those who are going to be mentioned
    scene: Floats  # tags in the turns around
    run: Floats  # tags in the same conversation
    talk: Floats  # how much the speeches before talk of them


class Presence:
    """Presence in one book."""

    def __init__(self, people: People, chapters: Sequence[Sequence[Talk]]) -> None:
        self.genders = Genders(people.genders, people.narrator)
        self._people = people
        self._size = len(people.keys)
        self._book = np.zeros(self._size)
        for turns in chapters:
            for turn in turns:
                for who in tagged(turn, people.narrator):
                    self._book[who] += 1

    def views(self, mentions: Sequence[Sequence[Phrase]], turns: Sequence[Talk]) -> list[View]:
        """The state at each turn of a chapter; ``mentions`` in the narration of its paragraphs."""
        held = {p for turn in turns for p in range(turn.paragraph + 1, turn.last + 1)}
        fast, slow = (traces(mentions, self.genders, keep, held) for keep in (FAST, SLOW))
        held = {len(mentions) - 1 - p for p in held}
        coming = traces(mentions[::-1], self.genders, FAST, held)[::-1]
        scene, runs = self._scenes(turns), self._runs(turns)
        talk = np.zeros(self._size)
        found = []
        for t, turn in enumerate(turns):
            talk = talk * _TALK
            first, last = turn.paragraph, turn.last
            found.append(View(fast[first], slow[first], coming[last], scene[t], runs[t], talk))
            talk = talk.copy()
            talk[sorted(turn.spoken_of)] += 1
        return found

    def _scenes(self, turns: Sequence[Talk]) -> list[Floats]:
        """How often each is tagged in the turns around each turn."""
        rows = np.zeros((len(turns) + 1, self._size))
        for t, turn in enumerate(turns):
            rows[t + 1] = rows[t]
            for who in tagged(turn, self._people.narrator):
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
            if t == len(turns) or gap(turns, t - 1, t) > NEAR - 1:
                count = np.zeros(self._size)
                for turn in turns[begin:t]:
                    for who in tagged(turn, self._people.narrator):
                        count[who] += 1
                found.extend([count] * (t - begin))
                begin = t
        return found

    def candidates(self, marks: Mapping[int, Mapping[str, float]], view: View) -> tuple[int, ...]:
        """The few who may speak a turn, in the order of the cast.

        ``marks``: what the text beside the turn says of each character.
        """
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

    def columns(self, view: View, mask: Floats) -> dict[str, Floats]:
        """Features of presence, by name; ``mask``: whom the words of the turn can mean."""
        present = view.fast + 0.5 * view.coming
        # those who can be meant, deepest trace first
        ranked = sorted(range(self._size), key=lambda c: (-(view.fast * mask)[c], c))
        columns: dict[str, Floats] = {
            "fast": np.log(shares(view.fast, mask) + _FLOOR),
            "slow": np.log(shares(view.slow, mask) + _FLOOR),
            "coming": np.log(shares(view.coming, mask) + _FLOOR),
            "book": np.log(shares(self._book, self.genders.any) + _FLOOR / 3),
            "scene": np.log1p(view.scene),
            "talked about": np.log1p(view.talk) * (present < _PRESENT),
            "run": np.log1p(view.run),
            "here": (present >= _PRESENT).astype(float),
        }
        if view.fast[ranked[0]] > 0:
            first = np.zeros(self._size)
            first[ranked[0]] = 1
            columns["first"] = first
        if self._people.narrator is not None:
            narrator = np.zeros(self._size)
            narrator[self._people.narrator] = 1
            columns["narrator"] = narrator
        return columns


def gap(turns: Sequence[Talk], a: int, b: int) -> int:
    """Paragraphs from one turn to another."""
    a, b = min(a, b), max(a, b)
    return turns[b].paragraph - turns[a].last


def tagged(turn: Talk, narrator: int | None) -> set[int]:
    """Whom the tags of a turn name beyond doubt."""
    found: set[int] = set()
    for tag in turn.tags:
        if tag.phrase.kind == "name" and len(tag.phrase.who) == 1:
            found.update(tag.phrase.who)
        elif tag.phrase.kind == "I" and narrator is not None:
            found.add(narrator)
    return found
