"""When a text would be spoken: syllables, pauses, words. Pure; no sound is made here.

Alphabets at 15 characters a second, spaces included (castbook's planning figure for English
narration), Chinese at 4.5 characters, kana and hangul at 7 a second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LATIN_PER_S = 15.0
HAN_PER_S = 4.5
KANA_PER_S = 7.0
_DIGIT_S = 0.28  # "1895" is spoken as words
_COMMA_S = 0.18
_STOP_S = 0.35
_LONGEST_S = 0.4  # of a syllable; longer ones are split
_SHORTEST_S = 0.04  # a syllable below it is left out, its neighbours take the time

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3040-\u30ff\uac00-\ud7af"
_TOKEN = re.compile(
    rf"(?P<han>[{_HAN}])|(?P<kana>[{_KANA}])|(?P<digit>\d)"
    rf"|(?P<word>[^\W\d_{_HAN}{_KANA}]+(?:['’][^\W\d_{_HAN}{_KANA}]+)*)"
    r"|(?P<stop>[.!?…。！？；;:：]+)|(?P<comma>[,，、—–]+)"
)
_VOWELS = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüœаеёиоуыэюяαεηιουω]+", re.IGNORECASE)
_FIXED = {
    "han": (1 / HAN_PER_S, True),
    "kana": (1 / KANA_PER_S, True),
    "digit": (_DIGIT_S, True),
    "comma": (_COMMA_S, False),
    "stop": (_STOP_S, False),
}


@dataclass(frozen=True, slots=True)
class Beat:
    """A syllable, or a pause."""

    seconds: float
    voiced: bool
    word: tuple[int, int] | None = None  # code points, on the first syllable of a word
    last: bool = False  # before a full stop or the end: the voice falls (or rises, asking)


def beats(text: str, speed: float = 1.0) -> list[Beat]:
    """The beats of ``text``; no pause at its end. A text without a letter is one syllable."""
    found: list[Beat] = []
    for token in _TOKEN.finditer(text):
        kind, span = token.lastgroup or "", token.span()
        if kind == "word":
            count = len(_VOWELS.findall(token.group())) or 1
            each = (span[1] - span[0] + 1) / LATIN_PER_S / count / speed
            found.append(Beat(each, True, span))
            found.extend(Beat(each, True) for _ in range(count - 1))
            continue
        seconds, voiced = _FIXED[kind]
        if kind == "stop" and found and found[-1].voiced:
            found[-1] = Beat(found[-1].seconds, True, found[-1].word, last=True)
        if voiced or (found and found[-1].voiced):
            found.append(Beat(seconds / speed, voiced, span if voiced else None))
    while found and not found[-1].voiced:
        found.pop()
    if not found:
        return [Beat(1 / HAN_PER_S / speed, True, None, last=True)]
    found[-1] = Beat(found[-1].seconds, True, found[-1].word, last=True)
    return found


def stretch(found: list[Beat], seconds: float) -> list[Beat]:
    """The same beats in exactly ``seconds`` (up to rounding)."""
    total = sum(beat.seconds for beat in found)
    return [Beat(b.seconds * seconds / total, b.voiced, b.word, b.last) for b in found]


def syllables(found: list[Beat]) -> list[tuple[float, float, bool]]:
    """(begin, length, last) in seconds of each sound, none shorter or longer than a syllable."""
    sounds: list[tuple[float, float, bool]] = []
    at = free = 0.0  # free: where the last sound ends
    for beat in found:
        begin, end = max(at, free), at + beat.seconds
        if beat.voiced and end - begin >= _SHORTEST_S:
            pieces = int((end - begin) / _LONGEST_S) + 1
            each = (end - begin) / pieces
            sounds.extend(
                (begin + i * each, each, beat.last and i == pieces - 1) for i in range(pieces)
            )
        elif beat.voiced and at >= free:
            sounds.append((at, _SHORTEST_S, beat.last))
            free = at + _SHORTEST_S
        at = end
    return sounds
