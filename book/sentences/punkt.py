"""nltk's Punkt, built from a language's word lists: nothing is downloaded.

Asked about one full stop at a time. Whether a stop ends a sentence depends, for Punkt, on
the word it follows and the word after it alone, so the answers are kept: a novel asks some
hundred different questions, and the paragraph need not be cut into tokens (docs/measurements.md).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
import types
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from book.languages import load_language

_ANSWERS = 65_536  # kept at most: about 10 MB
_loading = threading.Lock()


def bare(words: Iterable[str]) -> frozenset[str]:
    """Abbreviations as they are looked up: each word of ``z. B.``, no last stop, lower case."""
    return frozenset(part.rstrip(".").casefold() for word in words for part in word.split())


@lru_cache(maxsize=_ANSWERS)
def stop_ends_sentence(tag: str, word: str, following: str) -> bool:
    """Whether Punkt takes the stop of ``word.`` before ``following`` as a sentence's end.

    Args:
        tag: of a file of ``configs/languages``.
        word: with its stop, without quotes around it.
        following: the next word.
    """
    ends: bool = _punkt(tag).text_contains_sentbreak(f"{word} {following}")
    return ends


@cache
def _punkt(tag: str) -> Any:
    """Punkt with this language's abbreviations."""
    language = load_language(tag)
    punkt = _punkt_module()
    parameters = punkt.PunktParameters()
    own = language.sentences
    listed = (
        *language.titles,
        *language.abbreviations,
        *language.before_number,
        *language.abbreviated,
        *own.never_last,
        *own.clock,
    )
    parameters.abbrev_types.update(bare(listed) - bare(own.often_last))
    parameters.sent_starters.update(language.starters)
    return punkt.PunktSentenceTokenizer(parameters)


def _punkt_module() -> Any:
    """nltk's punkt without the rest of nltk.

    ``import nltk`` runs all of its packages: 0.24 s here, against 0.07 s for what punkt
    itself needs (2026-11-21). So the two packages above it are stood in for by empty ones
    while it loads, and removed afterwards: a later ``import nltk`` finds the real ones.
    """
    if "nltk" in sys.modules:
        return importlib.import_module("nltk.tokenize.punkt")
    found = importlib.util.find_spec("nltk")
    folders = list(found.submodule_search_locations or ()) if found else []
    with _loading:
        for name, below in (("nltk", ""), ("nltk.tokenize", "/tokenize")):
            package = types.ModuleType(name)
            package.__path__ = [folder + below for folder in folders]
            sys.modules[name] = package
        try:
            return importlib.import_module("nltk.tokenize.punkt")
        finally:
            for name in [n for n in sys.modules if n == "nltk" or n.startswith("nltk.")]:
                del sys.modules[name]
