"""The cast as a text in Latin script calls it: written names, what follows from them, genders.

``Mr. Sherlock Holmes`` is also ``Sherlock Holmes``, ``Mr. Holmes``, ``Holmes`` and ``Sherlock``,
unless another character bears that name in so many words. A name of two characters is both
their mention: who is meant is for others to weigh. A description (``the landlord``) is found in
lower case too; a name is not: ``will`` and ``grace`` are words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from book.languages import Language
from book.speakers.names import Names
from book.speakers.words import SpeakerWords

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*\.?")
_ARTICLES = ("the", "a", "an")
_BEFORE = re.compile(r"([^\W\d_][\w’'-]*\.?)\s$")
_AFTER = re.compile(r"\s([^\W\d_][\w-]*)")
_DETERMINED = re.compile(
    r"\b(?:the|an?|this|that|our|my|his|her|their|your|said)\s+(?:\w+\s+)?$", re.I
)


@dataclass(frozen=True, slots=True)
class Named:
    """``text[start:end]`` names one of ``who``."""

    start: int
    end: int
    who: tuple[int, ...]  # numbers of characters, more than one where a name is shared
    noun: str = ""  # if it is no name but a word that may mean anybody: the child


class People:
    """The characters, by number, and how to find them."""

    def __init__(self, names: Names, language: Language, words: SpeakerWords) -> None:
        self.keys = names.cast
        number = {key: i for i, key in enumerate(self.keys)}
        self.narrator = number.get(names.first_person) if names.first_person else None
        self.titles = {t.casefold().rstrip(".") for t in language.titles} | {
            w for words_ in language.genders.values() for w in words_
        }
        self._marks = {w: g for g, ws in language.genders.items() for w in ws}
        self._given = {w: g for g, ws in language.given.items() for w in ws}
        self._persons = words.persons
        self._anyone = words.anyone
        self._between = (
            words.calling
            | words.conjunctions
            | words.prepositions
            | words.determiners
            | set(language.starters)
            | self.titles
            | set(words.persons)
        )
        pronouns = {p for ps in language.pronouns.values() for p in ps}
        pronouns |= words.pronouns | words.groups | words.someone
        pronouns |= {w.casefold() for w in language.first_person}
        forms = {key: self._forms(names.aliases.get(key, ()), pronouns) for key in self.keys}
        self.genders = tuple(
            names.genders.get(key)
            if names.genders.get(key) in ("m", "f")
            else self._gender(forms[key])
            for key in self.keys
        )
        written: dict[tuple[str, ...], set[int]] = {}
        derived: dict[tuple[str, ...], set[int]] = {}
        self._described: set[tuple[str, ...]] = set()
        self.tokens: tuple[frozenset[str], ...] = tuple(
            frozenset(t for form, _ in forms[key] for t in form) for key in self.keys
        )
        for key in self.keys:
            for form, described in forms[key]:
                written.setdefault(form, set()).add(number[key])
                if described:
                    self._described.add(form)
                else:
                    for short in self._shorter(form):
                        derived.setdefault(short, set()).add(number[key])
        owners = {**derived, **written}
        self._fuller = self._find_fuller(forms, derived)
        self._owners = {" ".join(form): tuple(sorted(who)) for form, who in owners.items()}
        self._described_names = {" ".join(form) for form in self._described}
        self._pattern = self._compile(owners)

    def find(self, text: str, start: int = 0, end: int | None = None) -> Iterator[Named]:
        """Everyone who is named in ``text[start:end]``, from left to right.

        Where a cast has both Small and Jonathan Small, Small may be either here; ``at``, which
        reads tags, takes the cast at its word.
        """
        end = len(text) if end is None else end
        if self._pattern is None:
            return
        for match in self._pattern.finditer(text, start, end):
            named = self._named(text, match)
            if named:
                fuller = {self._fuller[w] for w in named.who if w in self._fuller}
                who = tuple(sorted(fuller.union(named.who))) if fuller else named.who
                yield replace(named, who=who)

    def at(self, text: str, start: int) -> Named | None:
        """Who is named at ``start``."""
        match = self._pattern.match(text, start) if self._pattern else None
        return self._named(text, match) if match else None

    def _named(self, text: str, match: re.Match[str]) -> Named | None:
        written = match.group()
        form = " ".join(_fold(w) for w in _WORD.findall(written))
        who = self._owners.get(form)
        if not who:
            return None
        before = _BEFORE.search(text, max(0, match.start() - 24), match.start())
        if form in self._described_names:
            if (
                written[0].islower()
                and " " not in form
                and not _DETERMINED.search(text[max(0, match.start() - 24) : match.start()])
            ):
                return None
            return Named(match.start(), match.end(), who, form if form in self._anyone else "")
        if not any(w[0].isupper() for w in written.split()[:1] + written.split()[-1:]):
            return None
        if " " not in form and not written[0].isupper():
            return None
        if before and before[1][0].isupper():
            word = _fold(before[1])
            mark = self._marks.get(word)
            if mark:
                who = tuple(w for w in who if self.genders[w] in (None, mark))
            elif word not in self._between and not all(word in self.tokens[w] for w in who):
                return None
        after = _AFTER.match(text, match.end())
        if after and after[1][0].isupper() and len(after[1]) > 1 and text[match.end() - 1] != ".":
            word = _fold(after[1])
            if word not in self._between and not any(word in self.tokens[w] for w in who):
                return None
        return Named(match.start(), match.end(), who) if who else None

    def _forms(
        self, aliases: Sequence[str], pronouns: set[str]
    ) -> list[tuple[tuple[str, ...], bool]]:
        """The names of one character as folded words, and whether each is a description."""
        found: dict[tuple[str, ...], bool] = {}
        for alias in aliases:
            words = _WORD.findall(alias)
            article = bool(words) and words[0].casefold() in _ARTICLES
            if article:
                words = words[1:]
            form = tuple(_fold(w) for w in words)
            if not form or (len(form) == 1 and form[0] in pronouns):
                continue
            lower = alias.islower() and alias.isascii()
            person = any(w in self._persons for w in form) and not set(form[:1]) & (
                self.titles - set(self._persons)
            )
            found[form] = found.get(form, True) and (article or lower or person)
        return sorted(found.items())

    def _find_fuller(
        self,
        forms: Mapping[str, Sequence[tuple[tuple[str, ...], bool]]],
        derived: Mapping[tuple[str, ...], set[int]],
    ) -> dict[int, int]:
        """Of characters with no name but the short forms of one other's: that other."""
        found = {}
        for number, key in enumerate(self.keys):
            owners = [derived.get(form, set()) - {number} for form, _ in forms[key]]
            common = set.intersection(*owners) if owners else set()
            alike = [w for w in common if len({self.genders[w], self.genders[number], None}) < 3]
            if len(alike) == 1:
                found[number] = alike[0]
        return found

    def _shorter(self, form: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """What else a full name is: its surname, its first name, with the title or without."""
        title = [w for w in form[:2] if w in self.titles and len(form) > 1]
        bare = form[len(title) :]
        if not bare or (len(title) == 0 and len(bare) == 1):
            return
        last = bare[-1]
        if title:
            yield bare
            yield (*title[-1:], last)
        if len(bare) > 1 and len(bare[0]) > 1:
            yield bare[:1]
        if len(last) > 1 and last not in self._persons:
            yield (last,)

    def _gender(self, forms: Sequence[tuple[tuple[str, ...], bool]]) -> str | None:
        """From a title, a noun or a first name."""
        for kinds in (self._marks, self._persons, self._given):
            found = {kinds[w] for form, _ in forms for w in form if kinds.get(w) in ("m", "f")}
            if len(found) == 1:
                return found.pop()
        return None

    def _compile(self, owners: Mapping[tuple[str, ...], set[int]]) -> re.Pattern[str] | None:
        if not owners:
            return None
        forms = sorted(owners, key=lambda form: (-len(form), -sum(map(len, form)), form))
        choice = "|".join(
            r"[\s,]+".join(re.escape(w).replace("'", "['’]") + r"\.?" for w in form[:-1])
            + (r"[\s,]+" if len(form) > 1 else "")
            + re.escape(form[-1]).replace("'", "['’]")
            for form in forms
        )
        return re.compile(rf"(?<![^\W_])(?:{choice})(?![^\W_])", re.I)


def _fold(word: str) -> str:
    return word.casefold().rstrip(".").replace("’", "'")
