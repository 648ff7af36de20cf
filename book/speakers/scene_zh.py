"""Who is present in a scene, and how much he is talked about: for pronouns and silent turns.

Everyone mentioned gains presence, subjects more than others, and loses it sentence by
sentence. All deterministic; nothing is learned from the book.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from book.speakers.clauses_zh import Clauses, Subject, split_clauses, split_sentences

FADES = 0.88  # what is left of a presence one sentence later
SUBJECT, BIDDEN, MENTION, SPEAKS, CALLED = 1.0, 0.6, 0.35, 0.9, 0.25
NOBODY = -1
UNKNOWN, UNKNOWN_PERSON = 0.03, 0.15  # how present someone is who is not in the cast
TURNED_FROM = 0.1  # 那人 rarely means whom the sentence before was about
ONE_PRONOUN = 0.5  # how often 他 means a woman, to a man, where there is no 她
GOES_ON = 2.0  # and 他 often does
NARRATOR = 0.2  # share of presence of the one who tells the story
FAINT = 0.02  # presence below which someone has left the scene


class Scene:
    """The people of a scene, by number."""

    def __init__(
        self,
        clauses: Clauses,
        numbers: Mapping[str, int],
        genders: Sequence[str | None],
        narrator: int | None,
        *,
        one_pronoun: bool = False,
    ) -> None:
        """``one_pronoun``: the book writes 他 of women too, as before the 1920s."""
        self._clauses = clauses
        self._narrator = narrator  # who says "I": never "he"
        self._last: int | None = None  # whom the last clause was about
        self._numbers = numbers
        self._genders = genders
        self._misgendered = ONE_PRONOUN if one_pronoun else 0.0
        self._meant: dict[Subject, dict[int, float]] = {}  # as understood when they were told
        self._weights: dict[int, float] = {}
        self._subjects: dict[int, float] = {}

    def clear(self) -> None:
        """A new scene: whoever was there may have left."""
        for weights in (self._weights, self._subjects):
            for person in list(weights):
                weights[person] *= 0.1

    def tell(self, narration: str) -> None:
        """Reads some narration."""
        self._meant.clear()
        for sentence in split_sentences(narration):
            clauses = split_clauses(sentence)
            if not clauses:
                continue
            self._fade()
            for match in self._clauses.name.finditer(sentence):
                self._raise(self._numbers[self._clauses.key(match.group())], MENTION)
            for match in self._clauses.bidden.finditer(sentence):
                self._act(self._numbers[self._clauses.key(match["name"])], BIDDEN)
            for clause in clauses:
                subject = self._clauses.subject(clause)
                if subject is None:
                    continue
                if subject.kind == "name" and subject.key is not None:
                    self._act(self._numbers[subject.key], SUBJECT)
                elif subject.kind == "others":
                    self._raise(NOBODY, SUBJECT)
                elif subject.kind == "stranger":
                    self._raise(NOBODY, SUBJECT)
                    self._subjects[NOBODY] = self._subjects.get(NOBODY, 0.0) + SUBJECT
                elif subject.kind != "group":
                    shares = self._meant[subject] = self.meant(subject)
                    for person, share in shares.items():
                        if person >= 0:
                            self._act(person, SUBJECT * share * 0.7)

    def speak(self, scores: Mapping[int, float], quotation: str) -> None:
        """Somebody has spoken; whoever he names may be there."""
        self._fade()
        for match in self._clauses.name.finditer(quotation):
            self._raise(self._numbers[self._clauses.key(match.group())], CALLED)
        people = {p: s for p, s in scores.items() if s > 1.0}
        whole = sum(math.exp(s) for s in people.values())
        for person, score in people.items():
            share = math.exp(score) / whole
            self._raise(person, SPEAKS * share)
            if person == NOBODY:
                continue
            self._subjects[person] = self._subjects.get(person, 0.0) + 0.5 * share
            if share > 0.5:
                self._last = person

    def presence(self) -> dict[int, float]:
        """Shares of attention of everyone present, -1 for those who are not in the cast."""
        weights = dict(self._weights)
        whole = sum(weights.values()) or 1.0
        if self._narrator is not None:
            weights[self._narrator] = max(weights.get(self._narrator, 0.0), NARRATOR * whole)
        return {person: weight / whole for person, weight in weights.items()}

    def meant(self, subject: Subject) -> dict[int, float]:
        """Who a pronoun or description may mean: shares, with -1 for nobody of the cast."""
        if subject in self._meant:
            return self._meant[subject]
        fitting = {NOBODY: UNKNOWN_PERSON if subject.kind == "person" else UNKNOWN}
        for person, weight in self._subjects.items():
            if person == self._narrator:
                continue
            if person == NOBODY:
                fitting[NOBODY] += weight
                continue
            gender = self._genders[person]
            if subject.gender is not None and gender not in (None, subject.gender, "x"):
                weight *= self._misgendered
            turn = TURNED_FROM if subject.turns else GOES_ON
            fitting[person] = weight * (turn if person == self._last else 1.0)
        whole = sum(fitting.values())
        return {person: weight / whole for person, weight in fitting.items() if weight}

    def _act(self, person: int, weight: float) -> None:
        if weight > 0.5:
            self._last = person
        self._raise(person, weight)
        self._subjects[person] = self._subjects.get(person, 0.0) + weight

    def _raise(self, person: int, weight: float) -> None:
        self._weights[person] = self._weights.get(person, 0.0) + weight

    def _fade(self) -> None:
        for weights, fades in ((self._weights, FADES), (self._subjects, FADES * 0.7)):
            for person in list(weights):
                weights[person] *= fades
                if weights[person] < FAINT * fades:
                    del weights[person]
