"""Speakers of a book in Chinese: cues weighed, then decoded over each chapter's dialogue.

Every quotation gets a score for each person near it, from its tags, from what is done beside
it, from who is spoken of and who is called by name in it; ``book/speakers/decoder.py`` weighs
these against the turns of the talk. A tag that names nobody of the cast (有人, 众人) speaks for
nobody, and so does a quotation without any cue: it stays unresolved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from book.languages import Language
from book.manuscript import NARRATOR, Paragraph
from book.spans import Span
from book.speakers.attribution import Attribution, ChapterText, Guess
from book.speakers.clauses_zh import Clauses, Subject, split_clauses, split_sentences
from book.speakers.decoder import Turn, decode
from book.speakers.names import Names
from book.speakers.scene_zh import Scene
from book.speakers.tags_zh import ChineseTags, Cue
from book.speakers.words import load_weights

NOBODY = -1  # the candidate that is nobody of the cast
HERE = 0.3  # share of presence of whoever a cue names
CANDIDATES = 8  # people weighed for one quotation
RULES: Mapping[str, str] = {
    "tag": "explicit, tag before",
    "chain": "clause chain",
    "colon": "colon",
    "pronoun": "pronoun",
    "beat": "action",
    "beat-mid": "action",
    "led": "action before",
    "lead-in": "paragraph before",
    "same": "same paragraph",
    "back": "alternation",
    "follows": "paragraph after",
}


@dataclass
class _Quoted:
    """One quotation, before it is decided whose."""

    number: int
    paragraph: int
    text: str
    scores: dict[int, float] = field(default_factory=dict)
    rules: dict[int, tuple[float, str]] = field(default_factory=dict)
    presence: dict[int, float] = field(default_factory=dict)
    same: float = 0.0
    back: float = 0.0
    script: str | None = None  # "script" where the manuscript names the speaker

    def add(self, person: int, weight: float, rule: str) -> None:
        """Evidence for one person."""
        self.scores[person] = self.scores.get(person, 0.0) + weight
        if weight > self.rules.get(person, (0.0, ""))[0]:
            self.rules[person] = (weight, rule)


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
        self._tags = ChineseTags(self._clauses, language)
        self._weights = load_weights("zh")

    def chapter(self, chapter: ChapterText) -> dict[int, Attribution]:
        """The answers of one chapter."""
        quoted = self._collect(chapter)
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

    def _collect(self, chapter: ChapterText) -> list[_Quoted]:
        """Every quotation with what points to its speaker."""
        found: dict[int, _Quoted] = {}
        scene = Scene(
            self._clauses,
            self._numbers,
            self._genders,
            self._narrator,
            one_pronoun=self._one_pronoun,
        )
        previous, last, gap, reacted, expected = "", None, 99, False, None
        for at, (paragraph, spans) in enumerate(
            zip(chapter.paragraphs, chapter.spans, strict=True)
        ):
            if paragraph.kind == "heading" or paragraph.scene_break_before:
                scene.clear()
                previous, gap = "", 99
            if paragraph.kind == "heading":
                continue
            spoke = False
            for i, span in enumerate(spans):
                text = paragraph.printed[span.start : span.end]
                if span.quotation is None:
                    scene.tell(text)
                    continue
                if span.quotation in found:
                    quote = found[span.quotation]
                    cues = [c for c in self._cues(paragraph, spans, i, "") if c.after]
                else:
                    quote = found[span.quotation] = _Quoted(span.quotation, at, text)
                    quote.presence = scene.presence()
                    cues = self._cues(paragraph, spans, i, previous)
                    if gap == 0:  # what stands behind the last quotation belongs to that one
                        cues = [cue for cue in cues if cue.kind != "lead-in"]
                    self._tie(quote, last, cues, spans, i, gap, reacted)
                    self._hear(quote, text, last)
                    if expected is not None and not reacted and not self._named(cues):
                        quote.add(expected, self._weights["answers"], "calls")
                    expected = self._addressee(paragraph, spans, i, previous, cues)
                if paragraph.speaker is not None:
                    quote.script = paragraph.speaker
                self._weigh(quote, cues, scene)
                scene.speak(quote.scores, text)
                last, gap, spoke = quote, 0, True
            previous = "" if spans and spans[-1].quotation is not None else paragraph.printed
            if spoke and previous:
                previous = paragraph.printed[spans[-1].start :]
            gap = gap if spoke else gap + 1
            reacted = spoke and self._reacts(paragraph, spans, last)
        return list(found.values())

    def _cues(
        self, paragraph: Paragraph, spans: Sequence[Span], i: int, previous: str
    ) -> list[Cue]:
        return self._tags.read(paragraph.printed, spans, i, previous)

    def _weigh(self, quote: _Quoted, cues: Sequence[Cue], scene: Scene) -> None:
        """Adds what the cues say. A named tag before the quotation silences the rest."""
        told = any(c.kind in ("tag", "chain", "colon") and not c.after for c in cues)
        for cue in cues:
            if cue.subject is None or (told and cue.after):
                continue
            weight = self._weights[cue.kind]
            if cue.subject.kind == "person":
                weight *= self._weights["described"]
            rule = "explicit" if cue.kind == "tag" and cue.after else RULES.get(cue.kind, "")
            for person, share in self._meant(cue.subject, scene):
                if person == NOBODY:
                    said = min(weight, self._weights["others"])
                    quote.add(NOBODY, said + math.log(share), "others")
                elif cue.subject.kind == "name":
                    quote.add(person, weight, rule)
                    if weight > 1:  # whoever is named here is here
                        quote.presence[person] = max(quote.presence.get(person, 0.0), HERE)
                else:
                    spread = math.log(max(share, 0.02))
                    said = weight if weight < 0 else min(weight, self._weights["pronoun"]) + spread
                    quote.add(person, said, "pronoun" if cue.kind != "beat" else rule)

    def _meant(self, subject: Subject, scene: Scene) -> Iterator[tuple[int, float]]:
        """Who may be meant by a subject, with shares."""
        if subject.kind == "name" and subject.key is not None:
            yield self._numbers[subject.key], 1.0
        elif subject.kind in ("stranger", "others", "group"):
            yield NOBODY, 1.0
        else:
            yield from scene.meant(subject).items()

    def _tie(
        self,
        quote: _Quoted,
        last: _Quoted | None,
        cues: Sequence[Cue],
        spans: Sequence[Span],
        i: int,
        gap: int,
        reacted: bool,
    ) -> None:
        """How likely it is that the speaker before goes on, or the one before that."""
        weights = self._weights
        if last is None or self._named(cues):
            return
        if last.paragraph != quote.paragraph:
            near = "turn" if gap == 0 and not reacted else "far"
            if gap <= 3:
                quote.same, quote.back = weights[f"same-{near}"], weights[f"back-{near}"]
        elif spans[i - 1].quotation is not None:
            quote.same, quote.back = weights["same-touching"], weights["back-turn"]
        elif any(cue.subject is None for cue in cues):
            quote.same = weights["same-zero"]
        elif not any(cue.subject and cue.subject.kind == "name" and not cue.after for cue in cues):
            quote.same = weights["same-beside"]

    def _named(self, cues: Sequence[Cue]) -> bool:
        """Whether the text says who speaks."""
        return any(
            cue.kind in ("tag", "chain", "colon") and cue.subject and cue.subject.kind == "name"
            for cue in cues
        )

    def _addressee(
        self,
        paragraph: Paragraph,
        spans: Sequence[Span],
        i: int,
        previous: str,
        cues: Sequence[Cue],
    ) -> int | None:
        """To whom a quotation is said, where its tag says so: he is likely to answer."""
        for cue in cues:
            if cue.kind in ("tag", "chain", "colon"):
                j = i + 1 if cue.after else i - 1
                told = paragraph.printed[spans[j].start : spans[j].end] if j >= 0 else previous
                sentences = split_sentences(told)
                key = self._clauses.addressee(sentences[0] if cue.after else sentences[-1])
                return self._numbers[key] if key else None
        return None

    def _reacts(self, paragraph: Paragraph, spans: Sequence[Span], last: _Quoted | None) -> bool:
        """Whether somebody else acts after the last quotation: his turn, without words."""
        if last is None or spans[-1].quotation is not None:
            return False
        people = {p for p, score in last.scores.items() if score > 1}
        for sentence in split_sentences(paragraph.printed[spans[-1].start : spans[-1].end]):
            for clause in split_clauses(sentence):
                subject = self._clauses.subject(clause)
                if subject and subject.key and self._numbers[subject.key] not in people:
                    return True
        return False

    def _hear(self, quote: _Quoted, text: str, last: _Quoted | None) -> None:
        """Who is named in a quotation rarely says it, who is called by name hardly ever."""
        for match in self._clauses.name.finditer(text):
            if match.group() in self._first_person:
                continue
            person = self._numbers[self._clauses.key(match.group())]
            before, after = text[: match.start()], text[match.end() :]
            called = (not before.strip("“「『‘…—") or before[-1] in "，。！？、…—") and (
                after[:1] in "，！？。、…—”」』" or after[:1] in "呀啊哥"
            )
            quote.add(person, self._weights["called" if called else "named"], "")
            if called and last is not None:
                last.add(person, self._weights["calls"], "calls")

    @property
    def _first_person(self) -> tuple[str, ...]:
        return ("我", "俺", "咱")

    def _turn(self, quote: _Quoted) -> Turn:
        if quote.script is not None:
            person = self._numbers.get(quote.script, NOBODY)
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

    def _score(self, quote: _Quoted, person: int) -> float:
        presence = math.log(quote.presence.get(person, 0.0) + 0.03)
        return quote.scores.get(person, 0.0) + self._weights["salience"] * presence

    def _answer(
        self, quote: _Quoted, shares: Sequence[tuple[float, int]], same: float, back: float
    ) -> Attribution:
        if quote.script is not None:
            who = None if quote.script == NARRATOR else quote.script
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
        elif weight < 1.0 or not rule or rule == "calls":
            rule = "same paragraph" if same >= max(back, 0.5) else "alternation"
        return Attribution(guesses[0].speaker, rule, guesses[0].probability, guesses)

    def _calibrate(self, share: float) -> float:
        share = min(max(share, 1e-4), 1 - 1e-4)
        odds = self._weights["slope"] * math.log(share / (1 - share)) + self._weights["offset"]
        return min(1 / (1 + math.exp(-odds)), self._weights["ceiling"])
