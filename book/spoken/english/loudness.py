"""Speech as print imitates it in English: shouts, drawls, stammers, words left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from book.script import Replacement
from book.spoken.english.numbers import cardinal
from book.spoken.english.style import Style
from book.spoken.words import load_words

_CAPITALS = re.compile(r"(?<![\w.&’'])[A-Z][A-Z’']*[A-Z](?![\w&]|\.\w)")
_PRONOUNCEABLE = re.compile(r"(?=.*[AEIOUY])(?!.*[^AEIOUY’']{5})")
_FIRST = re.compile(r"(?:^|[.!?:…]['\"”’)]*\s+|[\"“‘(—]\s?)[\"“‘'(]*$")
_STAMMER = re.compile(
    r"(?<![\w'’-])(?P<parts>(?P<a>[B-DF-HJ-NP-TV-XZb-df-hj-np-tv-xz][hlrHLR]?)(?:[-‑–]|…|\.{3}\s?)"
    r"(?:(?P=a)(?:[-‑–]|…|\.{3}\s?)){0,5})(?=(?P<word>[A-Za-z][a-z’']+))",
    re.IGNORECASE,
)
_SYLLABLES = {"c": "kuh", "wh": "wuh", "ph": "fuh", "q": "kwuh", "x": "zuh"}
_DRAWL = re.compile(r"\b(?=\w*?([a-zA-Z])\1\1)[A-Za-z]{3,40}\b")
_CHOPPED = re.compile(
    r"(?<![\w-])(?P<head>[A-Za-z]{0,12}-?)(?P<v>[aeiou])(?:-(?P=v)){1,8}(?P<tail>-?[a-z]{0,8})(?![\w-])",
    re.IGNORECASE,
)
_RUN = re.compile(r"([a-zA-Z])\1{2,}", re.IGNORECASE)
_SOUNDS = re.compile(
    r"(?i)(?:a+h*|o+h+|u+h+|u+gh*|h+m+|m+h*m+|sh+|ps+t+|br+|gr+|z+|e+k|a+r*gh+|e+w+|w+h*oa+h*|ha+|h+u+h+|a+w+|o+w+|o{3,})"
)
_DASHES = r"(?:[—―⸺]+|-{2,}|–{2,}|_{2,})"
_CENSORED = re.compile(
    rf"(?<![\w’'])(?P<a>[A-Za-z])(?:{_DASHES}|-|–|\*{{1,5}})(?P<b>[a-z]{{1,6}})(?![\w])"
)
_BLANK_YEAR = re.compile(
    rf"(?<!\w)(?P<c>1\d|20)(?:(?P<t>\d))?(?:{_DASHES}|–(?=[\s,.;]))(?=[\s,.;:!?)]|$)"
)
_BLANK_NAME = re.compile(
    rf"(?P<lead>\b(?:Mr|Mrs|Miss|Dr|Messrs|Captain|Capt|Colonel|Col|Major|Lord|Lady|Sir|General|Count|Countess|Baron|Prince|Princess|Duke|Duchess|Madame|Mme|Monsieur)\.?\s+)(?P<d>{_DASHES})(?=[\s,.;:!?’'”)]|$)"
)
_BLANK_PLACE = re.compile(
    r"(?<=\bof\s)(?P<d>[—―⸺]{2,}|-{3,})(?=[,.;:!?’'”)]|\s+[a-z])|(?<=\bin\s)(?P<d2>[—―⸺]{2,}|-{3,})(?=[,.;:!?’'”)]|\s+[a-z])"
)
_BLANK_SHIRE = re.compile(rf"(?<![\w—―⸺–_-])(?P<d>{_DASHES})(?=shires?\b)")
_LETTER_NAME = re.compile(
    r"(?<=\s)(?P<l>[B-HJ-Z])(?P<d>[—―⸺]{2,}|-{2,}|(?:(?<=(?:Mr|Dr)\.\s.)|(?<=Mrs\.\s.)|(?<=Miss\s.)|(?<=Lord\s.)|(?<=Lady\s.)|(?<=of\s.))[—―⸺])(?=[\s,.;:!?)]|['’]s|$)"
)


def censored(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``d—n``, ``18—``, ``Mr. ——``, ``Lord B——``, ``the ——shire``."""
    words = load_words(tag)["censored"]
    for match in _CENSORED.finditer(text):
        said = words.get(f"{match['a']}-{match['b']}")
        if said:
            yield Replacement(*match.span(), said, "blank")
    for match in _BLANK_YEAR.finditer(text):
        decade = f" {cardinal(int(match['t']) * 10)}" if match["t"] and match["t"] > "1" else ""
        yield Replacement(*match.span(), f"{cardinal(int(match['c']))}{decade} blank", "blank")
    for match in _BLANK_NAME.finditer(text):
        yield Replacement(*match.span("d"), "Blank", "blank")
    for match in _BLANK_PLACE.finditer(text):
        yield Replacement(*match.span(), "Blank", "blank")
    for match in _BLANK_SHIRE.finditer(text):
        yield Replacement(*match.span(), "Blank", "blank")
    for match in _LETTER_NAME.finditer(text):
        yield Replacement(*match.span("d"), "", "blank")


