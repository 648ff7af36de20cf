"""What else the characters are called: the doctor, her mother, our landlady.

Learnt from the whole book (``Mrs. Hudson, our landlady``, ``her uncle Mr. Gray``), from titles
(Dr. Watson is the doctor) and from families: of Mr. and Mrs. Gray he is a husband, she a wife.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from book.speakers.attribution import ChapterText
from book.speakers.people import People
from book.speakers.words import SpeakerWords

_BEFORE = re.compile(r"(?:^|\W)(?P<det>[^\W\d_]+)\s+(?:[^\W\d_]+\s+)?(?P<noun>[^\W\d_]+),?\s+$")
_AFTER = re.compile(
    r",\s+(?P<det>[^\W\d_]+)\s+(?:[^\W\d_]+\s+)?(?P<noun>[^\W\d_]+)\s*(?=[,.;:!?]|$)"
)
_REACH = 48  # characters before a name and after it


class Relations:
    """How likely a noun means each character. Built once for a book."""

    def __init__(
        self, people: People, words: SpeakerWords, chapters: Iterable[ChapterText]
    ) -> None:
        self._people, self._words = people, words
        self._described = self._learn(chapters)
        self._titled = {
            noun: [c for c, tokens in enumerate(people.tokens) if tokens & set(titles)]
            for noun, titles in words.titled.items()
        }
        self._families = self._find_families()

    def described(self, noun: str) -> Mapping[int, float]:
        """Characters whom the book calls so, or whose title says so; their shares of one."""
        counts = Counter(self._described.get(noun, {}))
        counts.update(self._titled.get(noun, ()))
        total = sum(counts.values())
        return {c: n / total for c, n in sorted(counts.items())}

    def family(self, noun: str) -> tuple[int, ...]:
        """Characters who can be somebody's wife, father, sister …, as their names tell."""
        return self._families.get(noun, ())

    def _learn(self, chapters: Iterable[ChapterText]) -> dict[str, Counter[int]]:
        found: dict[str, Counter[int]] = {}
        for chapter in chapters:
            for paragraph in chapter.paragraphs:
                text = paragraph.printed
                for named in self._people.find(text):
                    if len(named.who) != 1 or named.noun:
                        continue
                    (who,) = named.who
                    before = _BEFORE.search(text[max(0, named.start - _REACH) : named.start])
                    after = _AFTER.match(text, named.end, named.end + _REACH)
                    for match in (before, after):
                        noun = self._noun(match, who) if match else None
                        if noun:
                            found.setdefault(noun, Counter())[who] += 1
        return found

    def _noun(self, match: re.Match[str], who: int) -> str | None:
        noun = match["noun"].casefold()
        gender = self._words.persons.get(noun)
        if gender is None or match["det"].casefold() not in self._words.determiners:
            return None
        known = self._people.genders[who]
        return None if {gender, known} == {"m", "f"} else noun

    def _find_families(self) -> dict[str, tuple[int, ...]]:
        homes: dict[str, list[int]] = {}
        for c, tokens in enumerate(self._people.tokens):
            for token in sorted(tokens):
                homes.setdefault(token, []).append(c)
        found: dict[str, set[int]] = {}
        for name, members in homes.items():
            if len(members) < 2 or name in self._people.titles:
                continue
            for c in members:
                for noun, titles in self._words.families.items():
                    alike = self._words.persons.get(noun) == self._people.genders[c]
                    if alike and (not titles or self._people.tokens[c] & titles):
                        found.setdefault(noun, set()).add(c)
        return {noun: tuple(sorted(who)) for noun, who in found.items()}
