"""A simulated recogniser, and takes that say something else: for ``benchmarks.hearing``.

No model is called: the "recogniser" is told what was said and writes it down as recognisers
do. Everything is a function of a seeded generator.

Noise, at a rate of substitutions that is given: a third of them sounds like the word that was
said, a third is spelled like it, a third is another word of the book, and an error is followed
by another more often than chance would have it; function words are dropped at half the rate and
added at a tenth; names are misspelled in four cases of ten; numbers are written in digits;
hyphens come and go, British spellings go; case and punctuation are lost. Chinese: homophones
and other characters, particles dropped, numerals in digits.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from audio.hearing.numerals import han_digits, number_at
from audio.hearing.soundalikes import HAN, readings, sound_of
from audio.hearing.tokens import fold, habits_of
from audio.hearing.transcripts import Heard

_SMALL_EN = ("a", "an", "the", "of", "and", "to", "in", "that", "is", "was", "it", "at", "for")
_SMALL_ZH = tuple("的了着是在也又就便")
_AMERICAN = tuple(
    (re.compile(rf"(?<=\w{{3}}){british}\b"), american)
    for british, american in (("our", "or"), ("ise", "ize"), ("lled", "led"), ("tre", "ter"))
)
_AFTER_AN_ERROR = 5.0  # times likelier
_NUMERAL = re.compile("[零一二三四五六七八九十百千万两]{2,}")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a book, and which of them sound alike."""

    words: tuple[str, ...]
    sounds: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Sequence[str], han: bool) -> Vocabulary:
        """From the sentences of a book."""
        found = sorted({word for text in texts for word in split(text, han)})
        sounds: defaultdict[str, list[str]] = defaultdict(list)
        for word in found:
            for sound in readings(word) if han else (sound_of(fold(word)),):
                sounds[sound].append(word)
        return cls(tuple(found), dict(sounds))


def split(text: str, han: bool) -> list[str]:
    """Words as they are written, or characters of Han."""
    return HAN.findall(text) if han else re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text)


# -- what is really said -------------------------------------------------------------------------

Fault = Callable[[list[str], Sequence[list[str]], random.Random], list[str] | None]


def dropped(words: list[str], others: Sequence[list[str]], rng: random.Random) -> list[str] | None:
    """A clause of 5-10 words inside is not said."""
    size = rng.randint(5, 10)
    if len(words) < size + 4:
        return None
    at = rng.randint(1, len(words) - size - 2)
    return words[:at] + words[at + size :]


def ended(words: list[str], others: Sequence[list[str]], rng: random.Random) -> list[str] | None:
    """The last 20-80 % are not said, four words at least."""
    lost = max(4, round(len(words) * rng.uniform(0.2, 0.8)))
    return words[:-lost] if len(words) >= lost + 2 else None


def repeated(words: list[str], others: Sequence[list[str]], rng: random.Random) -> list[str] | None:
    """A phrase of 5-9 words is said twice or three times."""
    size = rng.randint(5, 9)
    if len(words) < size:
        return None
    at = rng.randint(0, len(words) - size)
    return words[: at + size] + words[at : at + size] * rng.randint(1, 2) + words[at + size :]


def other(words: list[str], others: Sequence[list[str]], rng: random.Random) -> list[str] | None:
    """Another sentence of the book, as long within a seventh, is said instead."""
    alike = [o for o in others if abs(len(o) - len(words)) <= len(words) / 7 and o != words]
    return rng.choice(alike) if alike and len(words) >= 6 else None


def babbled(words: list[str], others: Sequence[list[str]], rng: random.Random) -> list[str] | None:
    """6-12 words that nobody wrote follow."""
    pool = [word for other in others for word in other]
    return words + rng.choices(pool, k=rng.randint(6, 12))


def bitten(words: list[str], others: Sequence[list[str]], rng: random.Random) -> list[str] | None:
    """Only the last word is not said: within what a recogniser does by itself."""
    return words[:-1] if len(words) >= 6 else None


