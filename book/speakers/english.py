"""Speakers of a book in English (and other Latin scripts).

Every turn of talk gets evidence for each candidate (``evidence.py``), fitted weights make it
scores, the decoder makes probabilities of them with the turns around, and a calibration learnt
on other books makes those what they say they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from book.languages import Language
from book.speakers.attribution import UNRESOLVED, Attribution, ChapterText, Guess
from book.speakers.decoder import Marginal, Turn, decode_bound
from book.speakers.evidence import FEATURES, Evidence, Reader
from book.speakers.names import Names
from book.speakers.people import People
from book.speakers.phrases import Phrases
from book.speakers.presence import NEAR, gap
from book.speakers.relations import Relations
from book.speakers.stories import stories
from book.speakers.tags_en import Tags
from book.speakers.turns import Talk, TurnReader, written_speaker
from book.speakers.words import SpeakerWords, load_calibration, load_weights, load_words

_NAMED = [i for i, n in enumerate(FEATURES) if n.startswith(("tag name", "tag I"))]
_TAGS = {"pronoun": "pronoun", "person": "description"}
_REASONS = {
    reason: [i for i, n in enumerate(FEATURES) if n.startswith(starts)]
    for reason, starts in (
        ("action", ("beat", "above", "below")),
        ("called", ("call", "told", "sir", "not sir")),
        ("presence", ("name", "fast", "slow", "coming", "book", "scene", "talked", "narr", "here")),
    )
}

WEIGHTS = "turns"  # configs/speakers/turns.yaml
CLOSE = 0.001  # to 0 and 1: no probability counts as closer
SHOWN = 3  # guesses of one quotation
# A tag that names nobody of the cast: how much likelier than the best of the cast somebody
# else is, as a logarithm. By hand: the books with known speakers have everyone in their cast.
_ELSE = {"group": 1.0, "someone": 0.5, "unlisted": 1.5, "I": 1.0, "person": 0.7}
# An untagged line: somebody else speaks as much of these as of the tagged ones. Measured with
# every second character taken from the casts: wrong voices at 0.7 fall from 11.4 to 7.2 %.
_AGAIN = 1.0  # added where such a one speaks within earshot
_EARSHOT = 4  # turns
_DOUBT = 20  # tags of the cast that are taken for granted: three tags prove nothing
_FEW = 0.01  # of the lines are somebody else's, at least: no cast is known to be complete
_KNOWN = [FEATURES.index(n) for n in ("tag person word", "tag described", "tag family")]


def attribute(
    chapters: Sequence[ChapterText],
    names: Names,
    language: Language,
    scale: Scale | None = None,
) -> list[dict[int, Attribution]]:
    """The speaker of every quotation, by its number, for each chapter.

    ``scale``: weights other than those that ship.
    """
    people, talk, evidence = read_evidence(chapters, names, language)
    scale = scale or Scale(load_weights(WEIGHTS), load_calibration(WEIGHTS))
    words = load_words(language.tag)
    unlisted = _unlisted(evidence, words)
    found = []
    for chapter, turns, rows in zip(chapters, talk, evidence, strict=True):
        answers = {s.quotation: UNRESOLVED for p in chapter.spans for s in p if s.quotation}
        if people.keys:
            told = [(s.parts, s.pull) for s in stories(turns)]
            marginals = decode_bound(_turns(rows, people, scale, words, unlisted), told)
            for row, marginal in zip(rows, marginals, strict=True):
                if row.talk.written is None:
                    answers.update(_answers(row, marginal, people, scale))
        for turn in turns:
            if turn.written is not None:
                who = Attribution(written_speaker(turn), "script", 1.0)
                answers.update(dict.fromkeys(turn.quotations, who))
        found.append(answers)
    return found


def read_evidence(
    chapters: Sequence[ChapterText], names: Names, language: Language
) -> tuple[People, list[list[Talk]], list[list[Evidence]]]:
    """Everything the weights are applied to."""
    words = load_words(language.tag)
    people = People(names, language, words)
    phrases = Phrases(people, language, words)
    reader = TurnReader(people, phrases, Tags(phrases, language, words), words)
    talk = [reader.read(chapter) for chapter in chapters]
    if not people.keys:
        return people, talk, [[] for _ in chapters]
    evidence = Reader(people, phrases, Relations(people, words, chapters), talk)
    return people, talk, [evidence.read(c, t) for c, t in zip(chapters, talk, strict=True)]


class Scale:
    """Weights, and what their probabilities are worth."""

    def __init__(
        self, weights: Mapping[str, float], calibration: Mapping[str, tuple[float, float]]
    ) -> None:
        self.weights = weights
        self.calibration = calibration
        self.vector = np.array([weights.get(name, 0.0) for name in FEATURES])

    def tie(self, names: Sequence[str]) -> float:
        """The sum of some ties."""
        return sum(self.weights.get(name, 0.0) for name in names)

    def calibrate(self, probability: float, kind: str) -> float:
        """How often an answer of this probability is right, for a turn of this kind."""
        slope, offset = self.calibration["named" if kind == "named" else "other"]
        p = min(max(probability, CLOSE), 1 - CLOSE)
        return 1 / (1 + math.exp(-(slope * math.log(p / (1 - p)) + offset)))


def _turns(
    rows: Sequence[Evidence],
    people: People,
    scale: Scale,
    words: SpeakerWords,
    unlisted: float,
) -> list[Turn]:
    """Evidence as the decoder wants it; somebody else is the number after the last character.

    ``unlisted``: the log odds that somebody who is not of the cast speaks an untagged turn.
    """
    turns = []
    talk = [row.talk for row in rows]
    strangers = [_somebody_else(row, words) for row in rows]
    for t, row in enumerate(rows):
        if row.talk.written is not None:
            key = written_speaker(row.talk)
            number = people.keys.index(key) if key in people.keys else len(people.keys)
            turns.append(Turn((number,), np.zeros(1)))
            continue
        scores = row.features @ scale.vector
        candidates = row.candidates
        extra = strangers[t]
        if extra is None and (row.talk.tag is None or row.talk.tag.phrase.kind == "pronoun"):
            extra = unlisted + _AGAIN * _is_heard(talk, strangers, t)
        if extra is not None:
            scores = np.append(scores, scores.max() + extra)
            candidates = (*candidates, len(people.keys))
        turns.append(Turn(candidates, scores, scale.tie(row.ties[0]), scale.tie(row.ties[1])))
    return turns


def _unlisted(chapters: Sequence[Sequence[Evidence]], words: SpeakerWords) -> float:
    """How often the tags of a book name somebody who is not of the cast, as log odds."""
    tagged = [row for rows in chapters for row in rows if row.talk.tag]
    strange = sum(
        _somebody_else(row, words) is not None
        and row.talk.tag is not None
        and row.talk.tag.phrase.kind != "I"  # one person, and a narrator who is not told
        for row in tagged
    )
    named = sum(row.kind == "named" for row in tagged)
    share = max(_FEW, strange / (strange + named + _DOUBT))
    return math.log(share / (1 - share))


def _is_heard(talk: Sequence[Talk], strangers: Sequence[float | None], t: int) -> bool:
    """Whether somebody who is not of the cast speaks in the same conversation."""
    for step in (-1, 1):
        near = t + step
        while 0 <= near < len(talk) and abs(near - t) <= _EARSHOT:
            if gap(talk, near, near - step) > NEAR:
                break
            if strangers[near] is not None:
                return True
            near += step
    return False


def _somebody_else(row: Evidence, words: SpeakerWords) -> float | None:
    tag = row.talk.tag
    if tag is None or tag.where == "colon" or (tag.phrase.kind == "I" and row.narrated):
        return None
    if tag.phrase.kind == "person":
        known = row.features[:, _KNOWN].any()
        return None if known or tag.phrase.noun in words.anyone else _ELSE["person"]
    return _ELSE.get(tag.phrase.kind)


def _answers(
    row: Evidence, marginal: Marginal, people: People, scale: Scale
) -> Iterator[tuple[int, Attribution]]:
    keys: list[str | None] = [people.keys[c] for c in row.candidates]
    if len(marginal.speakers) > len(keys):
        keys.append(None)
    order = sorted(range(len(keys)), key=lambda i: (-marginal.speakers[i], i))
    top = float(marginal.speakers[order[0]])
    sure = scale.calibrate(top, row.kind)
    share = (1 - sure) / (1 - top) if top < 1 else 0.0
    guesses = [Guess(keys[order[0]], sure)]
    for i in order[1:SHOWN]:
        guesses.append(Guess(keys[i], min(sure, float(marginal.speakers[i]) * share)))
    best = None if keys[order[0]] is None else order[0]
    other = next((i for i in order[1:] if keys[i] is not None), None)
    rule = "someone else" if best is None else _rule(row, marginal, best, other, scale)
    if best is None:
        # cannot be calibrated: the books with known speakers have everyone in their cast
        sure *= 0.5
        guesses[0] = Guess(None, sure)
    for number in row.talk.quotations:
        named = rule
        if rule == "explicit" and number not in row.talk.tagged:
            named = "explicit, goes on"
        yield number, Attribution(keys[order[0]], named, sure, tuple(guesses))


def _rule(row: Evidence, marginal: Marginal, best: int, other: int | None, scale: Scale) -> str:
    """What decided: a tag that agrees, else what told the best from the next most."""
    phrase = row.talk.tag.phrase if row.talk.tag else None
    if phrase and phrase.kind in ("name", "I") and row.features[best, _NAMED].any():
        return "explicit"
    if phrase and phrase.kind in _TAGS:
        return _TAGS[phrase.kind]
    parts = row.features[best] - (row.features[other] if other is not None else 0.0)
    weighed = parts * scale.vector
    reasons = {name: float(weighed[columns].sum()) for name, columns in _REASONS.items()}
    for name, probability, ties in (
        ("alternation", marginal.back, row.ties[1]),
        ("same speaker", marginal.same, row.ties[0]),
    ):
        reasons[name] = probability * scale.tie(ties)
    return max(reasons, key=lambda name: (reasons[name], name))
