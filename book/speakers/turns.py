"""The turns of talk of a chapter: what one speaker says at a time, and what stands beside it.

In print a paragraph has one speaker, unless its tags say otherwise; a quotation left open goes
on in the next paragraph. Also called here: who is called by name inside a speech.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from book.manuscript import NARRATOR, Paragraph
from book.spans import Span
from book.speakers.attribution import ChapterText
from book.speakers.people import People
from book.speakers.phrases import Phrase, Phrases
from book.speakers.tags_en import Tag, Tags
from book.speakers.words import SpeakerWords

_CALL_ENDS = re.compile(r"\s*(?:[,.!?;:…—–\"”’»_]|--|$)")
_CALL_BEGINS = re.compile(r"(?:^|[,.!?;:…—–(\"“«‘_-])\s*$")
_LAST = re.compile(r"([^\W_]+[,]?)\s+$")
_STRONG = ("name", "I")


@dataclass(slots=True)
class Talk:
    """A turn before its speaker is known."""

    paragraph: int  # its first; index in the chapter
    last: int  # its last paragraph
    quotations: list[int] = field(default_factory=list)  # numbers
    tags: list[Tag] = field(default_factory=list)  # best first
    before: list[Phrase] = field(default_factory=list)  # mentions in the narration before it
    after: list[Phrase] = field(default_factory=list)  # and between and after its parts
    tagged: set[int] = field(default_factory=set)  # those of ``quotations`` with a tag
    called: set[int] = field(default_factory=set)  # characters it addresses by name
    spoken_of: set[int] = field(default_factory=set)  # and those it only names
    addresses: str | None = None  # "m" or "f": sir, madam
    written: str | None = None  # the speaker that the manuscript itself gives
    inside: bool = False  # in one paragraph with the turn before
    length: int = 0  # characters of its quotations

    @property
    def tag(self) -> Tag | None:
        """The tag that tells most."""
        return self.tags[0] if self.tags else None


class TurnReader:
    """Cuts chapters into turns. Built once for a book."""

    def __init__(self, people: People, phrases: Phrases, tags: Tags, words: SpeakerWords) -> None:
        self._people, self._phrases, self._tags = people, phrases, tags
        self._calling = words.calling
        self._addresses = words.addresses
        choice = "|".join(map(re.escape, sorted(words.addresses, key=lambda a: (-len(a), a))))
        edge = r"[,.!?;—–\"“”-]"
        self._address = re.compile(
            rf"(?:^|{edge}|\b(?:yes|no|oh|well))\s*(?P<a>{choice or '(?!)'})(?=\s*{edge}|$)",
            re.I,
        )

    def read(self, chapter: ChapterText) -> list[Talk]:
        """The turns of a chapter, in order."""
        turns: list[Talk] = []
        before, seen = "", set[int]()
        for p, (paragraph, spans) in enumerate(zip(chapter.paragraphs, chapter.spans, strict=True)):
            numbers = [s.quotation for s in spans if s.quotation is not None]
            if numbers and paragraph.speaker is not None:
                turns.append(Talk(p, p, numbers, written=paragraph.speaker))
            elif numbers and numbers[0] in seen:
                self._go_on(turns[-1], p, paragraph, spans)
            elif numbers:
                turns.extend(self._paragraph(p, paragraph, spans, before))
            seen.update(numbers)
            before = "" if paragraph.kind == "heading" else paragraph.printed
        return turns

    def _go_on(self, turn: Talk, p: int, paragraph: Paragraph, spans: Sequence[Span]) -> None:
        """A told story: its teller quotes whoever says "I", "said he" or calls others in it."""
        turn.last = p
        called = set(turn.called)
        for span in spans:
            if span.quotation is not None:
                if span.quotation not in turn.quotations:
                    turn.quotations.append(span.quotation)
                self._listen(turn, paragraph.printed, span)
        turn.called = called

    def _paragraph(
        self, p: int, paragraph: Paragraph, spans: Sequence[Span], before: str
    ) -> list[Talk]:
        text = paragraph.printed
        turns: list[Talk] = []
        narration: list[Phrase] = []
        for i, span in enumerate(spans):
            if span.quotation is None:
                narration = self._phrases.mentions(text, span.start, span.end)
                if turns:
                    turns[-1].after.extend(narration)
                continue
            tag = self._tags.of(text, spans, i, before)
            acts = bool(turns) and self._another_acts(turns[-1], text[: span.start], narration)
            if not turns or acts or (tag and self._is_another(turns[-1], tag)):
                turns.append(Talk(p, p, inside=bool(turns)))
                turns[-1].before.extend(narration)
                if len(turns) > 1 and (acts or (tag and tag.where == "before")):
                    mine = {(m.start, m.end) for m in narration}
                    turns[-2].after = [m for m in turns[-2].after if (m.start, m.end) not in mine]
            turn = turns[-1]
            if span.quotation not in turn.quotations:
                turn.quotations.append(span.quotation)
            if tag:
                turn.tags.append(tag)
                turn.tagged.add(span.quotation)
            self._listen(turn, text, span)
        for turn in turns:
            turn.tags.sort(key=_rank)
        return turns

    def _another_acts(self, turn: Talk, before: str, narration: Sequence[Phrase]) -> bool:
        """Whether somebody else did something since: “I see.” Mrs. Brown came in. “Good.”"""
        if not before.rstrip().endswith((".", "!", "?")):
            return False
        mine = {t.phrase.kind: t.phrase.who for t in turn.tags}
        acting = [m for m in narration if m.subject and m.kind in _STRONG]
        return (
            bool(acting)
            and any(kind in _STRONG for kind in mine)
            and not any(mine.get(m.kind) == m.who for m in acting)
        )

    def _is_another(self, turn: Talk, tag: Tag) -> bool:
        """Whether a further tag of the paragraph is of another speaker."""
        for old in turn.tags:
            a, b = old.phrase, tag.phrase
            if a.kind in _STRONG and b.kind in _STRONG:
                if a.kind != b.kind or (a.kind == "name" and not set(a.who) & set(b.who)):
                    return True
            elif a.gender and b.gender and a.gender != b.gender:
                return True
        return False

    def _listen(self, turn: Talk, text: str, span: Span) -> None:
        turn.length += span.end - span.start
        for named in self._people.find(text, span.start, span.end):
            if self._is_call(text, span, named.start, named.end):
                turn.called.update(named.who)
            else:
                turn.spoken_of.update(named.who)
        address = self._address.search(text, span.start, span.end)
        if address and turn.addresses is None:
            turn.addresses = self._addresses[address["a"].lower()]

    def _is_call(self, text: str, span: Span, start: int, end: int) -> bool:
        if not _CALL_ENDS.match(text, end, span.end):
            return False
        before = text[span.start : start]
        for _ in range(4):
            if _CALL_BEGINS.search(before):
                return True
            last = _LAST.search(before)
            if not last or last[1].casefold().rstrip(",") not in self._calling:
                return False
            before = before[: last.start()]
        return False


def _rank(tag: Tag) -> tuple[bool, bool, bool, bool]:
    kind = tag.phrase.kind
    return (kind not in _STRONG, tag.where == "colon", not tag.listed, kind != "pronoun")


def written_speaker(turn: Talk) -> str | None:
    """The key of cast that the manuscript gives; None is the narrator."""
    return None if turn.written == NARRATOR else turn.written
