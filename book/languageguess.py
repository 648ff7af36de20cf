"""The language of a book, guessed from its text when nobody has said it.

Script counts decide Chinese, Japanese and Korean. Among languages in Latin letters the one
wins whose small words (``starters`` of ``configs/languages``) stand most often in the text:
over a whole book that is a matter of thousands of words, so no model is needed. Short texts
tell too little: English then, and the author sees the line in ``project.yaml``.
"""

from __future__ import annotations

import re
from collections import Counter

from book.languages import load_language
from castbook.resources import list_configs

SAMPLE = 200_000  # characters looked at, from the middle: a licence stands at the ends
FEWEST = 20  # small words of the winner; fewer tell nothing
_WORD = re.compile(r"[^\W\d_]+")
_DEFAULT = "en"


def guess_language(text: str, declared: str | None = None) -> str:
    """A BCP 47 primary tag for ``text``.

    Args:
        text: of the book.
        declared: what the manuscript says of itself; believed unless the script denies it.
    """
    start = max(0, len(text) // 2 - SAMPLE // 2)
    sample = text[start : start + SAMPLE]
    script = _by_script(sample)
    if declared:
        primary = declared.replace("_", "-").split("-")[0].lower()
        if primary not in ("und", "") and (script is None or script == primary):
            return declared
    return script or _by_small_words(sample)


def _by_script(sample: str) -> str | None:
    letters = max(1, sum(character.isalpha() for character in sample))
    kana = sum("\u3040" <= character <= "\u30ff" for character in sample)
    hangul = sum("\uac00" <= character <= "\ud7a3" for character in sample)
    han = sum("\u3400" <= character <= "\u9fff" for character in sample)
    if kana / letters > 0.1:
        return "ja"
    if hangul / letters > 0.3:
        return "ko"
    return "zh" if han / letters > 0.3 else None


def _by_small_words(sample: str) -> str:
    counts = Counter(word.lower() for word in _WORD.findall(sample))
    scores: dict[str, int] = {}
    for tag in list_configs("languages"):
        language = load_language(tag)
        if tag != "und" and not language.han:
            scores[tag] = sum(counts[word.lower()] for word in set(language.starters))
    best = max(sorted(scores), key=lambda tag: scores[tag], default=_DEFAULT)
    return best if scores.get(best, 0) >= FEWEST else _DEFAULT
