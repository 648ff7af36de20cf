"""What points to the speaker of each Chinese quotation: cues, turns of the talk, names in it.

Walks through a chapter once. Every quotation gets scores for the people near it and the weights
that tie it to the quotations before it; who speaks is decided in ``book/speakers/chinese.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from book.manuscript import Paragraph
from book.spans import Span
from book.speakers.attribution import ChapterText
from book.speakers.clauses_zh import Clauses, Subject, split_clauses, split_sentences
from book.speakers.scene_zh import NOBODY, Scene
from book.speakers.tags_zh import ChineseTags, Cue

HERE = 0.3  # share of presence of whoever a cue names
LONGEST_SILENCE = 3  # paragraphs of narration after which nobody is expected to answer
RULES: Mapping[str, str] = {
    "tag": "explicit, tag before",
    "chain": "clause chain",
    "colon": "colon",
    "beat": "action",
    "beat-mid": "action",
    "led": "action before",
}
_SAID = ("tag", "chain", "colon")
_SELF = ("我", "俺", "咱")


@dataclass
class Quoted:
    """One quotation, before it is decided whose. People are numbers in the cast."""

    number: int
    paragraph: int
    scores: dict[int, float] = field(default_factory=dict)  # log odds
    rules: dict[int, tuple[float, str]] = field(default_factory=dict)  # the weightiest cue
    presence: dict[int, float] = field(default_factory=dict)  # shares of attention
    same: float = 0.0
    back: float = 0.0
    written: str | None = None  # the speaker whom the manuscript itself names

    def add(self, person: int, weight: float, rule: str) -> None:
        """Evidence for one person."""
        self.scores[person] = self.scores.get(person, 0.0) + weight
        if rule and weight > self.rules.get(person, (0.0, ""))[0]:
            self.rules[person] = (weight, rule)


@dataclass
class _Talk:
    """Where the talk stands."""

    previous: str = ""  # narration before the paragraph
    last: Quoted | None = None
    gap: int = LONGEST_SILENCE + 1  # paragraphs without a quotation since
    reacted: bool = False  # somebody else acted after the last quotation
    answers: int | None = None  # to whom the last quotation was said


class Evidence:
    """Collects what points to speakers, for one cast."""

    def __init__(
        self,
        clauses: Clauses,
        tags: ChineseTags,
        numbers: Mapping[str, int],
        weights: Mapping[str, float],
    ) -> None:
        self._clauses = clauses
        self._tags = tags
        self._numbers = numbers
        self._weights = weights

    def collect(self, chapter: ChapterText, scene: Scene) -> list[Quoted]:
        """Every quotation of a chapter, in order."""
        found: dict[int, Quoted] = {}
        talk = _Talk()
        pairs = zip(chapter.paragraphs, chapter.spans, strict=True)
        for at, (paragraph, spans) in enumerate(pairs):
            if paragraph.kind == "heading" or paragraph.scene_break_before:
                scene.clear()
                talk.previous, talk.gap = "", LONGEST_SILENCE + 1
            if paragraph.kind == "heading":
                continue
            spoke = False
            for i, span in enumerate(spans):
                text = paragraph.printed[span.start : span.end]
                if span.quotation is None:
                    scene.tell(text)
                    continue
                if span.quotation in found:  # it goes on from the paragraph before
                    quote = found[span.quotation]
                    read = self._tags.read(paragraph.printed, spans, i, "")
                    cues = [cue for cue in read if cue.after]
                else:
                    quote = found[span.quotation] = Quoted(span.quotation, at)
                    quote.presence = scene.presence()
                    cues = self._begin(quote, paragraph, spans, i, talk)
                quote.written = paragraph.speaker
                self._weigh(quote, cues, scene)
                scene.speak(quote.scores, text)
                talk.last, talk.gap, spoke = quote, 0, True
            self._end(talk, paragraph, spans, spoke)
        return list(found.values())

    def _begin(
        self, quote: Quoted, paragraph: Paragraph, spans: Sequence[Span], i: int, talk: _Talk
    ) -> list[Cue]:
        """A new quotation: its cues, its ties to the talk, the names in it."""
        cues = self._tags.read(paragraph.printed, spans, i, talk.previous)
        if talk.gap == 0:  # what stands behind the last quotation belongs to that one
            cues = [cue for cue in cues if cue.kind != "lead-in"]
        if not _named(cues):
            self._tie(quote, cues, i > 0 and spans[i - 1].quotation is not None, talk)
            if talk.answers is not None and not talk.reacted:
                quote.add(talk.answers, self._weights["answers"], "")
        self._hear(quote, paragraph.printed[spans[i].start : spans[i].end], talk.last)
        talk.answers = self._addressee(paragraph, spans, i, talk.previous, cues)
        return cues

    def _end(self, talk: _Talk, paragraph: Paragraph, spans: Sequence[Span], spoke: bool) -> None:
        """The end of a paragraph: what of it stands before the next one."""
        talk.previous = paragraph.printed if not spoke else ""
        talk.reacted = False
        if not spoke:
            talk.gap += 1
        elif spans[-1].quotation is None:
            talk.previous = paragraph.printed[spans[-1].start :]
            talk.reacted = self._reacts(talk.previous, talk.last)

    def _weigh(self, quote: Quoted, cues: Sequence[Cue], scene: Scene) -> None:
        """Adds what the cues say. A named tag before the quotation silences the rest."""
        told = any(c.kind in _SAID and not c.after for c in cues)
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

    def _tie(self, quote: Quoted, cues: Sequence[Cue], touching: bool, talk: _Talk) -> None:
        """How likely it is that the speaker before goes on, or the one before that."""
        weights = self._weights
        if talk.last is None:
            return
        if talk.last.paragraph != quote.paragraph:
            near = "turn" if talk.gap == 0 and not talk.reacted else "far"
            if talk.gap <= LONGEST_SILENCE:
                quote.same, quote.back = weights[f"same-{near}"], weights[f"back-{near}"]
        elif touching:
            quote.same, quote.back = weights["same-touching"], weights["back-turn"]
        elif any(cue.subject is None for cue in cues):
            quote.same = weights["same-zero"]
        elif not any(cue.subject and cue.subject.kind == "name" and not cue.after for cue in cues):
            quote.same = weights["same-beside"]

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
            if cue.kind in _SAID:
                j = i + 1 if cue.after else i - 1
                told = paragraph.printed[spans[j].start : spans[j].end] if j >= 0 else previous
                sentences = split_sentences(told)
                key = self._clauses.addressee(sentences[0] if cue.after else sentences[-1])
                return self._numbers[key] if key else None
        return None

    def _reacts(self, narration: str, last: Quoted | None) -> bool:
        """Whether somebody else acts after the last quotation: his turn, without words."""
        people = {p for p, score in last.scores.items() if score > 1} if last else set()
        for sentence in split_sentences(narration):
            for clause in split_clauses(sentence):
                subject = self._clauses.subject(clause)
                if subject and subject.key and self._numbers[subject.key] not in people:
                    return True
        return False

    def _hear(self, quote: Quoted, text: str, last: Quoted | None) -> None:
        """Who is named in a quotation rarely says it, who is called by name hardly ever."""
        for match in self._clauses.name.finditer(text):
            if match.group() in _SELF:
                continue
            person = self._numbers[self._clauses.key(match.group())]
            before, after = text[: match.start()], text[match.end() :]
            called = (not before.strip("“「『‘…—") or before[-1] in "，。！？、…—") and (
                after[:1] in "，！？。、…—”」』" or after[:1] in "呀啊哥"
            )
            quote.add(person, self._weights["called" if called else "named"], "")
            if called and last is not None:
                last.add(person, self._weights["calls"], "")


def _named(cues: Sequence[Cue]) -> bool:
    """Whether the text says who speaks."""
    return any(
        cue.kind in _SAID and cue.subject is not None and cue.subject.kind == "name" for cue in cues
    )