def stammers(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``B-b-but`` -> ``buh-buh-but``: engines would spell the letters."""
    spared = set(load_words(tag)["not_stammered"])
    for match in _STAMMER.finditer(text):
        start, word = match["a"], match["word"]
        parts = re.findall(r"[A-Za-z]+", match["parts"])
        whole = f"{match['parts']}{word}".lower()
        if not word.lower().startswith(start.lower()) or whole in spared:
            continue
        if len(parts) == 1 and start.isupper() and word[0].isupper() and not word[1:2].islower():
            continue
        sound = _SYLLABLES.get(start.lower(), f"{start.lower()}uh")
        said = "-".join([sound] * len(parts)) + "-"
        if start[0].isupper():
            said = said.capitalize()
        yield Replacement(*match.span("parts"), said, "stammer")


def drawls(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """``Nooooo`` -> ``No``, ``Goood`` -> ``Good``, ``Ye-e-es`` -> ``Yes``, ``Hmmmm`` -> ``Hmm``."""
    doubled = set(load_words(tag)["doubled"])
    for match in _DRAWL.finditer(text):
        word = match.group()
        if _SOUNDS.fullmatch(word):
            said = _RUN.sub(lambda run: run.group()[:2], word)
        else:
            twice = _RUN.sub(lambda run: run.group()[:2], word)
            said = (
                twice if twice.lower() in doubled else _RUN.sub(lambda run: run.group()[:1], word)
            )
            if not said.isupper() and set(word.lower()) <= set("ivxlc"):
                continue
        if set(word.upper()) <= set("IVXLCDM") and word.isupper():
            continue  # III, XXX
        yield Replacement(*match.span(), said, "drawl")
    for match in _CHOPPED.finditer(text):
        if match.group().count("-") < 2:
            continue  # re-establish, co-operate
        head, tail = match["head"].rstrip("-"), match["tail"].lstrip("-")
        vowel = match["v"].lower()
        said = head if head.lower().endswith(vowel) else head + match["v"]
        said += tail.lstrip(vowel)
        yield Replacement(*match.span(), said, "drawl")


def shouts(text: str, tag: str, style: Style) -> Iterator[Replacement]:
    """Words in capitals in lower case, so that no engine spells them; initials stay."""
    lists = load_words(tag)
    spelled, loud = set(lists["initialisms"]), set(lists["loud"])
    matches = list(_CAPITALS.finditer(text))
    for match in matches:
        word = match.group()
        bare = re.sub(r"['’].*", "", word)
        if len(bare) < 4 and bare not in loud:
            continue
        if bare in spelled and bare not in loud:
            continue
        if not _PRONOUNCEABLE.match(bare) or re.fullmatch(r"[IVXLCDM]+", bare):
            continue
        first = _FIRST.search(text[max(0, match.start() - 8) : match.start()])
        said = word.lower()
        yield Replacement(*match.span(), said[:1].upper() + said[1:] if first else said, "capitals")
