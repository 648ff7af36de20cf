"""Other sentence splitters, behind one call: whatever of them is installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from book.languages import load_language
from book.sentences import split_sentences

_PYSBD = {  # pysbd 0.3.4 raises for any other
    *("am", "ar", "bg", "da", "de", "el", "en", "es", "fa", "fr", "hi", "hy"),
    *("it", "ja", "kk", "mr", "my", "nl", "pl", "ru", "sk", "ur", "zh"),
}


@dataclass(frozen=True, slots=True)
class Splitter:
    """A way to split a paragraph into sentences."""

    name: str
    split: Callable[[str, str], Sequence[str]]  # (text, BCP 47 tag)
    quick: bool = True  # False: too slow for whole books


def splitters() -> list[Splitter]:
    """castbook first, then bare Punkt, Punkt with castbook's list, and what else is there."""
    found = [
        Splitter("castbook", _ours),
        Splitter("nltk Punkt", _punkt_bare),
        Splitter("nltk Punkt + list", _punkt_listed),
    ]
    optional = (
        Splitter("sentencex", _sentencex),
        Splitter("blingfire", _blingfire),
        Splitter("pysbd", _pysbd, quick=False),
    )
    found.extend(s for s in optional if importlib.util.find_spec(s.name) is not None)
    return found


def _ours(text: str, tag: str) -> Sequence[str]:
    return [text[start:end] for start, end in split_sentences(text, tag)]


@cache
def _tokenizer(tag: str | None) -> Any:
    punkt = importlib.import_module("nltk.tokenize.punkt")
    parameters = punkt.PunktParameters()
    if tag is not None:
        language = load_language(tag)
        words = (
            *language.titles,
            *language.abbreviations,
            *language.before_number,
            *language.abbreviated,
        )
        parameters.abbrev_types.update(word.rstrip(".").casefold() for word in words)
        parameters.sent_starters.update(language.starters)
    return punkt.PunktSentenceTokenizer(parameters)


def _punkt_bare(text: str, tag: str) -> Sequence[str]:
    return list(_tokenizer(None).tokenize(text))


def _punkt_listed(text: str, tag: str) -> Sequence[str]:
    return list(_tokenizer(tag).tokenize(text))


def _sentencex(text: str, tag: str) -> Sequence[str]:
    return list(importlib.import_module("sentencex").segment(tag, text))


def _blingfire(text: str, tag: str) -> Sequence[str]:
    joined: str = importlib.import_module("blingfire").text_to_sentences(text)
    return joined.split("\n")


@cache
def _segmenter(tag: str) -> Any:
    return importlib.import_module("pysbd").Segmenter(language=tag, clean=False)


def _pysbd(text: str, tag: str) -> Sequence[str]:
    primary = tag.partition("-")[0]
    return list(_segmenter(primary if primary in _PYSBD else "en").segment(text))
