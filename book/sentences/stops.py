"""What the full stop of a word means before a capital: an abbreviation's, or a sentence's.

Asked in this order: titles, words before numbers, initials, times of day, and at last Punkt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from book.languages import Language, load_language
from book.sentences.punkt import bare, stop_ends_sentence

_NEAR = 40  # characters looked back for the word before a stop
_BEFORE_WORD = "\"'“”‘’«»‹›„‚(["
_INITIALS = re.compile(r"[^\W\d_](?:\.-?[^\W\d_])*")
_NUMBER = re.compile(r"\d{1,3}|[IVXLC]{1,7}")
_NUMERAL = re.compile(r"\d|[IVXLC]{2,}\b|[VXLC]\b|I(?=[.)]|$)")  # not "No. I won't."
_NEXT = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ELISION = re.compile(r"^[^\W\d_]{1,5}['’](?=[^\W\d_]{2})")  # l'Avv., d’ill.
_HEAD_WORDS = 5  # of "At half past 5 a.m. Mr. Smith went"
_ORDINAL_PLACE = re.compile(r"\d+(?:st|nd|rd|th)$")


@dataclass(frozen=True, slots=True)
class _Words:
    """A language's lists, without stops and in lower case."""

    titles: frozenset[str]
    before_number: frozenset[str]
    never_last: frozenset[str]
    low: frozenset[str]  # of these, those that are not written with a capital
    spaced: tuple[str, ...]  # of the same kind, as printed: z. B.
    clock: frozenset[str]
    after_clock: frozenset[str]
    clock_heads: frozenset[str]
    starters: frozenset[str]
    saints: frozenset[str]  # titles that are also the last word of a street's name
    known: frozenset[str]  # everything Punkt may want to say something about


@cache
def _words(tag: str) -> _Words:
    language = load_language(tag)
    own = language.sentences
    titles = bare(language.titles)
    known = (*language.titles, *language.abbreviations, *language.abbreviated, *own.clock)
    spaced = [word for word in own.never_last if " " in word]
    return _Words(
        titles=titles,
        before_number=bare((*language.before_number, *own.before_digit)),
        never_last=bare(set(own.never_last) - set(spaced)),
        low=frozenset(word.rstrip(".") for word in own.never_last if word.islower()),
        spaced=tuple(spaced),
        clock=bare(own.clock),
        after_clock=bare(own.after_clock),
        clock_heads=bare(own.clock_heads),
        starters=frozenset(language.starters),
        saints=titles & {"st"},
        known=bare(known) - bare(own.often_last),
    )


def stop_goes_on(text: str, stop: int, following: int, begin: int, language: Language) -> bool:
    """Whether the sentence goes on after the stop at ``text[stop]``.

    Args:
        text: the paragraph.
        stop: the offset of the full stop.
        following: of the next word, a capital, a digit or a letter without case.
        begin: of the sentence that may end here.
        language: for its words.
    """
    words = _words(language.tag)
    word = _word_before(text, stop)
    plain = word.casefold()
    match = _NEXT.match(text, following)
    after = match.group() if match else text[following]
    starts = is_starter(after, language) and not _initial_follows(text, match)
    if not plain:
        return False
    if len(plain) == 1 and _initial_follows(text, match):
        return True  # z. B., T. J. Wren
    if text.endswith(words.spaced, 0, stop + 1):
        return True
    if plain in words.titles and word[:1].isupper():  # not "what I mag." in German
        return not (starts and plain in words.saints and _names_street(text, stop - len(word)))
    if plain in words.never_last and (word[:1].isupper() or plain in words.low):
        return True
    if plain in words.before_number:  # "Nov. 5", "Tues. Nov. 5"
        dotted = match is not None and text[match.end() : match.end() + 1] == "."
        return _NUMERAL.match(text, following) is not None or (
            dotted and after.casefold() in words.before_number
        )
    if plain in words.clock:
        return _time_goes_on(text[begin:stop], after, words)
    if word == "I":
        return not starts and _capital_before(text, stop - 1)
    if _INITIALS.fullmatch(word) and word[:1].isupper():
        return not starts
    if language.sentences.ordinal_stop and _NUMBER.fullmatch(word):
        return not starts
    if plain in words.known or "." in word:
        return not stop_ends_sentence(language.tag, f"{word}.", after)
    return False  # Punkt, too, takes the stop of an unlisted word as the sentence's


def is_abbreviation(text: str, stop: int, language: Language) -> bool:
    """Whether the word before the stop is known to bear one inside sentences."""
    words = _words(language.tag)
    word = _word_before(text, stop)
    plain = word.casefold()
    return (
        "." in word
        or len(word) == 1
        or plain in words.titles | words.known | words.before_number | words.never_last
    )


def is_starter(word: str, language: Language) -> bool:
    """Whether a capital is no sign of a name: ``The``, ``It's``, ``Didn't``."""
    starters = _words(language.tag).starters
    plain = word.replace("’", "'").casefold()
    first = plain.partition("'")[0]
    return (
        plain in starters
        or first in starters
        or (first.endswith("n") and "'" in plain and first[:-1] in starters)
    )


def _word_before(text: str, stop: int) -> str:
    start = stop
    lowest = max(0, stop - _NEAR)
    while start > lowest and not text[start - 1].isspace() and text[start - 1] not in "—–":
        start -= 1
    word = text[start:stop].rpartition("--")[2].rpartition(".-")[2].strip(_BEFORE_WORD)
    return word if len(word) < 3 else _ELISION.sub("", word)


def _capital_before(text: str, at: int) -> bool:
    """Whether the word before ``at`` has a capital: ``Albert I.``, and not ``you and I.``"""
    before = text[max(0, at - _NEAR) : at].split()
    return bool(before) and before[-1][:1].isupper()


def _initial_follows(text: str, match: re.Match[str] | None) -> bool:
    """The next word is an initial itself: ``J. A. Smith``."""
    return (
        match is not None and len(match.group()) == 1 and text[match.end() : match.end() + 1] == "."
    )


def _names_street(text: str, start: int) -> bool:
    """Whether the word before ``start`` makes ``St.`` a street: ``Baker St.``, ``5th St.``"""
    before = text[max(0, start - _NEAR) : start].split()
    return bool(before) and (before[-1][:1].isupper() or bool(_ORDINAL_PLACE.search(before[-1])))


def _time_goes_on(sentence: str, after: str, words: _Words) -> bool:
    """``At 5 a.m. Mr. Smith went``; but ``He left at 6 p.m. Mr. Smith went``."""
    if after.casefold() in words.after_clock:
        return True
    before = sentence.split()
    head = before[0].strip(_BEFORE_WORD).casefold() if before else ""
    return len(before) <= _HEAD_WORDS and head in words.clock_heads
