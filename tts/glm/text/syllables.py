"""How many syllables an English word has: CMU's dictionary, else its groups of vowels.

The shipped table (``configs/glm/syllables.txt``, made by ``scripts/syllables.py``) holds only
the words whose count the vowels get wrong: the dictionary's answer is the same for the rest.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from castbook.resources import configs

TABLE: Final = ("glm", "syllables.txt")
_VOWELS = re.compile("[aeiouy]+")


@lru_cache(maxsize=65536)
def syllables(word: str) -> int:
    """Syllables of an ASCII word, at least one; ``W`` has three."""
    folded = word.casefold()
    return _table().get(folded) or guess(folded)


def guess(word: str) -> int:
    """Groups of vowels without a last ``e``, at least one."""
    return max(1, len(_VOWELS.findall(word.casefold().removesuffix("e"))))


@cache
def _table() -> dict[str, int]:
    """Front coded: of each word the part that the one before it in its line lacks."""
    node = configs()
    for part in TABLE:
        node = node / part
    counts: dict[str, int] = {}
    for line in node.read_text("ascii").splitlines():
        if line.startswith("#"):
            continue
        count, *pieces = line.split()
        word = ""
        for piece in pieces:
            word = word[: ord(piece[0]) - 65] + piece[1:]
            counts[word] = int(count)
    return counts
