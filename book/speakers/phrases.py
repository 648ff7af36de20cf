"""Who is meant by a few words of narration: a name, a pronoun, ``the old man``, several people.

Reads noun phrases where a verb of speech or a sentence has its subject, and lists all mentions
of a stretch of narration. Latin scripts; the words are ``configs/speakers/*.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from book.languages import Language
from book.speakers.people import Named, People
from book.speakers.words import SpeakerWords

Kind = Literal["name", "pronoun", "I", "person", "group", "someone", "unlisted"]

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s?(?![^\W_])")
_CLAUSE_START = re.compile(r"(?:^|[.!?…;:,—–(\"“”’‘-])\s*$")
_LAST_WORD = re.compile(r"([^\W_]+)\s*$")
_NOT_SUBJECT = re.compile(r"\s+(?:himself|herself|themselves)\b")


@dataclass(frozen=True, slots=True)
class Phrase:
    """``text[start:end]`` means somebody."""

    kind: Kind
    start: int
    end: int
    who: tuple[int, ...] = ()  # characters of a name
    gender: str | None = None  # "m" or "f", as the words tell
    noun: str = ""  # of a person, lower case
    owner: tuple[int, ...] = ()  # "Holmes's companion": not him
    subject: bool = False  # it does what its sentence says
    utterance: bool = False  # "Holmes's voice": what follows is said by the owner


class Phrases:
    """Reads the phrases of one cast."""

    def __init__(self, people: People, language: Language, words: SpeakerWords) -> None:
        self._people = people
        self._words = words
        self._subjects = {p[0]: g for g, p in language.pronouns.items() if p and g in ("m", "f")}
        self._first = {w.casefold() for w in language.first_person}
        self._starters = set(language.starters)
        self._titles = {t.casefold() for t in language.titles}
        self._marks = {w: g for g, ws in language.genders.items() for w in ws}
        nouns = "|".join(map(re.escape, sorted(words.persons, key=lambda n: (-len(n), n))))
        determiners = "|".join(map(re.escape, sorted(words.determiners)))
        pronouns = "|".join(map(re.escape, sorted({*self._subjects, *self._first}))) or "(?!)"
        self._pronoun = re.compile(rf"(?<![^\W_])(?:{pronouns})(?![^\W_])", re.I)
        self._person = re.compile(
            rf"(?<![^\W_])(?:{determiners or '(?!)'})\s+(?:[^\W_]+(?:[-’'][^\W_]+)*,?\s+){{0,3}}?"
            rf"(?P<noun>{nouns or '(?!)'})(?![^\W_-])",
            re.I,
        )

    def read(self, text: str, at: int) -> Phrase | None:
        """The phrase that begins at ``at``; None if it means nobody."""
        while at < len(text) and text[at].isspace():
            at += 1
        start, first = at, True
        determined, possessor = False, None
        owner: tuple[int, ...] = ()
        for _ in range(6):
            named = self._people.at(text, at)
            if named:
                possessive = _POSSESSIVE.match(text, named.end)
                if not possessive:
                    return self._phrase(named, start)
                following = self._after_possessive(text, possessive.end())
                if following == "utterance":
                    return Phrase("name", start, possessive.end(), named.who, utterance=True)
                owner, determined, at = named.who, True, possessive.end()
                while at < len(text) and text[at].isspace():
                    at += 1
                first = False
                continue
            match = _WORD.match(text, at)
            if not match:
                return None
            word, lower = match.group(), match.group().casefold()
            if first:
                if lower in self._subjects:
                    return Phrase("pronoun", start, match.end(), gender=self._subjects[lower])
                if lower in self._first:
                    return Phrase("I", start, match.end())
                if lower in self._words.someone:
                    return Phrase("someone", start, match.end())
                if lower in self._words.groups:
                    further = _WORD.match(text, match.end() + 1)
                    more = further and further.group().casefold() in self._words.groups
                    return Phrase(
                        "group", start, further.end() if more and further else match.end()
                    )
            if lower in self._words.determiners:
                determined = True
                possessor = self._words.possessives.get(lower, possessor)
                if possessor and self._after_possessive(text, match.end()) == "utterance":
                    kind: Kind = "I" if possessor == "i" else "pronoun"
                    gender = None if possessor == "i" else possessor
                    return Phrase(kind, start, match.end(), gender=gender, utterance=True)
            elif determined and lower in self._words.groups and lower not in self._words.persons:
                return Phrase("group", start, match.end())
            elif determined and lower in self._words.persons and not word[0].isupper():
                further = _WORD.match(text, match.end() + 1)
                if not (further and further.group().casefold() in self._words.persons):
                    gender = self._words.persons[lower]
                    return Phrase(
                        "group" if lower in self._words.groups else "person",
                        start,
                        match.end(),
                        gender=None if gender == "x" else gender,
                        noun=lower,
                        owner=owner,
                    )
            elif word[0].isupper() and lower not in self._starters and len(word) > 1:
                return self._unlisted(text, start, at)
            elif not (determined or lower in self._words.calling):
                return None
            at = match.end()
            while at < len(text) and text[at] in " \t\n.,":
                if text[at] in ".," and not determined:
                    return None
                at += 1
            first = False
        return None

    def _phrase(self, named: Named, start: int, *, subject: bool = False) -> Phrase:
        """A name; or a person, where a character is called by what anybody may be."""
        if not named.noun:
            return Phrase("name", start, named.end, named.who, subject=subject)
        gender = self._words.persons.get(named.noun)
        gender = None if gender == "x" else gender
        return Phrase("person", start, named.end, gender=gender, noun=named.noun, subject=subject)

    def _unlisted(self, text: str, start: int, at: int) -> Phrase:
        """A capitalised name that no character bears."""
        gender, end = None, at
        for _ in range(4):
            match = _WORD.match(text, at)
            if not match or not match.group()[0].isupper():
                break
            gender = gender or self._marks.get(match.group().casefold())
            end = match.end()
            dotted = match.group().casefold() in self._titles and text[end : end + 1] == "."
            at = end + dotted
            if text[at : at + 1] != " ":
                break
            at += 1
        return Phrase("unlisted", start, end, gender=gender)

    def _after_possessive(self, text: str, at: int) -> str:
        """What is owned: an utterance, or something else."""
        for match in _WORD.finditer(text, at, at + 48):
            word = match.group().casefold()
            if word in self._words.utterances:
                return "utterance"
            if word in self._words.persons or text[match.end() : match.end() + 1] in (
                ",",
                ".",
                ";",
            ):
                break
        return "other"

    def mentions(self, text: str, start: int, end: int) -> list[Phrase]:
        """Everyone whom ``text[start:end]`` mentions, from left to right."""
        found: list[Phrase] = []
        for named in self._people.find(text, start, end):
            possessive = _POSSESSIVE.match(text, named.end)
            subject = not possessive and self._is_subject(text, start, named.start)
            found.append(self._phrase(named, named.start, subject=subject))
        taken = [(p.start, p.end) for p in found]
        for match in self._pronoun.finditer(text, start, end):
            if not _inside(match.start(), taken):
                lower = match.group().casefold()
                gender = self._subjects.get(lower)
                kind: Kind = "pronoun" if gender else "I"
                found.append(Phrase(kind, match.start(), match.end(), gender=gender, subject=True))
        for match in self._person.finditer(text, start, end):
            if _inside(match.start("noun"), taken) or any(
                match.start() <= s < match.end() for s, _ in taken
            ):
                continue
            lower = match["noun"].casefold()
            gender = self._words.persons[lower]
            possessive = _POSSESSIVE.match(text, match.end())
            found.append(
                Phrase(
                    "group" if lower in self._words.groups else "person",
                    match.start(),
                    match.end(),
                    gender=None if gender == "x" else gender,
                    noun=lower,
                    subject=not possessive and self._is_subject(text, start, match.start()),
                )
            )
        return sorted(found, key=lambda p: (p.start, p.end))

    def _is_subject(self, text: str, start: int, at: int) -> bool:
        """Whether a phrase at ``at`` opens a sentence or a clause."""
        before = text[max(start, at - 60) : at]
        while True:
            if _CLAUSE_START.search(before):
                return True
            last = _LAST_WORD.search(before)
            if not last:
                return True
            word = last[1].casefold()
            if word in self._words.prepositions and word not in self._words.conjunctions:
                return False
            if word in self._words.conjunctions:
                return True
            if word not in self._words.calling and word not in self._words.determiners:
                return self._opens_late(text[max(start, at - 60) : at])
            before = before[: last.start()]

    def _opens_late(self, before: str) -> bool:
        """``At that moment Holmes``: a few words about when or where, then the subject."""
        words = _WORD.findall(re.split(r"[.!?…;:,—“”\"]", before)[-1])
        return (
            2 <= len(words) <= 4
            and words[0].casefold() in self._words.prepositions
            and not any(w.endswith("ing") for w in words)
        )


def _inside(at: int, ranges: list[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in ranges)


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Rough sentences of narration; a stop after a short capitalised word ends none."""
    at = start
    for match in re.finditer(
        r"(?<![A-Z])(?<!\b[A-Z][a-z])(?<!\b[A-Z][a-z]{2})[.!?…]+[)\]]*\s+", text[start:end]
    ):
        yield at, start + match.end()
        at = start + match.end()
    if at < end:
        yield at, end
