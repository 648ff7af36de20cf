"""Shorter pieces of a spoken text, for the last attempt at a stubborn segment.

Pure: the same text gives the same pieces. The pieces joined with single spaces (nothing in
Chinese) say the same words as the whole.
"""

from __future__ import annotations

import re

_CLAUSE = re.compile(r"(?<=[,;:.!?—–])\s+|(?<=[，；：。！？、…—])(?=\S)")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SMALLEST = 8  # weighted characters: below this a piece is a crumb that engines babble on
_HAN_WEIGHT = 3  # one Han character sounds about as long as three letters


def cut(text: str) -> tuple[str, ...]:
    """Two or more pieces cut at clause marks near the middle, or the whole text in one piece."""
    best: tuple[int, int, int] | None = None
    for match in _CLAUSE.finditer(text):
        left, right = text[: match.start()], text[match.end() :]
        if min(_weight(left), _weight(right)) < _SMALLEST:
            continue
        distance = abs(_weight(left) - _weight(right))
        if best is None or distance < best[0]:
            best = (distance, match.start(), match.end())
    if best is None:
        return (text,)
    return text[: best[1]].strip(), text[best[2] :].strip()


def cuttable(text: str) -> bool:
    """Whether ``cut`` gives more than one piece."""
    return len(cut(text)) > 1


def _weight(text: str) -> int:
    return len(text) + (_HAN_WEIGHT - 1) * len(_HAN.findall(text))
