"""The size of a text in tokens, for planning: a pure function that needs no checkpoint.

A book must be cut alike on every machine, with the weights there or not, so the tokenizer is
not asked. The estimate is on the safe side for prose: a hanzi is a token, a word of letters one
for every four of them begun, a marked syllable two. ``frontend.py`` counts exactly and splits
what is still too long.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from castbook.phonemes import Phonemes
from castbook.phonemes import split as marked
from tts.glm.text.phonemes import TOKEN

_LETTERS: Final = 4  # of a token of prose, its space not counted
_WORD = re.compile(r"[A-Za-z]+")
_OTHER = re.compile(r"[^A-Za-z\s]")
_RARE = re.compile(r"[^\x00-\x7f\u2010-\u2027\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_RARE_TOKENS: Final = 2  # on top: of a character that may be left as its bytes


def estimate(text: str, language: str = "") -> int:
    """Tokens of ``text``, at least one."""
    total = 0
    for part in marked(text):
        if isinstance(part, Phonemes):
            total += 2 * len(re.split(r"[\s'’-]+", part.sounds.strip()))
        else:
            total += _tokens(part)
    return max(1, total)


@lru_cache(maxsize=16384)
def _tokens(text: str) -> int:
    rest, sounds = TOKEN.subn("", text) if "<|" in text else (text, 0)
    words = sum((len(word) - 1) // _LETTERS + 1 for word in _WORD.findall(rest))
    rare = 0 if rest.isascii() else _RARE_TOKENS * len(_RARE.findall(rest))
    return sounds + words + len(_OTHER.findall(rest)) + rare
