"""What the front end does to text without hanzi, behind the grammar for numbers.

``mended`` is upstream's result without what upstream loses: see ``tts/glm/text/normalise.py``.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_BRACKETS: Final = r"()（）【】「」`《》『』{}\[\]‘\"“”"
_KEPT: Final = r"\w\s.,!?':;"
_REPEATS = re.compile(r"([.,?!':;\s])\1+")
_STOPS = re.compile(r"([.,?!':])\s*")
_SMALL: Final = (
    "", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = (
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_THOUSANDS: Final = (
    "", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion",
    "sextillion", "septillion", "octillion", "nonillion", "decillion",
)  # fmt: skip
_DIGITS = re.compile(r"[\d²³¹⁰⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽⓿❶-❾➀-➈➊-➒]+")
_COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")  # 10,000
_DECIMAL = re.compile(r"(?<=\d)\.(\d+)")  # what is left of 3.14
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
        text = _DECIMAL.sub(_point, _COMMA.sub("", text.translate(_MARKS)))
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


def _point(fraction: re.Match[str]) -> str:
    return " point " + " ".join(fraction[1])


def _spoken(run: str, mended: bool) -> str:
    if mended:
        return f" {number(''.join(str(unicodedata.digit(c)) for c in run))} "
    return number("".join(c for c in run if c.isdecimal()) or "0")  # x² is "xzero", as upstream


def number(digits: str) -> str:
    """A whole number in words: ``1234`` is one thousand, two hundred and thirty-four."""
    digits = digits.lstrip("0")
    if not digits:
        return "zero"
    if len(digits) > 3 * len(_THOUSANDS):
        return " ".join(_SMALL[int(d)] or "zero" for d in digits)  # nobody says such a number
    value, groups = int(digits), []
    for name in _THOUSANDS:
        value, group = divmod(value, 1000)
        if group:
            groups.append(f"{_hundreds(group)} {name}".rstrip())
    last = int(digits[-3:])
    tail = f" and {groups.pop(0)}" if 0 < last < 100 and len(digits) > 3 else ""
    return ", ".join(reversed(groups)) + tail


def _hundreds(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    tens, ones = divmod(rest, 10)
    small = _SMALL[rest] if rest < 20 else "-".join(filter(None, (_TENS[tens], _SMALL[ones])))
    if not hundreds:
        return small
    return f"{_SMALL[hundreds]} hundred" + (f" and {small}" if small else "")
