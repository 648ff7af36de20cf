"""A name as it is written, taken apart: ``Mrs. Ann Brown`` is a title, a first and a last name."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from book.languages import Language
from book.speakers.words import load_words

# Titles that a first name may follow as well as a last one: Sir Thomas, Aunt Polly.
# fmt: off
_FIRST_NAME_TITLES = frozenset({
    "sir", "lord", "lady", "dame", "uncle", "aunt", "auntie", "brother", "sister", "cousin",
    "father", "mother", "king", "queen", "prince", "princess", "saint", "st", "don", "donna",
    "dom", "fra", "count", "duke",
})
# fmt: on
_PLURAL = frozenset({"messrs", "misses", "mesdames", "drs"})
_ELDER = ("senior", "junior", "sr", "jr", "esq", "esquire")
_NUMERAL = re.compile(r"[IVX]+\.?")
_SAINT = re.compile(r"\b(St|Saint)\.?[ \xa0]+(?=[A-Z])")
_INITIAL = re.compile(r"[A-Z]\.?")


@dataclass(frozen=True, slots=True)
class Form:
    """One written form of a name. All parts are in lower case and without stops."""

    title: str  # "" if there is none; the last of several
    gender: str  # what the title says: "m", "f" or ""
    given: str  # the first name, where first and last stand
    last: str  # the last word: a surname, or the only name there is

    @property
    def noble(self) -> bool:
        """Whether the title goes with first names."""
        return self.title in _FIRST_NAME_TITLES


class Titles:
    """What may stand before a name in one language."""

    def __init__(self, language: Language) -> None:
        self.genders = {w: g for g in ("m", "f") for w in language.genders[g]}
        words = load_words(language.tag)
        persons = {w: g for w, g in words.persons.items() if w not in words.groups}
        self.persons = persons
        abbreviated = {short.casefold(): full for short, full in language.titles.items()}
        for short, full in abbreviated.items():  # Capt says what captain says
            gender = self.genders.get(full.casefold()) or persons.get(full.casefold(), "")
            if gender in ("m", "f"):
                self.genders.setdefault(short, gender)
        full_words = {full.casefold() for full in abbreviated.values()} - {"saint"}
        abbreviated.pop("st", None)
        self.all = {*abbreviated, *full_words, *self.genders, *(p for p in persons if p.isascii())}
        self.strong = {*abbreviated, *full_words, *self.genders}
        self.full = {s: full.casefold() for s, full in abbreviated.items()}

    def gender(self, word: str) -> str:
        """What a title tells: "m", "f" or ""."""
        found = self.genders.get(word) or self.persons.get(word, "")
        return found if found in ("m", "f") else ""

    def parse(self, written: str) -> Form | None:
        """The parts of a form; None for a title alone."""
        written = _SAINT.sub(r"\1-", written)  # St. Clair is one name
        words = [fold(w) for w in written.split()]
        while len(words) > 1 and (words[-1] in _ELDER or _NUMERAL.fullmatch(written.split()[-1])):
            words, written = words[:-1], written.rsplit(maxsplit=1)[0]
        lead = []
        while len(words) > 1 and words[0] in self.all:
            lead.append(words.pop(0))
        if words[0] in self.all and not self.strong & set(lead):
            return None  # Inspector, Chief Inspector; but Miss Porter has a name
        if _PLURAL & set(lead):
            return None
        title = lead[-1] if lead else ""
        gender = next((g for t in lead if (g := self.gender(t))), "")
        given = words[0] if words[0] != words[-1] else ""
        return Form(title, gender, given, words[-1])


def fold(word: str) -> str:
    """A word of a name, as forms are compared by."""
    return word.casefold().rstrip(".").replace("’", "'")


def name_pattern(language: Language, titles: Titles) -> str:
    """A regular expression for written names, with titles; never over a line's end."""
    word = r"(?:(?:[DO]['’]|Ma?c)?[A-Z][^\W\d_]+(?:(?:['’](?!s(?![^\W_]))|-)[^\W\d_]+)*)"
    initial = r"(?:[A-Z]\. ?)"
    marks = sorted(titles.all | set(titles.full), key=lambda t: (-len(t), t))
    lead = "|".join(re.escape(t[0].upper() + t[1:]) for t in marks) or "(?!)"
    particles = "|".join(map(re.escape, language.sentences.particles)) or "(?!)"
    inner = rf"(?:(?:(?:{particles})[ \xa0]+){{0,2}})"
    # "But Mrs. Brown": a title begins a name of its own
    own = "|".join(re.escape(t[0].upper() + t[1:]) for t in sorted(titles.strong))
    word = rf"(?!(?:{own or '(?!)'})\.?[ \xa0]+[A-Z]){word}"
    word = rf"(?:(?:St|Saint)\.?[ \xa0])?{word}"
    return (
        rf"(?<![^\W_])(?:(?:{lead})\.?[ \xa0]+){{0,2}}(?:{initial}+ ?)?{word}"
        rf"(?:[ \xa0]+(?:{initial} ?)*{inner}{word}){{0,2}}"
    )


def trim(written: str, no_names: Collection[str], titles: Titles) -> str:
    """A form without words before and behind it that are no names; "" if none is left."""
    words = written.split()
    while (
        words
        and fold(words[0]) in no_names
        and not (fold(words[0]) in titles.all and len(words) > 1)
    ):
        words.pop(0)
    while words and (
        fold(words[-1]) in no_names
        or words[-1][0].islower()
        or (len(words) > 1 and _NUMERAL.fullmatch(words[-1]) and len(words[-1]) > 1)
    ):
        words.pop()
    if len(words) == 1 and _INITIAL.fullmatch(words[0]):
        words.pop()
    return re.sub(r"(?<=[^\W\d_]{2})\.$", "", " ".join(words))
