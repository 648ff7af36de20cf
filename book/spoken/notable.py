"""Words worth an entry in the lexicon: names, foreign words, Chinese polyphones.

No dictionary says how a name is pronounced, and an engine guesses anew in every sentence; so
its names are the first thing to listen to in a new book. A report, never a change.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from book.languages import Language
from book.script import Script, Segment
from castbook.errors import MissingDependency

Reason = Literal["cast", "name", "foreign", "polyphone"]
FEWEST = 2  # times a name must stand; a word with foreign letters once is enough
CONTEXT = 24  # characters shown before and after
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:;—\"“”‘’(\[*]\s*)$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_RUNS = re.compile(r"[\u3400-\u9fff]+|[^\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class NotableWord:
    """A word that may be mispronounced."""

    word: str
    reason: Reason
    count: int
    segment: str  # id of the first segment it stands in
    context: str  # some text around it there
    readings: tuple[str, ...] = ()  # of a polyphone, likeliest first


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a word stands first."""

    segment: Segment
    at: int


def find_notable(
    script: Script,
    language: Language,
    cast: Mapping[str, Iterable[str]],
    known: Collection[str],
) -> tuple[NotableWord, ...]:
    """The words of the book that are worth a look: the cast's first, then the most frequent.

    Args:
        script: of the whole book.
        language: of the book.
        cast: key -> names of a character.
        known: words that the lexicon has already, in any case.

    Raises:
        MissingDependency: the book is Chinese and pypinyin is not installed.
    """
    segments = [s for chapter in script.chapters for s in chapter.segments if s.slices]
    words_of = _han_words if language.han else _latin_words
    found = words_of(segments, language, cast)
    folded = {word.casefold() for word in known}
    order = {"cast": 0, "name": 1, "foreign": 2, "polyphone": 3}
    kept = (word for word in found if word.word.casefold() not in folded)
    return tuple(sorted(kept, key=lambda w: (order[w.reason], -w.count, w.word)))


def _latin_words(
    segments: Iterable[Segment], language: Language, cast: Mapping[str, Iterable[str]]
) -> Iterator[NotableWord]:
    counts: Counter[str] = Counter()
    small: set[str] = set()
    inside: set[str] = set()  # seen with a capital where no sentence begins
    first: dict[str, _Place] = {}
    for segment in segments:
        if segment.kind == "heading":
            continue  # every word of a heading may have a capital
        for match in _WORD.finditer(segment.printed):
            word = re.sub(r"['’]s$", "", match.group())
            if word[:1].islower():
                small.add(word)
                if language.tag != "en" or word.isascii():
                    continue
            counts[word] += 1
            first.setdefault(word, _Place(segment, match.start()))
            if not _SENTENCE_START.search(segment.printed[: match.start()]):
                inside.add(word)
    names = {part for aliases in cast.values() for name in aliases for part in _WORD.findall(name)}
    everyday = {name.capitalize() for given in language.given.values() for name in given}
    everyday |= {title.rstrip(".") for title in language.titles} | set(language.first_person)
    everyday |= {word.capitalize() for words in language.genders.values() for word in words}
    for word, count in counts.items():
        if len(word) < 2 or word.isupper() or word in everyday:
            continue
        reason: Reason = "name"
        if word in names:
            reason = "cast"
        elif language.tag == "en" and not word.replace("’", "'").isascii():
            reason = "foreign"
        elif word.lower() in small or word not in inside or count < FEWEST:
            continue
        yield _notable(word, reason, count, first[word])


def _han_words(
    segments: Iterable[Segment], language: Language, cast: Mapping[str, Iterable[str]]
) -> Iterator[NotableWord]:
    try:
        from pypinyin import Style, pinyin
    except ImportError as error:
        raise MissingDependency(
            "polyphones are found with the package pypinyin: pip install 'castbook[pinyin]'"
        ) from error

    def readings(text: str) -> list[list[str]]:
        """Of each character; one where the dictionary has the phrase it stands in."""
        found: list[list[str]] = pinyin(
            text, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True
        )
        return found

    counts: Counter[str] = Counter()
    said: dict[str, tuple[str, ...]] = {}
    first: dict[str, _Place] = {}
    names = sorted({name for aliases in cast.values() for name in aliases if _HAN.search(name)})
    for segment in segments:
        text = segment.printed
        for name in names:
            if name in text:
                counts[name] += text.count(name)
                first.setdefault(name, _Place(segment, text.index(name)))
        for run in _RUNS.finditer(text):
            if not _HAN.match(run.group()):
                continue
            for at, sounds in enumerate(readings(run.group()), run.start()):
                character = text[at]
                if len(sounds) > 1 and character in language.polyphones:
                    counts[character] += 1
                    said.setdefault(character, tuple(sounds))
                    first.setdefault(character, _Place(segment, at))
    for name in names:
        several = tuple(
            "/".join(sounds if character in language.polyphones else sounds[:1])
            for character, sounds in zip(name, readings(name), strict=False)
        )
        if counts[name] and any("/" in sounds for sounds in several):
            yield _notable(name, "cast", counts[name], first[name], several)
    for character, sounds_in_order in said.items():
        place = first[character]
        yield _notable(character, "polyphone", counts[character], place, sounds_in_order)


def _notable(
    word: str, reason: Reason, count: int, place: _Place, readings: tuple[str, ...] = ()
) -> NotableWord:
    text = place.segment.printed
    context = text[max(0, place.at - CONTEXT) : place.at + len(word) + CONTEXT]
    return NotableWord(word, reason, count, place.segment.id, " ".join(context.split()), readings)
