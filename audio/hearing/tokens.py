"""A text as the tokens by which two texts are compared: folded words, characters of Han,
kana, hangul and other scripts without spaces (or with spaces that nobody places alike), and
numbers in digits. Each token knows where it stands, so that what differs can be quoted.

``configs/hearing/LANGUAGE.yaml`` has the words; a language without such a file has numbers in
digits only, and a digit there stands for any few words (``alignment.py``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import yaml

from audio.hearing.numerals import HAN_NUMERALS, Numerals, han_digits, number_at
from castbook.phonemes import Phonemes, split
from castbook.resources import list_configs, read_config

ANYTHING: Final = "*"  # given to the engine as phonemes: any word may be heard

# Han, kana, hangul; Thai, Lao, Burmese, Khmer
_SINGLE: Final = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
SINGLE: Final = re.compile(f"[{_SINGLE}]")
_LETTER: Final = rf"[^\W\d_{_SINGLE}]"
_PIECE: Final = re.compile(
    rf"[{_SINGLE}]"
    r"|\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?(?![^\W\d_])|\d+"
    rf"|{_LETTER}+(?:['’ʼ]{_LETTER}+)*"
    r"|[%&+£$€¥￥]",
    re.IGNORECASE,
)
_ENGINE_MARK: Final = re.compile(r"<\|[^|<>]*\|>")  # GLM-TTS's own phonemes
_LIKE: Final = {"cmn": "zh", "yue": "zh", "ja": "zh"}
_BY_CHARACTER: Final = ("zh", "cmn", "yue", "ja", "ko", "th", "lo", "my", "km")


class Token(NamedTuple):
    """What is compared, and where in the text it stands."""

    form: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Habits:
    """How a language's texts may be written otherwise."""

    numerals: Numerals = field(default_factory=Numerals)
    point: str = ""  # of 3.5
    percent_first: str = ""  # said before a number that "%" stands behind
    signs: Mapping[str, str] = field(default_factory=dict)
    currencies: Mapping[str, str] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)
    invented: tuple[str, ...] = ()
    counts: bool = False  # its number words are known

    @classmethod
    def of(cls, data: Mapping[str, Any], *, counts: bool) -> Habits:
        """From ``configs/hearing``."""
        return cls(
            numerals=Numerals(
                values=data.get("numbers", {}),
                scales=data.get("scales", {}),
                between=data.get("between", ""),
                one=frozenset(data.get("one", ())),
            ),
            point=data.get("point", ""),
            percent_first=data.get("percent_first", ""),
            signs=MappingProxyType(data.get("signs", {})),
            currencies=MappingProxyType(data.get("currencies", {})),
            same=MappingProxyType(data.get("same", {})),
            invented=tuple(data.get("invented", ())),
            counts=counts,
        )


@cache
def habits_of(language: str) -> Habits:
    """What is known of a language (BCP 47)."""
    name = _LIKE.get(primary(language), primary(language))
    if name not in list_configs("hearing"):
        return Habits()
    return Habits.of(yaml.safe_load(read_config("hearing", f"{name}.yaml")), counts=True)


def primary(language: str) -> str:
    """``zh`` of ``zh-Hans-CN``."""
    return language.partition("-")[0].lower()


def by_character(language: str) -> bool:
    """Whether errors are counted in characters, not in words."""
    return primary(language) in _BY_CHARACTER


def tokens(text: str, language: str) -> tuple[Token, ...]:
    """The tokens of a text.

    Args:
        text: as it was to be spoken, or as it was heard.
        language: BCP 47.
    """
    habits = habits_of(language)
    pieces = tuple(_with_numbers(tuple(_pieces(text, habits)), habits))
    return tuple(_with_han_numbers(pieces)) if by_character(language) else pieces


def _pieces(text: str, habits: Habits) -> Iterator[Token]:
    at = 0
    for part in split(text):
        if isinstance(part, Phonemes):
            end = text.index("⟧", at) + 1
            yield Token(ANYTHING, at, end)
            at = end
            continue
        begin = at
        for mark in [*_ENGINE_MARK.finditer(part), None]:
            until = len(part) if mark is None else mark.start()
            for match in _PIECE.finditer(part, begin - at, until):
                start, end = at + match.start(), at + match.end()
                if match.group() == "%" and habits.percent_first:
                    continue  # said with its number
                if match.group()[0].isdecimal() and part[match.end() : match.end() + 1] == "%":
                    yield from (Token(form, start, end) for form in habits.percent_first)
                for form in _forms(match.group(), habits):
                    yield Token(form, start, end)
            if mark is not None:
                yield Token(ANYTHING, at + mark.start(), at + mark.end())
                begin = at + mark.end()
        at += len(part)


def _forms(piece: str, habits: Habits) -> Iterator[str]:
    """The folded words that a piece of text stands for."""
    if piece in habits.signs or piece in habits.currencies:
        said = habits.signs.get(piece) or habits.currencies[piece]
        yield from said if SINGLE.match(said) else (said,)
    elif piece[0].isdecimal():
        whole, _, rest = re.sub("[^0-9.,:]", "", _ascii_digits(piece)).partition(".")
        yield from (part for part in _grouped(whole) if part)
        if rest:
            yield from (habits.point, rest) if habits.point else (rest,)
    elif piece[0].isalnum():
        word = fold(piece)
        yield from habits.same.get(word, word).split()


def _grouped(number: str) -> Sequence[str]:
    """``3,000`` is one number, ``10:30`` two."""
    return re.sub(r",(?=\d{3}(?:\D|$))", "", number).replace(",", ":").split(":")


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


@cache
def fold(word: str) -> str:
    """Lower case, without accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    kept = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’ʼ")
    return unicodedata.normalize("NFC", kept)


def _with_numbers(pieces: Sequence[Token], habits: Habits) -> Iterator[Token]:
    """Number words become one token of digits; a currency is moved behind its number."""
    pieces = list(_currencies_behind(pieces, habits))
    words = [piece.form for piece in pieces]
    at = 0
    while at < len(pieces):
        form, length = number_at(words, at, habits.numerals)
        if length:
            yield Token(form, pieces[at].start, pieces[at + length - 1].end)
        else:
            yield pieces[at]
        at += max(1, length)


def _currencies_behind(pieces: Sequence[Token], habits: Habits) -> Iterator[Token]:
    """``£5 million`` is said as five million pounds."""
    names = set(habits.currencies.values())
    waiting: Token | None = None
    counted = False
    for piece in pieces:
        if waiting is not None:
            goes_on = piece.form in habits.numerals.scales if counted else piece.form.isdecimal()
            if not goes_on:
                yield waiting
                waiting = None
            counted = True
        if waiting is None and piece.form in names and piece.end - piece.start == 1:
            waiting, counted = piece, False
        else:
            yield piece
    if waiting is not None:
        yield waiting


def _with_han_numbers(pieces: Sequence[Token]) -> Iterator[Token]:
    at = 0
    while at < len(pieces):
        end = at
        while end < len(pieces) and (
            pieces[end].form in HAN_NUMERALS or pieces[end].form.isdecimal()
        ):
            end += 1
        number = han_digits("".join(p.form for p in pieces[at:end])) if end > at else None
        if number is None:
            yield from pieces[at : max(end, at + 1)]
        else:
            yield Token(number, pieces[at].start, pieces[end - 1].end)
        at = max(end, at + 1)
