"""Which lines are headings, and which number they bear.

``Chapter I``, ``BOOK TWO. THE RETURN``, ``IV.``, ``第十二回　…``, ``（三）``, ``Epilogue``. A
heading stands alone, is short, and does not end like a sentence.
"""

from __future__ import annotations

import re
from functools import cache

from book.languages import Language, load_language
from book.readers.blocks import CHAPTER, PART, SECTION, Heading

LONGEST = 120  # characters of a heading with its title, as in "CHAPTER XIV COMPRISING FURTHER …"
_ROMAN = r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_HAN_NUMBER = "[〇零一二两三四五六七八九十百千廿卅0-9０-９]+"
_HAN_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_DECORATION = "-—–=~*·.•[]()（）【】〔〕《》 \t\u3000"
_ORNAMENT = "-—–=~*·• \t\u3000"
_SENTENCE_END = re.compile(r"[.!?…。！？;；,，:：]['\"’”」』)]*$")


@cache
def _patterns(language: Language) -> tuple[tuple[int, re.Pattern[str]], ...]:
    """(rank, pattern) in the order in which they are tried; groups: label, word, number, rest.

    Chinese books hold English headings too, hardly ever the other way round.
    """
    own = language.headings
    latin = load_language("en").headings if language.han else own
    spelled = (*latin.numbers, *latin.ordinals)
    number = "|".join((r"\d{1,3}", _ROMAN, *sorted(spelled, key=len, reverse=True)))
    rest = r"(?![\w'’])(?:[.:：—–-]*(?:[\s.:：—–-](?P<rest>.*))?)"
    found: list[tuple[int, str]] = []
    if language.han:
        after = r"(?:[\s:：、.·—-]*(?P<rest>[^，。！？]*[！？]?))"
        for rank, words in ((PART, own.part), (CHAPTER, own.chapter)):
            label = rf"(?P<label>第\s*(?P<number>{_HAN_NUMBER})\s*(?P<word>{_choice(words)}))"
            found.append((rank, label + after))
        found.append((PART, rf"(?P<label>(?P<word>卷)\s*(?P<number>{_HAN_NUMBER}))" + after))
    for rank, words in ((PART, latin.part), (CHAPTER, latin.chapter)):
        if words:
            label = rf"(?:the\s+)?(?P<word>{_choice(words)})\b\.?(?:\s+the)?\s*(?P<number>{number})"
            found.append((rank, rf"(?P<label>{label}){rest}"))
    named = (*own.named, *(latin.named if language.han else ()))
    if named:
        label = rf"(?P<label>(?:the\s+)?(?P<word>{_choice(named)})(?P<number>{_HAN_NUMBER})?)"
        found.append((CHAPTER, label + r"(?:[\s.:：—–-]+(?P<rest>.*))?"))
    return tuple((rank, re.compile(pattern, re.I)) for rank, pattern in found)


def _choice(words: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, sorted(set(words), key=lambda w: (-len(w), w))))


_BARE = re.compile(rf"(?:{_ROMAN}|\d{{1,3}}|{_HAN_NUMBER})[.、．]?")


def match_heading(line: str, language: Language) -> Heading | None:
    """The heading that ``line`` is, or None. Bare numbers get the rank SECTION."""
    text = " ".join(line.split())
    if not text or len(text) > LONGEST:
        return None
    core = text.strip(_DECORATION)
    if len(core) <= 8 and _BARE.fullmatch(core):
        core = core.rstrip(".、．")
        kind = "#digits" if core.isdecimal() else "#roman" if core.isascii() else "#han"
        return Heading(SECTION, core, "", kind, number_of(core))
    for rank, pattern in _patterns(language):
        match = pattern.fullmatch(text.strip(_ORNAMENT))
        if not match:
            continue
        title = (match["rest"] or "").strip(" \u3000:：—–-")
        if title and not _is_title(title):
            return None
        number = number_of(match["number"]) if match["number"] else None
        return Heading(rank, match["label"].strip(), title, match["word"].casefold(), number)
    return None


def _is_title(text: str) -> bool:
    """Whether what follows a heading's number may be its title, and not a sentence's rest."""
    if text[:1].islower():
        return False
    if text.upper() == text:
        return True
    short_cry = len(text) <= 40 and text[-1] in "!?！？…"
    return short_cry or _SENTENCE_END.search(text) is None


def may_be_title(text: str) -> bool:
    """Whether a line under a numbered heading is that heading's title."""
    line = " ".join(text.split())
    if not line or len(line) > LONGEST or not any(map(str.isalpha, line)):
        return False
    if line[0] in "\"'“‘「『—" and line.upper() != line:
        return False
    if line.upper() == line and any(map(str.isupper, line)):
        return True
    if _SENTENCE_END.search(line):
        return False
    if not line.isascii() and any("\u4e00" <= c <= "\u9fff" for c in line):
        return len(line) <= 20
    words: list[str] = re.findall(r"[^\W\d_]+", line)
    long = [w for w in words if len(w) > 3] or [words[0], words[-1]]  # "Out to Sea"
    capitals = sum(word[0].isupper() for word in long)
    return capitals >= 0.6 * len(long)


def number_of(written: str) -> int | None:
    """The number that ``XIV``, ``14``, ``fourteen`` or ``十四`` writes."""
    text = written.strip().casefold()
    if text.isdecimal():
        return int(text)
    spelled = load_language("en").headings
    for words in (spelled.numbers, spelled.ordinals):
        if text in words:
            return words.index(text) + 1
    upper = text.upper()
    if re.fullmatch(_ROMAN, upper):
        values = [_ROMAN_DIGITS[c] for c in upper]
        following = [*values[1:], 0]
        return sum(-v if v < n else v for v, n in zip(values, following, strict=True))
    return _han_number(text)


def _han_number(text: str) -> int | None:
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not text or any(c not in _HAN_DIGITS and c not in _HAN_UNITS for c in text):
        return None
    if not any(c in _HAN_UNITS for c in text):
        return int("".join(str(_HAN_DIGITS[c]) for c in text))
    total = digit = 0
    for c in text:
        if c in _HAN_UNITS:
            total += (digit or 1) * _HAN_UNITS[c]
            digit = 0
        else:
            digit = _HAN_DIGITS[c]
    return total + digit
