"""``lexicon.yaml``: how words are pronounced or respelled, for the spoken text only.

The printed text never changes: a lexicon gives replacements with their places in it. The
longest word wins, then the most particular entry (of a character, an engine, a language),
then the last file. Words of Chinese and other scripts without spaces need no boundary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from book.languagetags import language_mistake
from book.manuscript import NARRATOR
from book.mistakes import Mistake, raise_mistakes, validate
from book.project import Slug
from book.script import Replacement
from book.yamlfile import read_yaml

_RULE = "lexicon"
_START = 3  # characters by which entries are looked up: 1,000 of them cost a sentence 0.05 ms
# Scripts written without spaces: kana, Han with its extensions, Thai, Lao, Khmer, Myanmar.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_SPACED = re.compile(rf"[^\W{_UNSPACED}]")  # a letter or digit of a word with boundaries
_APOSTROPHES = str.maketrans("’ʼ", "''")

Word = Annotated[str, Field(min_length=1, max_length=200)]


class Entry(BaseModel):
    """How one word is said, and where."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    word: Word = Field(description="as it is printed; may be several words")
    say: Word = Field(description="as it is spoken")
    language: str | None = Field(None, description="only in this language, such as en or en-GB")
    character: Slug | None = Field(None, description="only when this key of cast speaks")
    engine: Slug | None = Field(None, description="only for this engine")
    whole_word: bool = Field(True, description="false: inside longer words too")
    case: bool = Field(False, description="true: only with the same capitals")

    @property
    def scope(self) -> tuple[str, str | None, str | None, str | None]:
        """What must differ between two entries of one file."""
        word = " ".join(self.word.translate(_APOSTROPHES).split())
        return (
            word if self.case else word.casefold(),
            self.language and self.language.casefold(),
            self.character,
            self.engine,
        )

    def fits(self, language: str, speaker: str | None, engine: str) -> bool:
        """Whether the entry holds for a text in ``language`` spoken so."""
        if self.language is not None:
            wanted, given = self.language.casefold(), language.casefold()
            if given != wanted and not given.startswith(f"{wanted}-"):
                return False
        if self.character is not None and self.character != (speaker or NARRATOR):
            return False
        return self.engine is None or self.engine == engine


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    words: dict[Word, Word] | None = Field(None, description="short form: word: as spoken")
    entries: list[Entry] | None = Field(None, description="words with conditions")


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The entries of all files, the last file last."""

    entries: tuple[Entry, ...] = ()
    _scopes: dict[tuple[str, str | None, str], _Ranked] = field(
        default_factory=dict, repr=False, init=False
    )

    def apply(
        self, printed: str, *, language: str, speaker: str | None, engine: str
    ) -> tuple[Replacement, ...]:
        """Replacements of ``printed``, in order, never overlapping.

        Args:
            printed: the text as a reader sees it; offsets are code points of it.
            language: BCP 47; an entry for ``en`` holds for ``en-GB`` too.
            speaker: a key of cast; None is the narrator.
            engine: the engine that will speak it.
        """
        if not self.entries:
            return ()
        folded = printed.translate(_APOSTROPHES).casefold()
        found: list[tuple[int, int, int, int, str]] = []
        rules = self._rules(language, speaker, engine)
        starts = {folded[i : i + n] for n in range(1, _START + 1) for i in range(len(folded))}
        for start_of_word in starts & rules.keys():  # most words are not in most sentences
            for rank, rule in rules[start_of_word]:
                if rule.head not in folded:
                    continue
                for start, end in rule.places(printed):
                    found.append((start - end, start, rank, end, rule.entry.say))
        taken: list[Replacement] = []
        for _, start, _, end, say in sorted(found):
            if all(end <= other.start or start >= other.end for other in taken):
                taken.append(Replacement(start, end, say, _RULE))
        return tuple(sorted(taken, key=lambda item: item.start))

    def _rules(self, language: str, speaker: str | None, engine: str) -> _Ranked:
        """The entries that hold, by how they start; the strongest has the lowest rank."""
        scope = (language, speaker, engine)
        if scope not in self._scopes:
            held = [
                (_particular(rule.entry), position, rule)
                for position, rule in enumerate(self._all)
                if rule.entry.fits(*scope)
            ]
            held.sort(key=lambda item: (item[0], item[1]), reverse=True)
            ranked: dict[str, list[tuple[int, _Rule]]] = {}
            for rank, (_, _, rule) in enumerate(held):
                ranked.setdefault(rule.head[:_START], []).append((rank, rule))
            self._scopes[scope] = ranked
        return self._scopes[scope]

    @cached_property
    def _all(self) -> tuple[_Rule, ...]:
        return tuple(_Rule.of(entry) for entry in self.entries)


@dataclass(frozen=True, slots=True)
class _Rule:
    """An entry ready to be looked for."""

    entry: Entry
    head: str  # its first word, folded: not in the text, not to be looked for

    @classmethod
    def of(cls, entry: Entry) -> _Rule:
        return cls(entry, entry.word.translate(_APOSTROPHES).split()[0].casefold())

    def places(self, printed: str) -> Iterator[tuple[int, int]]:
        """Where the word stands, overlapping places included."""
        for match in _pattern(self.entry.word, self.entry.case).finditer(printed):
            start, end = match.span(1)
            inside = _joined(printed, start) or _joined(printed, end)
            if not (self.entry.whole_word and inside):
                yield start, end


@cache
def _pattern(word: str, case: bool) -> re.Pattern[str]:
    """Compiled when a word is met: 1,000 patterns at once would cost a second."""
    words = word.translate(_APOSTROPHES).split()
    body = r"\s+".join(re.escape(part).replace("'", "['’ʼ]") for part in words)
    return re.compile(f"(?=({body}))", re.NOFLAG if case else re.IGNORECASE)


def _joined(text: str, at: int) -> bool:
    """Whether ``at`` lies inside a word, of a script that has spaces between words."""
    around = text[max(at - 1, 0) : at + 1]
    return 0 < at < len(text) and all(map(_SPACED.match, around))


_Ranked = Mapping[str, Sequence[tuple[int, _Rule]]]


def read_lexicon(paths: Sequence[Path]) -> Lexicon:
    """The lexicon of several files; an entry of a later file replaces an earlier one's.

    Raises:
        ProjectError: with one line for each mistake of the first file that has any.
    """
    entries: dict[object, Entry] = {}
    for path in paths:
        for entry in _read(path):
            entries.pop(entry.scope, None)  # so that it stands where the last file puts it
            entries[entry.scope] = entry
    return Lexicon(tuple(entries.values()))


def _read(path: Path) -> list[Entry]:
    file = read_yaml(path)
    data = validate(file, _File)
    placed = list(_placed(data.words or {}, data.entries or []))
    first: dict[object, tuple[str | int, ...]] = {}
    mistakes: list[Mistake] = []
    for place, entry in placed:
        where = place if place[0] == "words" else (*place, "word")
        if not entry.word.strip() or not entry.say.strip():
            mistakes.append(Mistake(where, "is only white space", "a word and how it is said"))
        if entry.language is not None:
            wrong = language_mistake(entry.language, (*place, "language"))
            mistakes += [wrong] if wrong else []
        if first.setdefault(entry.scope, where) != where:
            line = file.line(first[entry.scope])
            mistakes.append(
                Mistake(where, f"{entry.word!r} is defined twice", f"one: see line {line}")
            )
    raise_mistakes([mistake.error(file) for mistake in mistakes])
    return [entry for _, entry in placed]


def _placed(
    words: Mapping[str, str], entries: Sequence[Entry]
) -> Iterator[tuple[tuple[str | int, ...], Entry]]:
    for word, say in words.items():
        yield ("words", word), Entry(word=word, say=say)
    for i, entry in enumerate(entries):
        yield ("entries", i), entry


def _particular(entry: Entry) -> tuple[bool, bool, int]:
    """Larger is more particular: of a character, of an engine, of a narrower language."""
    return (
        entry.character is not None,
        entry.engine is not None,
        0 if entry.language is None else 1 + entry.language.count("-"),
    )
