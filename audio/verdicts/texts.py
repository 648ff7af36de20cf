"""What a text says about how long it takes to speak: letters, syllables, words, marks.

Pure text: what counts is what sounds. ``Measures`` is a text counted once; everything else
here weighs those counts.
"""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass
from typing import Final

# Seconds for one letter, fastest and slowest, spaces not counted: 36 to 6 characters a second
# for alphabets, 11 to 2 for Han. Clean takes: alphabets 3.9-21.7 letters a second (the slow
# end is single words), Han 2.3-6.3; a voice set to double speed stays inside.
_ALPHABET_S: Final = (1 / 30, 1 / 5)
_HAN_S: Final = (1 / 11, 1 / 2)
_KANJI_S: Final = (1 / 11, 1 / 1.5)  # in Japanese one is several syllables
_KANA_S: Final = (1 / 16, 1 / 3)  # kana, hangul
_DIGIT_S: Final = (1 / 14, 0.9)  # "1000" is as short as "thousand", "0171" is four words
_MARK_S: Final = 0.6  # at most, for a comma or a stop
_SLACK_S: Final = 2.0  # at most, for any take: a sigh, a laugh, a slow "No."
_REFRAIN: Final = 0.4
_SHORT: Final = 15  # letters, a Han character counting as three
_SHORT_FASTER: Final = 0.6  # of the least, for short texts: single words can be thrown out

_TYPICAL_S: Final = (1 / 12, 1 / 4.5, 1 / 7, 0.28)  # alphabet, Han, kana and hangul, digit
_TYPICAL_MARK_S: Final = 0.3

# Articulation (pauses left out) of espeak at 175 words a minute: least squares, outliers
# weighed down, over 900 English and 450 Mandarin sentences, nine voices, each with a scale of
# its own (2026-11-21). What is left is in lengths.py. Other alphabets go by the English
# figures, kana and hangul by a judgement: the voice's own pace makes up for the scale.
_SOUND_S: Final = 0.043  # a letter
_SYLLABLE_S: Final = 0.033  # more for each vowel or run of vowels
_WORD_S: Final = 0.016  # more for each word
_HAN_SOUND_S: Final = 0.262
_LIGHT_SOUND_S: Final = 0.155  # Mandarin's neutral tone
_KANA_SOUND_S: Final = 0.14
_DIGIT_SOUND_S: Final = 0.26
# The drawn-out syllable before an inner mark and the one at the end: alphabets, others.
_CLAUSE_S: Final = (0.143, 0.16)
_TAKE_S: Final = (0.166, 0.053)

_HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LIGHT: Final = re.compile("[的了么麼吗嗎呢吧啊呀啦咧们們]")
_KANA: Final = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_MARK: Final = re.compile(r"[^\w\s'’]+|\n")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_VOWELS: Final = re.compile("[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿāēīōūаеёиоуыэюяіїєαεηιουωάέήίόύώ]+")
_ENDING: Final = re.compile(r"[\W_]+$")


@dataclass(frozen=True, slots=True)
class Measures:
    """A text in figures."""

    letters: int  # of alphabets
    han: int
    light: int  # of these, particles and suffixes said lightly
    kana: int  # and hangul
    digits: int
    syllables: int  # of words in alphabets
    words: int
    marks: int  # runs of marks and line breaks, the last one included
    inner_marks: int  # those with sound after them

    @property
    def short(self) -> bool:
        """A word or two: of any length, as people say them."""
        return self.letters + 3 * (self.han + self.kana + self.digits) < _SHORT


@functools.lru_cache(maxsize=64)  # a take is asked about several times in a row
def measure(text: str, language: str) -> Measures:
    """Counts a text."""
    sounding = sum(map(str.isalnum, text))
    digits = sum(map(str.isdigit, text))
    han = kana = 0
    if not text.isascii():
        han, kana = len(_HAN.findall(text)), len(_KANA.findall(text))
    letters = sounding - digits - han - kana
    english = language.lower().startswith("en")
    words = [] if letters == 0 else [w for w in _WORD.findall(text.lower()) if not _HAN.match(w)]
    return Measures(
        letters=letters,
        han=han,
        light=len(_LIGHT.findall(text)) if language.lower().startswith("zh") else 0,
        kana=kana,
        digits=digits,
        syllables=sum(_syllables(word, english) for word in words),
        words=len(words),
        marks=len(_MARK.findall(text)),
        inner_marks=len(_MARK.findall(_ENDING.sub("", text))),
    )


