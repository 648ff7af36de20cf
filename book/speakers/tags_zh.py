"""Speech tags in Chinese: 掌柜说，“…”, “…”母亲说, a tag line that ends in ：, and what is done
beside a quotation. Reads one paragraph at a time and says what it found; who is meant by a
pronoun, and which of two cues counts, is for ``book/speakers/chinese.py``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from book.languages import Language
from book.spans import Span
from book.speakers.clauses_zh import Clauses, Subject, split_clauses, split_sentences

Kind = Literal["tag", "chain", "colon", "beat", "beat-mid", "led", "lead-in", "hearing"]
_NOT_TAG = re.compile("(?:不再|不曾|[没沒]有|[不没沒未别別莫])$")
_NEAR_END = 14  # characters before a quotation in which its verb stands
_HEAD = 3  # clauses after a quotation in which its verb may stand
_BACK = 3  # sentences before a quotation in which its subject may stand


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that points to the speaker of a quotation."""

    kind: Kind
    subject: Subject | None  # None: a tag that leaves out who speaks
    after: bool = False  # it stands behind the quotation


class ChineseTags:
    """Finds the cues of one cast's quotations."""

    def __init__(self, clauses: Clauses, language: Language) -> None:
        self._clauses = clauses
        verbs = "|".join(map(re.escape, language.speech_verbs)) or "(?!)"
        self._verb_end = re.compile(rf"(?:{verbs})(?:[^，。！？：“”]{{0,3}})[，,：:、]?\s*$")
        self._said = re.compile(
            rf"(?:{verbs})(?:(?:了?[一两兩几幾]?[句声聲遍]|[着著道了]|起[来來])|[他她伊我你][们們]?)?$"
        )

    def read(self, text: str, spans: Sequence[Span], i: int, previous: str) -> list[Cue]:
        """The cues of the quotation ``spans[i]``.

        Args:
            text: of the paragraph.
            spans: of the paragraph.
            i: which span.
            previous: the paragraph before, or "" where a quotation ends it.
        """
        cues: list[Cue] = []
        first = i == 0
        if not first and spans[i - 1].quotation is None:
            cues.extend(self._before(text[spans[i - 1].start : spans[i - 1].end], i >= 2))
        elif first and previous:
            cues.extend(self._line_before(previous))
        if i + 1 < len(spans) and spans[i + 1].quotation is None:
            more = i + 2 < len(spans)
            narration = text[spans[i + 1].start : spans[i + 1].end]
            cues.extend(self._after(narration, more, first))
        return cues

    def is_tag(self, narration: str) -> bool:
        """Whether narration before a quotation ends in a verb of speech or a colon."""
        end = narration.rstrip()[-_NEAR_END:]
        return end.endswith(("：", ":")) or self._verb_end.search(end) is not None

    def _before(self, narration: str, behind_another: bool) -> list[Cue]:
        sentences = split_sentences(narration.rstrip("　 \n"))
        if self.is_tag(narration):
            subject, back = self._clauses.chain(sentences[-1])
            if subject:
                return [Cue("tag" if back == 0 else "chain", subject)]
            for sentence in sentences[-2 : -2 - _BACK : -1]:
                subject, _ = self._clauses.chain(sentence)
                if subject:
                    return [Cue("led", subject)]
            return [Cue("tag", None)] if behind_another else []
        told = [s for s in sentences if split_clauses(s)]
        if behind_another and len(told) < 2:
            return []  # one sentence between two quotations goes with the first
        for sentence in told[:-3:-1]:
            subject = self._first(sentence)
            if subject:
                return [Cue("led", subject)]
        return []

    def _line_before(self, previous: str) -> list[Cue]:
        sentences = split_sentences(previous.rstrip("　 \n"))
        tag = previous.rstrip().endswith(("：", ":", "，", ",")) and self.is_tag(previous)
        if tag:
            subject, _ = self._clauses.chain(sentences[-1])
            if subject:
                return [Cue("colon", subject)]
        for sentence in [s for s in sentences if split_clauses(s)][: -_BACK - 1 : -1]:
            subject = self._clauses.chain(sentence)[0] if tag else None
            subject = subject or self._first(sentence)
            if subject:
                return [Cue("led" if tag else "lead-in", subject)]
        return []

    def _after(self, narration: str, more: bool, first: bool) -> list[Cue]:
        sentences = split_sentences(narration)
        clauses = split_clauses(sentences[0])
        subject = self._clauses.subject(clauses[0]) if clauses else None
        if subject is None:
            return []
        # 掌柜说，“…” after another one's “…”: it is the tag of what follows
        leads_on = more and len(sentences) == 1 and self.is_tag(narration)
        if self._clauses.hears(subject):
            return [Cue("hearing", subject, after=True)]
        if self._speaks(clauses[:-1] if leads_on else clauses, subject):
            return [Cue("tag", subject, after=True)]
        if leads_on and not first:
            return []
        return [Cue("beat" if first else "beat-mid", subject, after=True)]

    def _speaks(self, clauses: Sequence[str], subject: Subject) -> bool:
        """Whether one of the first clauses, all about ``subject``, ends in a verb of speech."""
        for n, clause in enumerate(clauses[:_HEAD]):
            rest = subject.rest if n == 0 else clause
            if n and self._clauses.subject(clause):
                return False
            match = self._said.search(rest)
            if match and not _NOT_TAG.search(rest[: match.start()]):
                return True
            if n == 0 and rest.startswith(("的声音", "的聲音")):
                return True
        return False

    def _first(self, sentence: str) -> Subject | None:
        for clause in split_clauses(sentence):
            subject = self._clauses.subject(clause)
            if subject:
                return subject
        return None
