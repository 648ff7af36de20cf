"""Language tags as people write them."""

from __future__ import annotations

import re

from book.mistakes import Mistake
from book.yamlfile import KeyPath, shown

_FORM = re.compile(  # BCP 47 (RFC 5646) without its irregular and grandfathered tags
    r"[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-([a-z\d]{5,8}|\d[a-z\d]{3}))*"
    r"(-[a-wyz\d](-[a-z\d]{2,8})+)*(-x(-[a-z\d]{1,8})+)?",
    re.IGNORECASE | re.ASCII,
)
_NAMES = {
    "english": "en", "chinese": "zh", "mandarin": "zh", "中文": "zh", "汉语": "zh", "英文": "en",
    "german": "de", "deutsch": "de", "french": "fr", "spanish": "es", "italian": "it",
    "portuguese": "pt", "russian": "ru", "japanese": "ja", "日本語": "ja", "korean": "ko",
}  # fmt: skip
_LIMIT = 35  # characters: RFC 5646, 4.4.1, asks programs to take at least these


def language_mistake(tag: str, place: KeyPath) -> Mistake | None:
    """What is wrong with a BCP 47 tag at ``place``, if anything."""
    if len(tag) <= _LIMIT and _FORM.fullmatch(tag):
        return None
    better = _NAMES.get(tag.strip().casefold()) or tag.strip().replace("_", "-")[: _LIMIT + 1]
    fits = len(better) <= _LIMIT and _FORM.fullmatch(better)
    hint = f"did you mean {better!r}?" if fits else None
    return Mistake(place, f"found {shown(tag)}", "a language tag such as en, en-GB or zh", hint)