def exchanged(
    words: list[str], others: Sequence[list[str]], rng: random.Random
) -> list[str] | None:
    """One word is another."""
    at = rng.randrange(len(words))
    return [*words[:at], rng.choice(rng.choice(others)), *words[at + 1 :]]


FAULTS: Mapping[str, Fault] = {
    "a clause dropped": dropped,
    "the end not said": ended,
    "a phrase repeated": repeated,
    "another sentence of its length": other,
    "babble at the end": babbled,
}
UNHEARABLE: Mapping[str, Fault] = {"the last word not said": bitten, "one wrong word": exchanged}


# -- what is heard -------------------------------------------------------------------------------


def hear(
    words: Sequence[str], vocabulary: Vocabulary, rate: float, han: bool, rng: random.Random
) -> Heard:
    """What a recogniser with so many substitutions a word writes down."""
    heard: list[str] = []
    errors, again = 0, 1.0
    small = _SMALL_ZH if han else _SMALL_EN
    for word in words:
        likely = min(0.5, rate * again)
        again = 1.0
        if word.casefold() in small and rng.random() < rate / 2:
            errors += 1
            continue
        if rng.random() < rate / 10:
            heard.append(rng.choice(small))
            errors += 1
        named = word[:1].isupper() and not han and heard and word not in ("I",)
        if rng.random() < (0.4 if named else likely):
            heard.append(_misspelled(word, rng) if named else _other(word, vocabulary, han, rng))
            errors += 1
            again = 1.0 if named else _AFTER_AN_ERROR
        else:
            heard.append(word)
    text = _numbers_zh("".join(heard)) if han else _written(heard, rng)
    share = errors / max(1, len(words))
    return Heard(
        text,
        avg_logprob=-0.2 - share * rng.uniform(1, 2),
        no_speech=0.01 if heard else 0.9,
        compression=1.2,
        seconds=max(0.5, len(words) / (4 if han else 2.5)),
    )


def _other(word: str, vocabulary: Vocabulary, han: bool, rng: random.Random) -> str:
    kind = rng.random()
    if han:
        sounds = sorted(readings(word))
        pool = vocabulary.sounds.get(rng.choice(sounds), ()) if sounds and kind < 0.7 else ()
        return rng.choice(pool or vocabulary.words)
    if kind < 1 / 3:
        return rng.choice(vocabulary.sounds.get(sound_of(fold(word)), vocabulary.words))
    return _misspelled(word, rng) if kind < 2 / 3 else rng.choice(vocabulary.words)


def _misspelled(word: str, rng: random.Random) -> str:
    """Another vowel and, in every other case, another consonant."""
    letters = list(word)
    for group in ("aeiou", "bdgklmnprst") if rng.random() < 0.5 else ("aeiou",):
        places = [i for i, letter in enumerate(letters) if letter in group]
        if places:
            letters[rng.choice(places)] = rng.choice(group)
    return "".join(letters)


def _written(words: Sequence[str], rng: random.Random) -> str:
    """As a recogniser writes English: digits, American, hyphens as it likes."""
    numerals = habits_of("en").numerals
    words = [
        part
        for word in words
        for part in (
            word.split("-")
            if all(fold(part) in numerals.values for part in word.split("-"))
            else (word,)
        )
    ]
    folded = [fold(word) for word in words]
    written: list[str] = []
    at = 0
    while at < len(words):
        number, length = number_at(folded, at, numerals)
        if length and (len(number) > 1 or length > 1) and rng.random() < 0.8:
            glued = written and written[-1].isdigit() and len(number) == 2
            written[-1:] = [written[-1] + number] if glued else [*written[-1:], number]
        else:
            length = 1
            written.append(words[at])
        at += length
    text = " ".join(written)
    if rng.random() < 0.7:
        for british, american in _AMERICAN:
            text = british.sub(american, text)
    return text.replace("-", rng.choice(["-", " ", ""])).lower()


def _numbers_zh(text: str) -> str:
    return _NUMERAL.sub(lambda match: han_digits(match.group()) or match.group(), text)
