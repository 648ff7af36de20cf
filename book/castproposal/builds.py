"""How Chinese names are built: 陈明, 康大叔, 老栓, 掌柜. Other words may be names, too."""

from __future__ import annotations

from collections.abc import Iterable

from book.languages import Language
from book.speakers.clauses_zh import load_chinese

LONGEST = 5  # characters of a name: 驼背五少爷


class Builds:
    """What tells that a word is a name, by its build alone."""

    def __init__(self, language: Language) -> None:
        persons = load_chinese().persons
        kin = {w for found in language.genders.values() for w in found}
        self.titles = {w: g for g in ("m", "f") for w in language.genders[g]}
        self.persons = {w: g for w, g in persons.items() if g in ("m", "f")}
        self.described = {*persons, *language.people.roles, *(w for w in kin if len(w) > 1)}
        self.strangers = frozenset(persons)
        self._kin = tuple(sorted(kin, key=lambda w: (-len(w), w)))
        self._surnames = frozenset(language.people.surnames)
        self._given = {g: frozenset(language.given[g]) for g in ("m", "f")}
        self._before = language.people.before_names
        self._never = frozenset(language.people.no_names)
        self._no_people = frozenset(language.people.not_people)
        self._heads = tuple(self._no_people)

    def possible(self, word: str) -> bool:
        """Whether nothing speaks against a name."""
        if word in self._no_people:
            return False
        if word in self.described:
            return True
        if self._never & set(word) or len(set(word)) == 1:
            return False
        return not word.startswith(self._heads) and not word.endswith(self._heads)

    def built(self, word: str) -> bool:
        """Whether it is built as names are."""
        if word in self.described:
            return True
        if not self.possible(word):
            return False
        if self.kin(word):
            return len(word) <= LONGEST
        if word[0] in self._before and 2 <= len(word) <= 3:
            return True
        if word.endswith("儿") and len(word) == 2:
            return True  # 宏儿
        rest = 2 if word[:2] in self._surnames else 1 if word[0] in self._surnames else 0
        return bool(rest) and rest < len(word) <= rest + 2

    def goes_on(self, following: str) -> bool:
        """Whether a name may go on with that character."""
        return bool(following) and following not in self._never

    def kin(self, word: str) -> bool:
        """Whether it ends in a word for kin or rank, small or endearing: 哥儿."""
        bare = word.removesuffix("儿")
        return any(bare.endswith(k) and len(bare) > len(k) for k in self._kin)

    def gender(self, words: Iterable[str]) -> str:
        """What the word for kin or rank at the end says."""
        for word in words:
            for kin in self._kin:
                if word.removesuffix("儿").endswith(kin):
                    return self.titles[kin]
            if word in self.persons:
                return self.persons[word]
        return ""

    def given(self, words: Iterable[str]) -> str:
        """What the last character of a full name says: 芳, 强."""
        for word in words:
            if word[0] in self._surnames and 2 <= len(word) <= 3:
                for gender, marks in self._given.items():
                    if word[-1] in marks:
                        return gender
        return ""
