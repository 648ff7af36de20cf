"""The words of the pages as data, and which language a visitor reads.

``configs/service/words.LANGUAGE.yaml`` holds a map of rooms (``site``, ``books``, ``bench`` …),
each a map of short names to sentences in which ``{name}`` is filled in. A test compares the
languages' keys, so a sentence that is missing in one of them never reaches a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from castbook.resources import read_config

LANGUAGES = ("en", "zh")
_RANGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


@dataclass(frozen=True, slots=True)
class Words:
    """All sentences of one language."""

    language: str  # for ``lang=``: en, zh
    rooms: Mapping[str, Mapping[str, str]]

    def __call__(self, name: str, /, **values: object) -> str:
        """The sentence ``room.name`` with its places filled in.

        Raises:
            KeyError: no such sentence, or a place without a value.
        """
        room, _, key = name.partition(".")
        sentence = self.rooms[room][key]
        return sentence.format(**values) if values else sentence


@cache
def load_words(language: str) -> Words:
    """The words of a language of ``LANGUAGES``."""
    rooms = yaml.safe_load(read_config("service", f"words.{language}.yaml"))
    return Words(
        language,
        {room: {key: str(said) for key, said in own.items()} for room, own in rooms.items()},
    )


def choose_language(asked: str | None, remembered: str | None, accepted: str) -> str:
    """``?lang=``, else the cookie, else the best of ``Accept-Language``, else English. Pure."""
    for wish in (asked, remembered):
        if wish in LANGUAGES:
            return wish
    best, weight = LANGUAGES[0], 0.0
    for part in accepted[:1000].split(","):
        match = _RANGE.fullmatch(part)
        if match and match[1].lower() in LANGUAGES and float(match[2] or 1) > weight:
            best, weight = match[1].lower(), float(match[2] or 1)
    return best
