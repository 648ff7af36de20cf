"""How a book itself says that words are pronounced: ruby, ``ssml:ph``, PLS lexicons."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Literal

from lxml import etree

from book.manuscript import Sound
from book.readers.trees import parse_xml
from book.readers.xhtml.elements import SSML, XML, name_of, text_of

LONGEST = 200  # characters of a word or a reading
MOST_SOUNDS = 20_000  # of one book; the lexicon of the largest sample has 140
_ALPHABETS: dict[str, Literal["ipa", "x-sampa"]] = {
    "ipa": "ipa",
    "x-ipa": "ipa",
    "x-sampa": "x-sampa",
    "sampa": "x-sampa",
}


def ruby_sound(ruby: etree._Element, language: str | None) -> Sound | None:
    """The reading of a whole ``<ruby>``: the base and what stands above it."""
    base: list[str] = [ruby.text or ""]
    reading: list[str] = []
    for child in islice(ruby, 200):
        name = name_of(child)
        if name in ("rt", "rtc"):
            reading.append(text_of(child))
        elif name != "rp":
            base.append(text_of(child))
        base.append(child.tail or "")
    return _sound("".join(base), "".join(reading), "ruby", language)


def ssml_sound(element: etree._Element, alphabet: str, language: str | None) -> Sound | None:
    """The pronunciation in an ``ssml:ph`` attribute."""
    phonemes = element.get(SSML + "ph") or element.get("ssml:ph")
    known = _ALPHABETS.get(alphabet.lower())
    if not phonemes or known is None:
        return None
    return _sound(text_of(element, 50), phonemes, known, language)


def read_lexicon(content: bytes, name: str, language: str) -> list[Sound]:
    """The words of a PLS lexicon; one without an alphabet that we know is empty.

    Raises:
        ManuscriptError: it is no XML.
    """
    root = parse_xml(content, name).root
    alphabet = root.get("alphabet") or "ipa"
    own = root.get(XML + "lang")
    found: list[Sound] = []
    for lexeme in root.iter():
        if name_of(lexeme) != "lexeme":
            continue
        words, sounds = [], []
        for child in islice(lexeme, 100):
            kind = name_of(child)
            if kind == "grapheme":
                words.append(child.text or "")
            elif kind == "phoneme":
                known = _ALPHABETS.get((child.get("alphabet") or alphabet).lower())
                if known:
                    sounds.append((child.text or "", known))
        for word in words if sounds else ():
            sound = _sound(word, sounds[0][0], sounds[0][1], differing(own, language))
            if sound:
                found.append(sound)
        if len(found) >= MOST_SOUNDS:
            break
    return found


def differing(language: str | None, book: str | None) -> str | None:
    """``language`` where its primary subtag is not the book's."""
    if not language or not book:
        return language or None
    same = language.partition("-")[0].lower() == book.partition("-")[0].lower()
    return None if same else language


def distinct(sounds: Iterable[Sound]) -> tuple[Sound, ...]:
    """Each sound once, in order of appearance, at most ``MOST_SOUNDS``."""
    return tuple(islice(dict.fromkeys(sounds), MOST_SOUNDS))


def _sound(
    word: str, reading: str, alphabet: Literal["ruby", "ipa", "x-sampa"], language: str | None
) -> Sound | None:
    word, reading = " ".join(word.split()), " ".join(reading.split())
    if not word or not reading or len(word) > LONGEST or len(reading) > LONGEST:
        return None
    return Sound(word, reading, alphabet, language)
