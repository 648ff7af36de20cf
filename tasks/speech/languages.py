"""The language of a single text, where nobody says it."""

from __future__ import annotations

import re
from collections.abc import Sequence

_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[^\W\d_]+")
_SHARE = 0.2  # of Han characters and other words together: 我用 Python 写 code is Chinese


def language_of(text: str, languages: Sequence[str] = ()) -> str:
    """A BCP 47 tag for ``text``.

    A text of Chinese and English is Chinese: engines of Chinese speak its English words, and
    hardly one the other way round.

    Args:
        languages: that the voice speaks, its own first; "*" for any.
    """
    han = len(_HAN.findall(text))
    others = sum(1 for word in _WORD.findall(_HAN.sub(" ", text)) if not _KANA.search(word))
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    if han and han >= _SHARE * (han + others):
        return next((known for known in languages if known.split("-")[0] == "zh"), "zh")
    own = next((known for known in languages if known not in ("*", "zh")), "en")
    return own if not own.startswith("zh-") else "en"
