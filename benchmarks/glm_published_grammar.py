"""What WeTextProcessing 1.0.3, upstream's engine, says otherwise than wetext, for comparison.

Found by running both on 484 texts (2026-11-21). castbook does not speak so: "GPT negative four"
and 一共二零零 are what the published front end gives, not what a narrator says.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from tts.glm.text.grammar import wetext

_YEARS = re.compile(r"(?<!\d)(\d0)年代")
_CHAIN = re.compile(r"(?<![\d-])(?!\d{4}-\d\d?-|\d{3}-\d{3}-)(\d+)-(\d+)-(\d+)(?![\d-])")
_NEGATIVE = re.compile(r"(?<=[A-Za-z])-(?=\d)")
_SIGN = re.compile(r"(?<=[A-Za-z])[=+]+(?!\d)")
_COMMA = re.compile(r"(?<![\d,])(\d{1,3}),(\d{3})(?!\d)")
_DIGITS: Final = str.maketrans("0123456789", "零幺二三四五六七八九")
_PLAIN: Final = str.maketrans("0123456789", "零一二三四五六七八九")


def published(text: str, language: Literal["zh", "en"]) -> str:
    """``wetext`` with the readings of the grammar that made the golden vectors."""
    if language == "zh":
        text = _COMMA.sub(r"\1\2", _YEARS.sub(_decade, text))
        return wetext(_digit_by_digit(text), "zh")
    text = _CHAIN.sub(r"\1 to \2 negative \3", text)
    text = _NEGATIVE.sub(" negative ", _SIGN.sub("", text))
    return wetext(text, "en")


def _decade(match: re.Match[str]) -> str:
    return match[1].translate(_PLAIN) + "年代"


def _digit_by_digit(text: str) -> str:
    """Numbers of three and of five digits with no measure word behind them, as digits."""
    for mapping in reversed(_mappings(text)):
        if mapping.token_type == "math" and re.fullmatch(r"\d{3}|\d{5}", mapping.input_text):
            said = mapping.input_text.translate(_DIGITS)
            text = text[: mapping.input_start] + said + text[mapping.input_end :]
    return text


def _mappings(text: str) -> tuple[Any, ...]:
    from wetext import Normalizer

    if not re.search(r"\d{3}", text):
        return ()
    try:
        found: tuple[Any, ...] = (
            Normalizer(lang="zh", operator="tn").normalize_with_mapping(text).mappings
        )
    except (AssertionError, IndexError, KeyError, RuntimeError, ValueError):
        return ()
    return found
