"""Sounds given in the text, as the model's phoneme tokens.

The model reads a syllable of Mandarin as one or two tokens, ``<|ZH|><|ONG4|>``: initial, and
final with its tone (5 is the neutral one), after the strict scheme of pinyin: ü is V, the
vowels of zi and zhi are II and III. It has no tokens for sounds of other languages.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

INITIALS: Final = (
    "zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x",
    "r", "z", "c", "s",
)  # fmt: skip
TOKEN = re.compile(r"<\|[A-Z]+[1-5]?\|>")
RUN = re.compile(rf"(?:{TOKEN.pattern})+")

_SYLLABLE = re.compile(r"([a-zv]+?)([0-5]?)")
_TONES: Final = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
# Spelling to sound: behind an initial, and where there is none.
_CONTRACTED: Final = {"iu": "iou", "ui": "uei", "un": "uen"}
# What may follow; a misspelt syllable must not become a token that says something else.
FINALS: Final = frozenset(
    {
        "a", "ai", "an", "ang", "ao", "e", "ei", "en", "eng", "er", "i", "ia", "ian", "iang",
        "iao", "ie", "ii", "iii", "in", "ing", "io", "iong", "iou", "o", "ong", "ou", "u",
        "ua", "uai", "uan", "uang", "uei", "uen", "ueng", "uo", "v", "van", "ve", "vn",
    }
)  # fmt: skip


def tokens(pinyin: str) -> tuple[str, ...]:
    """The tokens of ``pinyin``, in order: ``chong2 qing4`` or ``chóngqìng`` apart by spaces.

    Args:
        pinyin: syllables apart by spaces, hyphens or apostrophes, with tone numbers or marks;
            without either the tone is neutral. ü may be written v or u:.

    Raises:
        ValueError: one sentence naming the syllable that is none.
    """
    found: list[str] = []
    for syllable in re.split(r"[\s'’-]+", pinyin.strip()):
        initial, final, tone = sound(syllable)
        found += ([f"<|{initial.upper()}|>"] if initial else []) + [f"<|{final.upper()}{tone}|>"]
    return tuple(found)


def sound(syllable: str) -> tuple[str, str, str]:
    """(initial or "", strict final, tone) of one syllable of pinyin.

    Raises:
        ValueError: as ``tokens``.
    """
    letters, mark = _unmarked(syllable)
    match = _SYLLABLE.fullmatch(letters)
    if match is None or (match[2] and mark):
        raise ValueError(f"{syllable!r} is no syllable of pinyin")
    initial = next((name for name in INITIALS if match[1].startswith(name)), "")
    final = _final(initial, match[1].removeprefix(initial))
    tone = mark or match[2].replace("0", "5") or "5"
    if final not in FINALS:
        raise ValueError(f"{syllable!r} is no syllable of pinyin")
    return initial, final, tone


def _unmarked(syllable: str) -> tuple[str, str]:
    """Letters without tone marks, ü as v; the tone of the mark, if any."""
    plain, tone = "", ""
    for character in unicodedata.normalize("NFD", syllable.casefold()):
        if character in _TONES:
            if tone:
                raise ValueError(f"{syllable!r} has two tones")
            tone = _TONES[character]
        elif character in "\u0308:":
            plain = plain.removesuffix("u") + "v" if plain.endswith("u") else plain + "?"
        elif character != "\u0302":  # ê is said as e
            plain += character
    return plain, tone


def _final(initial: str, rest: str) -> str:
    if not initial:
        return _alone(rest)
    if initial in ("j", "q", "x"):
        if rest.startswith("u"):
            rest = "v" + rest[1:]
    elif rest == "ue":  # lue, nue: keyboards without ü
        rest = "ve"
    if rest == "i":
        return {"z": "ii", "c": "ii", "s": "ii"}.get(
            initial, "iii" if initial in ("zh", "ch", "sh", "r") else "i"
        )
    return _CONTRACTED.get(rest, rest)


def _alone(rest: str) -> str:
    """yi is i, you is iou, yu is v, wu is u, wei is uei."""
    if rest.startswith("yu"):
        return "v" + rest[2:]
    if rest.startswith("y"):
        rest = rest[1:] if rest[1:2] == "i" else "i" + rest[1:]
    elif rest.startswith("w"):
        rest = rest[1:] if rest[1:2] == "u" else "u" + rest[1:]
    return _CONTRACTED.get(rest, rest)
