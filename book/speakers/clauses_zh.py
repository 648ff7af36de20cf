"""Whom a Chinese clause is about: the name, pronoun or description that opens it.

Chinese drops the subject as soon as it is clear, so a clause without one is about whoever the
clauses before it are about: ``老栓一面听，一面应，一面扣上衣服；伸手过去说，``. A name further
inside is an object (``对七斤说``) unless it ends a description (``壁角的驼背``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import yaml

from book.languages import Language
from book.speakers.names import Names
from castbook.resources import read_config

SENTENCE = re.compile(r"[。！？!?…]+")
_GROUP = re.compile("[；;]+")
_CONTRAST = re.compile("但|可是|然而|不料")
_YET = re.compile("[却卻]")
_CLAUSE = re.compile(r"[，,；;：:—]+")


@dataclass(frozen=True, eq=False)
class ChineseWords:
    """The word lists of ``configs/speakers/zh.yaml``."""

    lead: tuple[str, ...]
    transitive: str
    toward: str
    persons: Mapping[str, str]  # description -> "m", "f" or "x"
    others: tuple[str, ...]
    groups: tuple[str, ...]
    near: tuple[str, ...]
    parts: tuple[str, ...]
    places: tuple[str, ...]
    bidding: tuple[str, ...]
    thinking: tuple[str, ...]
    appearing: tuple[str, ...]
    hearing: tuple[str, ...]


@cache
def load_chinese() -> ChineseWords:
    """The word lists, read once."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw: dict[str, Any] = yaml.load(read_config("speakers", "zh.yaml"), Loader=loader)
    return ChineseWords(
        lead=tuple(raw["lead"]),
        transitive=raw["transitive"],
        toward=raw["toward"],
        persons={word: gender for gender, words in raw["persons"].items() for word in words},
        others=tuple(raw["others"]),
        groups=tuple(raw["groups"]),
        near=tuple(raw["near"]),
        parts=tuple(raw["parts"]),
        places=tuple(raw["places"]),
        bidding=tuple(raw["bidding"]),
        thinking=tuple(raw["thinking"]),
        appearing=tuple(raw["appearing"]),
        hearing=tuple(raw["hearing"]),
    )


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a clause is about."""

    kind: Literal["name", "pronoun", "person", "stranger", "others", "group"]
    key: str | None = None  # of a name
    gender: str | None = None  # of a pronoun or person: "m", "f" or None
    rest: str = ""  # the clause after it
    turns: bool = False  # from the one spoken of so far: 那人, 但他, 他却


class Clauses:
    """Finds the subjects of clauses for one cast."""

    def __init__(self, names: Names, language: Language) -> None:
        words = load_chinese()
        self._keys = dict(names.keys)
        self._pronouns: dict[str, str | None] = {
            word: gender for gender, found in language.pronouns.items() for word in found
        }
        self._pronouns.update(dict.fromkeys(words.near))
        self._persons = {w: None if g == "x" else g for w, g in words.persons.items()}
        if names.first_person:
            self._keys.update((word, names.first_person) for word in language.first_person)
            others = words.others
        else:
            others = (*words.others, *language.first_person)
        others = tuple(word for word in others if word not in self._keys)
        parts, away = _choice(words.parts), words.transitive
        japanese = language.tag == "ja"  # と太郎は言った: the subject bears は, が, も or nothing
        taken = "|[をにのへでと]" if japanese else ""
        ends = rf"(?![们們]|的(?!{parts})|{_choice(words.places)}{taken})"
        # atomic: 七斤嫂身边 is no 七斤 either
        name = rf"(?P<name>(?>{_choice(self._keys)})){ends}"
        person = rf"(?:{name}|(?P<person>(?>{_choice(self._persons)})){ends})"
        known = rf"(?:{person}|(?P<pronoun>{_choice(self._pronouns)}){ends})"
        kin = _choice([w for found in language.genders.values() for w in found])
        described = (
            rf"(?:[^，。；：{away}]{{0,14}}(?:的|[个個位名])|[这這那]|[我你他][们們]"
            rf"|(?:[他她伊我你]的?)?[^，。；：{away}]{{0,3}}(?:{kin}|儿|孙|媳))"
        )
        self._lead = re.compile(
            rf"(?:{_choice((*words.lead, *(('って', 'と') if japanese else ())))})*"
        )
        self._stranger = re.compile(
            rf"[^，。；：{away}]{{0,4}}一[个個位名][^，。；：{away}]{{0,10}}"
            rf"(?:{_choice(self._persons)}){ends}"
        )
        self._opening = re.compile(
            rf"(?:(?P<others>{_choice(others)})|(?P<group>{_choice(words.groups)}))"
            rf"(?!{_choice(self._keys)})|{known}"
        )
        self._described = re.compile(described + name)
        self._person = re.compile(described + person)
        self._appears = re.compile(
            rf"[^，。；：]{{0,10}}(?:{_choice(words.appearing)})[^，。；：]{{0,4}}一?[个個位名]"
            rf"[^，。；：]{{0,6}}?{person}"
        )
        # 这天晚上陈明说: in a tag a name may stand behind other words, if none of them takes it
        self._late = re.compile(rf"[^，。；：{away}{words.toward}]{{1,8}}?{name}")
        self._addressed = re.compile(
            rf"(?:{_choice(language.object_markers)})(?P<name>{_choice(self._keys)})(?![的们們])"
        )
        self._someone = re.compile(r"(?P<others>[^，。]{0,10}的人)(?![^，。]?的)")
        self.name = re.compile(_choice(self._keys))
        self.bidden = re.compile(rf"(?:{_choice(words.bidding)})(?P<name>{_choice(self._keys)})")
        self._thinks = re.compile(rf"^.{{0,3}}(?:{_choice(words.thinking)})")
        self._hearing = re.compile(rf"[便却卻也又还還就]?(?:{_choice(words.hearing)})")

    def subject(self, clause: str) -> Subject | None:
        """Whom the clause is about, if it says so."""
        clause = clause.strip("　 \n")
        # a lead word may begin a name (那, 这): both readings are tried, the shorter lead first
        starts = sorted({0, self._lead_end(clause)})
        for pattern in (
            self._opening,
            self._described,
            self._stranger,
            self._person,
            self._appears,
        ):
            for start in starts:
                match = pattern.match(clause, start)
                if match:
                    return self._found(match, clause)
        match = self._someone.match(clause)
        return self._found(match, clause) if match else None

    def chain(self, sentence: str) -> tuple[Subject | None, int]:
        """Whom the end of a sentence is about, and how many clauses back it says so.

        What follows a thought is part of it, up to a semicolon: 我暗想掌柜不上账；又答道.
        """
        back = 0
        groups = _GROUP.split(sentence)
        for n, group in enumerate(reversed(groups)):
            clauses = split_clauses(group)
            thinker = self.subject(clauses[0]) if n and len(clauses) > 1 else None
            if thinker and self._thinks.search(thinker.rest):
                return thinker, back + len(clauses) - 1
            for clause in reversed(clauses):
                found = self.subject(clause) or (None if back else self._behind(clause))
                if found:
                    return found, back
                back += 1
        return None, back

    def addressee(self, narration: str) -> str | None:
        """Whom a tag says the words are spoken to: 对七斤说."""
        found = list(self._addressed.finditer(narration))
        return self._keys[found[-1]["name"]] if found else None

    def _behind(self, clause: str) -> Subject | None:
        clause = clause.strip("　 \n")
        match = self._late.match(clause)
        return self._found(match, clause) if match else None

    def hears(self, subject: Subject) -> bool:
        """Whether the clause tells that its subject listens or falls silent."""
        return self._hearing.match(subject.rest) is not None

    def key(self, name: str) -> str:
        """Whose name it is."""
        return self._keys[name]

    def _lead_end(self, clause: str) -> int:
        match = self._lead.match(clause)
        return match.end() if match else 0

    def _found(self, match: re.Match[str], clause: str) -> Subject:
        found, rest = match.groupdict(), clause[match.end() :]
        if found.get("name"):
            return Subject("name", self._keys[found["name"]], rest=rest)
        if found.get("pronoun"):
            turns = _CONTRAST.match(clause[: match.end()]) or _YET.search(rest[:4])
            gender = self._pronouns[found["pronoun"]]
            return Subject("pronoun", gender=gender, rest=rest, turns=bool(turns))
        if found.get("person"):
            return Subject("person", gender=self._persons[found["person"]], rest=rest, turns=True)
        if found.get("others"):
            return Subject("others", rest=rest)
        return Subject("group" if found.get("group") else "stranger", rest=rest)


def split_clauses(sentence: str) -> list[str]:
    """The clauses of a sentence, without the marks between them."""
    return [part for part in _CLAUSE.split(sentence) if part.strip("　 \n")]


def split_sentences(narration: str) -> list[str]:
    """The sentences of some narration, without their end marks; the last one may go on."""
    return SENTENCE.split(narration)


def _choice(words: Sequence[str] | Mapping[str, Any]) -> str:
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "|".join(map(re.escape, ordered)) or "(?!)"
