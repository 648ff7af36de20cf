"""``lexicon.yaml``: how words are pronounced or respelled, for the spoken text only.

The printed text never changes: a lexicon gives replacements with their places in it. The
longest word wins, then the most particular entry (of a character, an engine, a language),
then the last file. Words of Chinese and other scripts without spaces need no boundary. Where
the engine reads an entry's phonemes it gets them, else the respelling, else nothing is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache

from book.script import Replacement
from book.spoken.entries import APOSTROPHES, Entry
from castbook.phonemes import mark

_RULE = "lexicon"
_START = 3  # characters by which entries are looked up: 1,000 of them cost a sentence 0.05 ms
# Scripts written without spaces: kana, Han with its extensions, Thai, Lao, Khmer, Myanmar.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_SPACED = re.compile(rf"[^\W{_UNSPACED}]")  # a letter or digit of a word with boundaries


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The entries of all files, the last file last."""

    entries: tuple[Entry, ...] = ()
    alphabets: Mapping[str, Collection[str]] = field(default_factory=dict)  # of each engine
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
        folded = printed.translate(APOSTROPHES).casefold()
        taken_alphabets = self.alphabets.get(engine, ())
        found: list[tuple[int, int, int, int, str]] = []
        rules = self._rules(language, speaker, engine)
        for start_of_word in _starts(folded) & rules.keys():  # most words are in few sentences
            for rank, rule in rules[start_of_word]:
                if rule.head not in folded:
                    continue
                said = spoken_form(rule.entry, taken_alphabets)
                for start, end in rule.places(printed) if said else ():
                    found.append((start - end, start, rank, end, said))
        taken: list[Replacement] = []
        for _, start, _, end, say in sorted(found):
            if all(end <= other.start or start >= other.end for other in taken):
                taken.append(Replacement(start, end, say, _RULE))
        return tuple(sorted(taken, key=lambda item: item.start))

    def unread(self, engines: Collection[str]) -> tuple[Entry, ...]:
        """Entries with phonemes that none of ``engines`` reads, and no respelling instead."""
        return tuple(
            entry
            for entry in self.entries
            if entry.engine is None or entry.engine in engines
            if not any(spoken_form(entry, self.alphabets.get(name, ())) for name in engines)
        )

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


@lru_cache(maxsize=512)
def _starts(folded: str) -> frozenset[str]:
    """Every way in which a word of the text may start: asked for once per speaker of a text."""
    return frozenset(folded[i : i + n] for n in range(1, _START + 1) for i in range(len(folded)))


def spoken_form(entry: Entry, alphabets: Collection[str]) -> str:
    """What an engine that reads ``alphabets`` is given for the word; "" if it has no use for it."""
    if entry.phonemes is not None and entry.alphabet in alphabets:
        return mark(entry.alphabet, entry.phonemes)
    return entry.say or ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """An entry ready to be looked for."""

    entry: Entry
    head: str  # its first word, folded: not in the text, not to be looked for

    @classmethod
    def of(cls, entry: Entry) -> _Rule:
        return cls(entry, entry.word.translate(APOSTROPHES).split()[0].casefold())

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
    words = word.translate(APOSTROPHES).split()
    body = r"\s+".join(re.escape(part).replace("'", "['’ʼ]") for part in words)
    return re.compile(f"(?=({body}))", re.NOFLAG if case else re.IGNORECASE)


def _joined(text: str, at: int) -> bool:
    """Whether ``at`` lies inside a word, of a script that has spaces between words."""
    around = text[max(at - 1, 0) : at + 1]
    return 0 < at < len(text) and all(map(_SPACED.match, around))


_Ranked = Mapping[str, Sequence[tuple[int, _Rule]]]


def _particular(entry: Entry) -> tuple[bool, bool, int]:
    """Larger is more particular: of a character, of an engine, of a narrower language."""
    return (
        entry.character is not None,
        entry.engine is not None,
        0 if entry.language is None else 1 + entry.language.count("-"),
    )
