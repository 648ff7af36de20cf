"""What a text says about how long it takes to speak: letters, syllables, words, marks.

Pure text: what counts is what sounds. ``Measures`` is a text counted once; everything else
here weighs those counts.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Seconds for one letter, fastest and slowest, spaces not counted: 36 to 6 characters a second
# for alphabets, 11 to 2 for Han. Clean takes: alphabets 3.9-21.7 letters a second (the slow
# end is single words), Han 2.3-6.3; a voice set to double speed stays inside.
_ALPHABET_S: Final = (1 / 30, 1 / 5)
_HAN_S: Final = (1 / 11, 1 / 2)
_KANJI_S: Final = (1 / 11, 1 / 1.5)  # in Japanese one is several syllables
_KANA_S: Final = (1 / 16, 1 / 3)  # kana, hangul
_DIGIT_S: Final = (1 / 14, 0.9)  # "1000" is as short as "thousand", "0171" is four words
_MARK_S: Final = 0.6  # at most, for a comma or a stop
_WIDE_MOST_S: Final = 0.9  # more for a letter of full width, which espeak describes
_SLACK_S: Final = 2.0  # at most, for any take: a sigh, a laugh, a slow "No."
_REFRAIN: Final = 0.4
_CRIED: Final = 0.55  # “come, now, come!” comes to 0.57
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
_NAME_SOUND_S: Final = 0.2  # more for a letter that is said by its name
_WIDE_SOUND_S: Final = 0.4  # more for one of full width: espeak describes it, 0.8; others do not
# The drawn-out syllable before an inner mark and the one at the end: alphabets, others.
_CLAUSE_S: Final = (0.143, 0.16)
_TAKE_S: Final = (0.166, 0.053)

_HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LIGHT: Final = re.compile("[的了么麼吗嗎呢吧啊呀啦咧们們]")
_KANA: Final = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_MARK: Final = re.compile(r"[^\w\s'’]+|\n")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_VOWELS: Final = re.compile("[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿāēīōūаеёиоуыэюяіїєαεηιουωάέήίόύώ]+")
# Letters said by their names: single capitals; in English also "p m", "http", "btw".
_SPELT: Final = re.compile(r"(?<![^\W\d_])(?<!['’])[B-HJ-NP-Z](?![^\W\d_])(?!['’])")
_SPELT_IN_ENGLISH: Final = re.compile(
    r"(?<![a-z'’])(?:[b-hj-np-z]|[b-df-hj-np-tv-xz]{2,5})(?![a-z'’])"
)
_WIDE: Final = re.compile("[Ａ-Ｚａ-ｚ]")
_QUOTES: Final = re.compile(r"""[\s'"‘’“”«»„「」『』]""")
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
    spelt: int  # of the letters, those of words that are spelt, or may be: W, http
    wide: int  # of the letters, those of full width, as in 阿Ｑ

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
    spelt = _SPELT_IN_ENGLISH.findall(text.lower()) if english else _SPELT.findall(text)
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
        spelt=len("".join(spelt)),
        wide=0 if text.isascii() else len(_WIDE.findall(text)),
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
    most += _WIDE_MOST_S * counted.wide + _MARK_S * counted.marks + _SLACK_S
    return least, most


def ending_marks(text: str) -> str:
    """What follows the last letter or digit, quotation marks left out: "." or ".)"."""
    found = _ENDING.search(text)
    return _QUOTES.sub("", found.group()) if found else ""


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
        + _NAME_SOUND_S * counted.spelt
        + _WIDE_SOUND_S * counted.wide
        + _CLAUSE_S[script] * counted.inner_marks
        + _TAKE_S[script]
    )


@dataclass(frozen=True, slots=True)
class Refrain:
    """Something that the text says again. Places and distances are shares of its letters."""

    apart: float  # from there to where it comes again
    pauses: int  # marks between the two, where there is little else: "Ha! ha! ha!"
    begin: float  # the first and the last place from which
    end: float  # as much as lies between comes again
    covered: float  # how much of that at most, 0.4 to 1


@functools.lru_cache(maxsize=64)
def refrains(text: str) -> tuple[Refrain, ...]:
    """Where the text says something again.

    Only runs of three letters, or two Han characters, count: "Never, never again" gives one
    refrain, a third of its letters apart, all of it.
    """
    folded = text.casefold()
    letters = "".join(filter(str.isalnum, folded))
    least = 2 if _mostly_han(letters) else 3
    passed = _marks_passed(folded)
    codes = np.frombuffer(letters.encode("utf-32-le"), np.uint32)
    found = []
    for apart in range(1, len(codes) // 2 + 1):
        alike = codes[:-apart] == codes[apart:]
        places, covered = _windows(alike, min(least, apart), apart)
        # windows that begin near each other see the same refrain
        for group in np.split(places, np.flatnonzero(np.diff(places) > apart) + 1):
            if group.size:
                most = float(covered[group].max()) / apart
                marks = int((passed[group + apart] - passed[group]).max())
                cries = most >= _CRIED and apart < 2 * (least - 0.5) * marks
                pauses = marks if cries else 0
                begin, end = int(group[0]) / len(codes), int(group[-1]) / len(codes)
                found.append(Refrain(apart / len(codes), pauses, begin, end, most))
    return tuple(found)


def _marks_passed(text: str) -> NDArray[np.intp]:
    """How many marks stand before each letter or digit."""
    passed, marks, open_ = [], 0, False
    for char in text:
        if char.isalnum():
            passed.append(marks)
            open_ = False
        elif not open_ and _MARK.match(char):
            marks += 1
            open_ = True
    return np.array(passed, np.intp)


def _windows(
    alike: NDArray[np.bool_], least: int, size: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where windows begin of which 0.4 are in runs of at least so many; and how many
    each window has."""
    steps = np.diff(np.concatenate(([0], alike.view(np.int8), [0])))
    begins, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    long = ends - begins >= least
    if not long.any():
        return np.empty(0, np.intp), np.empty(0, np.intp)
    marks = np.zeros(len(alike) + size, np.intp)
    for begin, end in zip(begins[long], ends[long], strict=True):
        marks[begin:end] = 1
    sums = np.concatenate(([0], np.cumsum(marks)))
    covered = sums[size:] - sums[:-size]
    return np.flatnonzero(covered[: len(alike)] >= _REFRAIN * size), covered


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
