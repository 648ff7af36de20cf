"""``lexicon.yaml``: how words are pronounced or respelled, for the spoken text only.

The printed text never changes: a lexicon gives replacements with their places in it. The
longest word wins, then the most particular entry (of a character, an engine, a language),
then the last file. Words of Chinese and other scripts without spaces need no boundary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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
# Scripts written without spaces: kana, Han with its extensions, Thai, Lao, Khmer, Myanmar.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_NOT_AFTER = rf"(?<![^\W{_UNSPACED}])"
_NOT_BEFORE = rf"(?![^\W{_UNSPACED}])"
_STARTS_UNSPACED = re.compile(f"[{_UNSPACED}]")
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
    _scopes: dict[tuple[str, str | None, str], tuple[_Rule, ...]] = field(
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
        for rank, rule in enumerate(self._rules(language, speaker, engine)):
            if rule.head not in folded:  # most words are not in most sentences
                continue
            for match in rule.pattern.finditer(printed):
                start, end = match.span()
                found.append((start - end, start, rank, end, rule.entry.say))
        taken: list[Replacement] = []
        for _, start, _, end, say in sorted(found):
            if all(end <= other.start or start >= other.end for other in taken):
                taken.append(Replacement(start, end, say, _RULE))
        return tuple(sorted(taken, key=lambda item: item.start))

    def _rules(self, language: str, speaker: str | None, engine: str) -> tuple[_Rule, ...]:
        """The entries that hold, the strongest first."""
        scope = (language, speaker, engine)
        if scope not in self._scopes:
            held = [
                (_particular(rule.entry), position, rule)
                for position, rule in enumerate(self._all)
                if rule.entry.fits(*scope)
            ]
            held.sort(key=lambda item: (item[0], item[1]), reverse=True)
            self._scopes[scope] = tuple(rule for _, _, rule in held)
        return self._scopes[scope]

    @cached_property
    def _all(self) -> tuple[_Rule, ...]:
        return tuple(_Rule.of(entry) for entry in self.entries)


@dataclass(frozen=True, slots=True)
class _Rule:
    """An entry ready to be looked for."""

    entry: Entry
    head: str  # its first word, folded: not in the text, not to be looked for
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, entry: Entry) -> _Rule:
        words = entry.word.translate(_APOSTROPHES).split()
        body = r"\s+".join(re.escape(word).replace("'", "['’ʼ]") for word in words)
        if entry.whole_word:
            first, last = words[0][0], words[-1][-1]
            body = ("" if _STARTS_UNSPACED.match(first) else _NOT_AFTER) + body
            body += "" if _STARTS_UNSPACED.match(last) else _NOT_BEFORE
        flags = re.NOFLAG if entry.case else re.IGNORECASE
        return cls(entry, words[0].casefold(), re.compile(body, flags))


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