def _syllables(word: str, english: bool) -> int:
    count = len(_VOWELS.findall(word))
    silent = english and (
        (word.endswith("e") and not word.endswith("le"))
        or (word.endswith("ed") and word[-3:-2] not in "td")
    )
    return max(1, count - 1 if silent else count)


def length_bounds(text: str, language: str) -> tuple[float, float]:
    """Seconds from first to last sound within which ``text`` can be spoken by anyone."""
    counted = measure(text, language)
    kinds = (
        (counted.letters, _ALPHABET_S),
        (counted.han, _KANJI_S if language.lower().startswith("ja") else _HAN_S),
        (counted.kana, _KANA_S),
        (counted.digits, _DIGIT_S),
    )
    least = sum(count * fastest for count, (fastest, _) in kinds)
    most = sum(count * slowest for count, (_, slowest) in kinds)
    if counted.short:
        least *= _SHORT_FASTER
    return least, most + _MARK_S * counted.marks + _SLACK_S


def typical_seconds(text: str, language: str = "und") -> float:
    """How long ``text`` takes an ordinary reader, pauses included."""
    counted = measure(text, language)
    counts = (counted.letters, counted.han, counted.kana, counted.digits)
    sounds = sum(count * each for count, each in zip(counts, _TYPICAL_S, strict=True))
    return sounds + _TYPICAL_MARK_S * counted.marks


def articulation_seconds(text: str, language: str) -> float:
    """How long the sounds of ``text`` take espeak, pauses left out: what a voice's own pace
    is measured against. A text without a letter has no length: 0."""
    counted = measure(text, language)
    others = counted.han + counted.kana
    if not counted.letters + others + counted.digits:
        return 0.0
    script = int(others > counted.words)
    return (
        _SOUND_S * counted.letters
        + _SYLLABLE_S * counted.syllables
        + _WORD_S * counted.words
        + _HAN_SOUND_S * (counted.han - counted.light)
        + _LIGHT_SOUND_S * counted.light
        + _KANA_SOUND_S * counted.kana
        + _DIGIT_SOUND_S * counted.digits
        + _CLAUSE_S[script] * counted.inner_marks
        + _TAKE_S[script]
    )


@functools.lru_cache(maxsize=64)
def refrains(text: str) -> tuple[tuple[float, float], ...]:
    """Where the text says something again.

    Returns:
        Pairs: after which share of all its letters, and how much of what lies between comes
        again (0.4 to 1). Only runs of three letters, or two Han characters, count: "Never,
        never again" gives (0.33, 1.0).
    """
    letters = "".join(filter(str.isalnum, text.casefold()))
    least = 2 if _mostly_han(letters) else 3
    found = []
    for apart in range(1, len(letters) // 2 + 1):
        again = [one == other for one, other in zip(letters, letters[apart:], strict=False)]
        covered = [0]
        for alike, run in itertools.groupby(again):
            length = len(list(run))
            step = int(alike and length >= min(least, apart))
            covered += [covered[-1] + step * count for count in range(1, length + 1)]
        ends = zip(covered, covered[apart:], strict=False)
        most = max((end - begin for begin, end in ends), default=0) / apart
        if most >= _REFRAIN:
            found.append((apart / len(letters), most))
    return tuple(found)


def repeats_itself(text: str) -> bool:
    """Whether some second of speech is in the text twice: 10 letters, or 4 Han characters."""
    letters = "".join(filter(str.isalnum, text.casefold()))
    return _comes_again(letters, 4 if _mostly_han(letters) else 10)


def _mostly_han(letters: str) -> bool:
    return not letters.isascii() and len(_HAN.findall(letters)) > len(letters) / 2


def _comes_again(letters: str, size: int) -> bool:
    seen: set[str] = set()
    for start in range(len(letters) - size + 1):
        run = letters[start : start + size]
        if run in seen:
            return True
        seen.add(run)
    return False
