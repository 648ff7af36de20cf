"""Do two written words sound alike? What a recogniser cannot tell apart is no error.

Alphabets: a key of the consonants, by English habits of spelling (ours, and coarse: it must
forgive *their* for *there* and *Wotson* for *Watson*, and cannot tell *bat* from *bet*), or
one letter in five. Han: two characters are alike when they share a reading without its tone,
as traditional and simplified forms do. Readings need pypinyin (the extra ``asr`` brings it);
without it only equal characters are alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Final

HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN: Final = re.compile("[a-z]+")

# In order. X is the hissing of ship, chip and jam; a letter that is not heard becomes nothing.
_SPELLINGS: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(?:kn|gn|pn)", "n"),
        (r"^wr", "r"),
        (r"^ps", "s"),
        (r"^x", "s"),
        (r"^who", "ho"),  # who, whole
        (r"^gh", "g"),
        (r"ough?t$|aught$", "ot"),
        (r"gh", ""),
        (r"ph", "f"),
        (r"tch|sch(?=[ei])|[cs]h|[tcs](?=i(?:on|an|ous|al|ent))", "X"),
        (r"dg(?=[eiy])|j", "X"),
        (r"ck|q|c(?![eiy])", "k"),
        (r"c", "s"),
        (r"x", "ks"),
        (r"mb$", "m"),
        (r"l(?=[kf]$|mn?$)", ""),  # talk, half, calm
        (r"t(?=l[e]|en$)(?<=st)", ""),  # castle, listen
    )
)
_VOICELESS: Final = str.maketrans("vzbdg", "fsptk")
_NAME_SHARE: Final = 3  # one sound in so many of a name may be another
_SPELLED_SHARE: Final = 5  # one letter in so many of any word
_FOLDED: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))  # southern Mandarin


@lru_cache(maxsize=8192)
def sound_of(word: str) -> str:
    """The consonants of a word of the Latin alphabet, voiceless; "" for other scripts.

    Args:
        word: folded (lower case, no accents).
    """
    if not _LATIN.fullmatch(word):
        return ""
    heard = word
    for pattern, sound in _SPELLINGS:
        heard = pattern.sub(sound, heard)
    heard = re.sub(r"(.)\1+", r"\1", heard.translate(_VOICELESS))
    opening = "a" if heard[:1] in tuple("aeiou") else heard[:1]  # w, y, h are heard there
    return opening + re.sub("[aeiouyhw]", "", heard[1:])


@lru_cache(maxsize=65536)
def alike(one: str, other: str) -> bool:
    """Whether a recogniser may write one for the other: two folded words or two characters."""
    if one == other:
        return True
    if HAN.match(one) and HAN.match(other):
        return not readings(one).isdisjoint(readings(other))
    sounds = sound_of(one)
    if sounds and sounds == sound_of(other):
        return True
    letters = min(len(one), len(other)) if one.isalpha() and other.isalpha() else 0
    return one[:1] == other[:1] and near(one, other, letters // _SPELLED_SHARE)


@lru_cache(maxsize=8192)
def like_name(name: str, heard: str) -> bool:
    """``alike`` for a word that no recogniser can know: a third of its sounds may differ."""
    if alike(name, heard):
        return True
    if HAN.match(name) and HAN.match(heard):
        return not _folded(name).isdisjoint(_folded(heard))
    sounds = sound_of(name) or name
    return near(sounds, sound_of(heard) or heard, max(1, len(sounds) // _NAME_SHARE))


@cache
def readings(character: str) -> frozenset[str]:
    """The Mandarin syllables of a Han character, without tones; empty without pypinyin."""
    pinyin = _pinyin()
    return pinyin(character) if pinyin is not None else frozenset()


@cache
def _folded(character: str) -> frozenset[str]:
    folded = set()
    for reading in readings(character):
        for spelling, sound in _FOLDED:
            reading = reading.replace(spelling, sound)
        folded.add(reading)
    return frozenset(folded)


@cache
def _pinyin() -> Callable[[str], frozenset[str]] | None:
    try:
        from pypinyin import Style, pinyin
    except ImportError:
        return None
    return lambda character: frozenset(
        reading
        for found in pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
        for reading in found
    )


def near(one: str, other: str, most: int) -> bool:
    """Whether at most ``most`` letters were put in, left out or exchanged."""
    if abs(len(one) - len(other)) > most:
        return False
    if most == 0:
        return one == other
    above = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, known in enumerate(other, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != known)))
        if min(row) > most:
            return False
        above = row
    return above[-1] <= most
