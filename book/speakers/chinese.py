"""Speakers of a book in Chinese: cues weighed, then decoded over each chapter's dialogue.

Every quotation gets a score for each person near it, from its tags, from what is done beside
it, from who is spoken of and who is called by name in it (``book/speakers/evidence_zh.py``);
``book/speakers/decoder.py`` weighs these against the turns of the talk. A tag that names nobody
of the cast (有人, 众人) speaks for nobody, and so does a quotation without any cue: it stays
unresolved.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from book.languages import Language
from book.manuscript import NARRATOR
from book.speakers.attribution import Attribution, ChapterText, Guess
from book.speakers.clauses_zh import Clauses
from book.speakers.decoder import Turn, decode
from book.speakers.evidence_zh import Evidence, Quoted
from book.speakers.names import Names
from book.speakers.scene_zh import NOBODY, Scene
from book.speakers.tags_zh import ChineseTags
from book.speakers.words import load_weights

CANDIDATES = 8  # people weighed for one quotation
ABSENT = 0.03  # presence of someone of whom nothing is told


def attribute(
    chapters: Sequence[ChapterText], names: Names, language: Language
) -> list[dict[int, Attribution]]:
    """The speaker of every quotation, by its number, for each chapter."""
    reader = _Reader(chapters, names, language)
    return [reader.chapter(chapter) for chapter in chapters]


class _Reader:
    """The rules for one book and its cast."""

    def __init__(self, chapters: Sequence[ChapterText], names: Names, language: Language) -> None:
        self._names = names
        self._cast = names.cast
        self._numbers = {key: i for i, key in enumerate(self._cast)}
        self._genders = [names.genders.get(key) for key in self._cast]
        self._narrator = self._numbers.get(names.first_person or "")
        texts = "".join(p.printed for chapter in chapters for p in chapter.paragraphs)
        self._one_pronoun = not any(word in texts for word in language.pronouns.get("f", ()))
        self._clauses = Clauses(names, language)
        self._weights = load_weights("zh")
        tags = ChineseTags(self._clauses, language)
        self._evidence = Evidence(self._clauses, tags, self._numbers, self._weights)

    def chapter(self, chapter: ChapterText) -> dict[int, Attribution]:
        """The answers of one chapter."""
        quoted = self._evidence.collect(chapter, self._scene())
        if not quoted:
            return {}
        turns = [self._turn(quote) for quote in quoted]
        marginals, _ = decode(turns)
        answers: dict[int, Attribution] = {}
        for quote, turn, marginal in zip(quoted, turns, marginals, strict=True):
            shares = sorted(
                zip(marginal.speakers.tolist(), turn.candidates, strict=True),
                key=lambda item: (-item[0], item[1]),
            )
            answers[quote.number] = self._answer(quote, shares, marginal.same, marginal.back)
        return answers

    def _scene(self) -> Scene:
        return Scene(
            self._clauses,
            self._numbers,
            self._genders,
            self._narrator,
            one_pronoun=self._one_pronoun,
        )

    def _turn(self, quote: Quoted) -> Turn:
        if quote.written is not None:
            person = self._numbers.get(quote.written, NOBODY)
            return Turn((person,), np.zeros(1))
        people = ({*quote.presence} | {*quote.scores}) - {NOBODY}
        ranked = sorted(
            people,
            key=lambda p: (-self._score(quote, p), p),
        )[:CANDIDATES]
        candidates = (NOBODY, *ranked)
        scores = [
            max(
                self._score(quote, NOBODY), quote.scores.get(NOBODY, 0.0) + self._weights["nobody"]
            ),
            *(self._score(quote, person) for person in ranked),
        ]
        return Turn(candidates, np.array(scores), quote.same, quote.back)

    def _score(self, quote: Quoted, person: int) -> float:
        presence = math.log(quote.presence.get(person, 0.0) + ABSENT)
        return quote.scores.get(person, 0.0) + self._weights["salience"] * presence

    def _answer(
        self, quote: Quoted, shares: Sequence[tuple[float, int]], same: float, back: float
    ) -> Attribution:
        if quote.written is not None:
            who = None if quote.written == NARRATOR else quote.written
            return Attribution(who, "script", 1.0, (Guess(who, 1.0),))
        calibrated = [(self._calibrate(share), person) for share, person in shares[:3]]
        total = max(1.0, sum(share for share, _ in calibrated))
        guesses = tuple(
            Guess(None if person == NOBODY else self._cast[person], share / total)
            for share, person in calibrated
        )
        best = shares[0][1]
        weight, rule = quote.rules.get(best, (0.0, ""))
        if best == NOBODY and not rule:
            rule = "unresolved"
        elif weight < 1.0 or not rule:
            rule = "same paragraph" if same >= max(back, 0.5) else "alternation"
        return Attribution(guesses[0].speaker, rule, guesses[0].probability, guesses)

    def _calibrate(self, share: float) -> float:
        share = min(max(share, 1e-4), 1 - 1e-4)
        odds = self._weights["slope"] * math.log(share / (1 - share)) + self._weights["offset"]
        return min(1 / (1 + math.exp(-odds)), self._weights["ceiling"])
