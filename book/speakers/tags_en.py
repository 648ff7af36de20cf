"""Speech tags in Latin scripts: ``said Holmes``, ``Holmes, rising, said, "…"``, ``was his reply``.

A tag says who speaks the quotation beside it, in so many words or by ``he``, ``the old man``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from book.languages import Language
from book.spans import Span
from book.speakers.phrases import Phrase, Phrases, sentences
from book.speakers.words import SpeakerWords

_CLOSING = "\"'”’»」』 _"
_LEAD = re.compile(r"[\s,—–-]*")
_APPOSITION = re.compile(r",[^.;:!?\"“”]{1,80}?,(?=\s)")
_COMES = re.compile(r"(?:was|were|came)\s+(?:only\s+)?")
_NOT_PAST = frozenset({"indeed", "instead", "need", "seed", "speed", "red", "bed"})
_FAR = 90  # characters between a verb of speech and the quotation after it


@dataclass(frozen=True, slots=True)
class Tag:
    """Who speaks a quotation, as the narration beside it says."""

    phrase: Phrase
    where: Literal["after", "before", "colon"]  # colon: no verb of speech, but it announces
    listed: bool = True  # the verb is known to be one of speech
    to: tuple[int, ...] = ()  # who is spoken to


class Tags:
    """Finds the tags of one cast. Built once for a book."""

    def __init__(self, phrases: Phrases, language: Language, words: SpeakerWords) -> None:
        self._phrases = phrases
        verb = "|".join(re.escape(v).replace(r"\ ", r"\s+") for v in language.speech_verbs)
        between = "|".join(map(re.escape, language.between)) or "(?!)"
        denied = "|".join(w.replace(" ", r"\s+") for w in words.not_said) or "(?!)"
        not_said = rf"(?!\s+(?:{denied})\b)"
        adverb = rf"(?:\w+ly|{between})"
        self._adverbs = re.compile(rf"\s*(?:(?:{adverb})\s+)*", re.I)
        self._verb = re.compile(rf"(?:{verb or '(?!)'})\b{not_said}", re.I)
        announced = "|".join([verb or "(?!)", *map(_participle, language.speech_verbs)])
        announced = "|".join([announced, *(w.replace(" ", r"\s+") for w in words.announcing)])
        self._any_verb = re.compile(rf"(?<![^\W_])(?:{announced})\b{not_said}", re.I)
        self._trailing = re.compile(rf"\s*(?:\s(?:{adverb}))*\s*$", re.I)
        voices = "|".join(sorted(words.someone | words.utterances)) or "(?!)"
        self._voiced = re.compile(rf"(?<![^\W_])(?:{voices})$", re.I)
        self._past = re.compile(r"[a-z]{2,}ed\b")
        self._to = re.compile(r"\s*(?:[a-z]+ly\s+)?(?:to|of|at|addressing|turning\s+to)\s+")

    def of(self, text: str, spans: Sequence[Span], i: int, before: str) -> Tag | None:
        """The tag of quotation ``spans[i]``. ``before``: the paragraph before it."""
        return self._after(text, spans, i) or self._before(text, spans, i, before)

    def _after(self, text: str, spans: Sequence[Span], i: int) -> Tag | None:
        if i + 1 >= len(spans) or spans[i + 1].quotation is not None:
            return None
        start, end = spans[i + 1].start, spans[i + 1].end
        lead = _LEAD.match(text, start, end)
        at = lead.end() if lead else start
        closing = text[spans[i].start : spans[i].end].rstrip(_CLOSING)[-1:]
        lower = text[at : at + 1].islower()
        if closing == "." and not lower:
            return None  # “…stop.” Holmes said …: a new sentence begins, and tells
        came = _COMES.match(text, at, end)
        if came:
            phrase = self._phrases.read(text, came.end())
            return Tag(phrase, "after") if phrase and phrase.utterance else None
        at = self._skip(text, at)
        verb = self._verb.match(text, at, end)
        syntactic = None
        if not verb and lower and closing not in (".", ""):
            syntactic = self._past.match(text, at, end)
            if syntactic and syntactic.group() in _NOT_PAST:
                syntactic = None
        found = verb or syntactic
        if found and lower:
            phrase = self._phrases.read(text, self._skip(text, found.end()))
            if phrase and not phrase.utterance and phrase.end <= end:
                if verb or phrase.kind in ("name", "pronoun"):
                    return Tag(
                        phrase, "after", verb is not None, self._addressed(text, phrase.end, end)
                    )
                return None
            if verb:
                return None
        phrase = self._phrases.read(text, at)
        if not phrase or phrase.utterance or phrase.end > end:
            return None
        at = phrase.end
        apposition = _APPOSITION.match(text, at, end)
        at = self._skip(text, apposition.end() if apposition else at)
        verb = self._verb.match(text, at, end)
        if verb:
            return Tag(phrase, "after", True, self._addressed(text, verb.end(), end))
        past = self._past.match(text, at, end)
        if past and closing == "," and past.group() not in _NOT_PAST:
            return Tag(phrase, "after", False, self._addressed(text, past.end(), end))
        return None

    def _before(self, text: str, spans: Sequence[Span], i: int, before: str) -> Tag | None:
        if i == 0:
            narration = before.rstrip()
            if not narration.endswith((":", ",", ":—", ":--")):
                return None
            start = max(0, len(narration) - 400)
        elif spans[i - 1].quotation is None:
            narration = text[: spans[i - 1].end].rstrip()
            start = spans[i - 1].start
            if not narration.endswith((",", ":", "—", "-", ";")):
                return None
        else:
            return None
        last = start
        for begin, _ in sentences(narration, start, len(narration)):
            last = begin
        verbs = [
            m for m in self._any_verb.finditer(narration, last) if len(narration) - m.end() <= _FAR
        ]
        mentions = [
            m for m in self._phrases.mentions(narration, last, len(narration)) if m.kind != "group"
        ]
        for verb in reversed(verbs):
            inverted = self._phrases.read(narration, self._skip(narration, verb.end()))
            subjects = [m for m in mentions if m.subject and m.end <= verb.start()]
            ahead = self._trailing.sub("", narration[last : verb.start()])
            if self._voiced.search(ahead):
                continue  # a voice calling: not the voice of the sentence's subject
            if ahead.endswith(",") or verb.group().endswith("ing"):
                subjects = subjects[:1]  # Ann, going to the window, where Bob stood, said
            if subjects and (
                i == 0 or not self._is_own_tag(text, spans, i, subjects[-1], verb.start())
            ):
                return Tag(
                    subjects[-1],
                    "before",
                    True,
                    self._addressed(narration, verb.end(), len(narration)),
                )
            if not subjects and inverted and inverted.kind != "unlisted" and i < 2:
                return Tag(inverted, "before")
        if narration.endswith((":", ":—", ":--")):
            subjects = [m for m in mentions if m.subject]
            if subjects:
                return Tag(subjects[-1], "colon", False)
        return None

    def _is_own_tag(
        self, text: str, spans: Sequence[Span], i: int, phrase: Phrase, verb: int
    ) -> bool:
        """Whether what looks like a tag of ``spans[i]`` is the one of the quotation before it."""
        return i > 1 and text[spans[i - 1].start : phrase.start].strip(" ,—–-\n") == ""

    def _skip(self, text: str, at: int) -> int:
        match = self._adverbs.match(text, at)
        return match.end() if match else at

    def _addressed(self, text: str, at: int, end: int) -> tuple[int, ...]:
        match = self._to.match(text, at, end)
        phrase = self._phrases.read(text, match.end() if match else at)
        return phrase.who if phrase and phrase.kind == "name" and phrase.end <= end else ()


def _participle(verb: str) -> str:
    """``exclaiming`` for exclaimed; nothing for what has no such form."""
    word, _, particle = verb.partition(" ")
    if word.endswith("ied"):
        word = word[:-3] + "ying"
    elif word.endswith("ed"):
        word = word[:-2] + "ing"
    else:
        return "(?!)"
    return rf"{word}\s+{particle}" if particle else word
