"""What others call things: formats, models and languages in the words of real clients.

Knows names only. What the formats are stands in ``audio/streaming/forms.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]  # ``audio.streaming.forms.FORMS``

# OpenAI's names of models. Here they mean: the engine of the voice.
OPENAI_MODELS = (
    "tts-1",
    "tts-1-hd",
    "gpt-4o-mini-tts",
    "gpt-4o-mini-tts-2025-12-15",
    "tts-1-1106",
    "tts-1-hd-1106",
)

# Kokoro's own letters, as Kokoro-FastAPI takes them for ``lang_code``.
_LETTERS: Mapping[str, str] = {
    "a": "en-US",
    "b": "en-GB",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-BR",
    "z": "zh",
}
# vLLM-Omni names languages in English; "Auto" leaves it to the text.
_WORDS: Mapping[str, str] = {
    "auto": "",
    "arabic": "ar",
    "chinese": "zh",
    "dutch": "nl",
    "english": "en",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "polish": "pl",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "turkish": "tr",
}
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


def language_tag(written: str) -> str | None:
    """The BCP 47 tag that a client means: a tag, Kokoro's letter or an English name.

    Returns:
        "" where the text shall decide; None if it is no language.
    """
    lowered = written.strip().lower()
    if lowered in _LETTERS:
        return _LETTERS[lowered]
    if lowered in _WORDS:
        return _WORDS[lowered]
    if not lowered:
        return ""
    return written.strip().replace("_", "-") if _TAG.fullmatch(written.strip()) else None
