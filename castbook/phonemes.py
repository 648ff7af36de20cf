"""Phonemes inside spoken text: ``the ⟦ipa:bruːm⟧ waited``.

The lexicon writes them, engines that declare the alphabet read them; no other engine is ever
given one, so that no bracket is spoken. GLM-TTS has marks of its own (``<|CH|><|ONG2|>``),
which stand in the text as they are: the alphabet ``glm``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Alphabet = Literal["ipa", "espeak", "pinyin", "glm"]
ALPHABETS: tuple[Alphabet, ...] = get_args(Alphabet)

_OPEN, _CLOSE = "⟦", "⟧"
_MARKED = re.compile(rf"{_OPEN}(?P<alphabet>[a-z]+):(?P<sounds>[^{_OPEN}{_CLOSE}]+){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Phonemes:
    """One word or more, given by its sounds."""

    alphabet: str
    sounds: str


def mark(alphabet: Alphabet, sounds: str) -> str:
    """``sounds`` as they stand in spoken text.

    Raises:
        ValueError: ``sounds`` holds one of the marks.
    """
    if alphabet == "glm":
        return sounds
    if not sounds.strip() or _OPEN in sounds or _CLOSE in sounds:
        raise ValueError(f"no phonemes: {sounds!r}")
    return f"{_OPEN}{alphabet}:{sounds.strip()}{_CLOSE}"


def split(spoken: str) -> list[str | Phonemes]:
    """Spoken text as runs of text and of phonemes, in order; none of them empty."""
    parts: list[str | Phonemes] = []
    at = 0
    for match in _MARKED.finditer(spoken):
        if match.start() > at:
            parts.append(spoken[at : match.start()])
        parts.append(Phonemes(match["alphabet"], match["sounds"]))
        at = match.end()
    if at < len(spoken):
        parts.append(spoken[at:])
    return parts
