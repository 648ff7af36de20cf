"""What the front end does to text without hanzi, behind the grammar for numbers.

``mended`` is upstream's result without what upstream loses: see ``tts/glm/text/normalise.py``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any, Final

_BRACKETS: Final = r"()（）【】「」`《》『』{}\[\]‘\"“”"
_KEPT: Final = r"\w\s.,!?':;"
_REPEATS = re.compile(r"([.,?!':;\s])\1+")
_STOPS = re.compile(r"([.,?!':])\s*")
_DIGITS = re.compile(r"[\d²³¹⁰⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽⓿❶-❾➀-➈➊-➒]+")
# Marks of other scripts, which the kept set lacks: upstream drops them and joins the words.
_MARKS: Final = str.maketrans(
    {
        "，": ",", "、": ",", "。": ".", "…": ".", "？": "?", "！": "!", "；": ";", "：": ":",
        "‑": " ", "–": " ", "―": " ", "²": " squared ", "³": " cubed ",
    }
)  # fmt: skip


def after(text: str, *, mended: bool = False) -> str:
    """What the grammar gave, as lower-case words with ``.,!?':;`` and nothing else."""
    if mended:
        text = text.translate(_MARKS)
    text = re.sub(f"[{_BRACKETS}]", " " if mended else "", text)
    text = text.replace("*", " multiply " if mended else "multiply")
    text = spell_out(text.replace("—", " ").replace("’", "'"), mended=mended)
    if mended:  # what is no sound of its own goes without a trace, other symbols part words
        text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Mn", "Me"))
    text = re.sub(f"[^{_KEPT}]+", " " if mended else "", text).lower()
    return _STOPS.sub(r"\1 ", _REPEATS.sub(r"\1", text))


def spell_out(text: str, *, mended: bool = False) -> str:
    """Runs of digits in words: the last resort, for what the grammar left."""
    return _DIGITS.sub(lambda match: _spoken(match.group(), mended), text)


def _spoken(run: str, mended: bool) -> str:
    if mended:
        run = "".join(str(unicodedata.digit(c)) for c in run)
        if len(run) > 30:  # no number any more; inflect has names up to decillions
            return " ".join(_words().number_to_words(digit) for digit in run)
        return f" {_words().number_to_words(run)} "
    words: str = _words().number_to_words(run)
    return words


@cache
def _words() -> Any:
    import inflect  # 0.2 s to import, and hardly ever needed

    return inflect.engine()
