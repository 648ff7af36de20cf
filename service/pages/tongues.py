"""Languages by their own names, and a sentence of each for hearing a voice."""

from __future__ import annotations

from collections.abc import Sequence

from book.languages import load_language

TONGUES = {
    "en": "English",
    "zh": "中文",
    "ja": "日本語",
    "ko": "한국어",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "ru": "Русский",
    "ar": "العربية",
    "cs": "Čeština",
    "da": "Dansk",
    "el": "Ελληνικά",
    "fi": "Suomi",
    "hi": "हिन्दी",
    "hu": "Magyar",
    "no": "Norsk",
    "ro": "Română",
    "sv": "Svenska",
    "tr": "Türkçe",
    "uk": "Українська",
    "vi": "Tiếng Việt",
}
_SAME = {"cmn": "zh", "nb": "no"}  # as espeak and others call them
SAID = "en"  # what is said in a language of which there are no sentences


def base(tag: str) -> str:
    """``zh`` of ``zh-CN``; ``cmn`` is Chinese."""
    first = tag.lower().replace("_", "-").partition("-")[0]
    return _SAME.get(first, first)


def tongue(languages: Sequence[str]) -> str:
    """The heading under which a voice of these languages stands; ``*`` for all of them."""
    if not languages or "*" in languages:
        return "*"
    return TONGUES.get(base(languages[0]), languages[0])


def sentence(languages: Sequence[str]) -> str:
    """Something to hear a voice by, in its first language."""
    tags = [base(tag) for tag in languages if tag != "*"] or [SAID]
    said = load_language(tags[0]).calibration or load_language(SAID).calibration
    return said[0]
