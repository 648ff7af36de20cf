"""Labels that Word counts itself: "Chapter %1" before a heading whose text is only its title.

Only labels with a word in them are read; "1.2" before a heading is for the eye.
"""

from __future__ import annotations

import re
from collections import defaultdict

from lxml import etree

from book.readers.word.wordpackage import attribute, child, local

_HAN = "零一二三四五六七八九"
_ROMAN = ((9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


class Labels:
    """Counts as Word does, heading by heading."""

    def __init__(self, root: etree._Element | None) -> None:
        self._levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._abstract: dict[str, str] = {}
        if root is None:
            return
        for number in root:
            if local(number) == "num":
                target = attribute(child(number, "abstractNumId"), "val") or ""
                self._abstract[attribute(number, "numId") or ""] = target
        for abstract in root:
            if local(abstract) != "abstractNum":
                continue
            name = attribute(abstract, "abstractNumId") or ""
            for level in abstract:
                depth = attribute(level, "ilvl") or ""
                if local(level) == "lvl" and depth.isdecimal():
                    start = attribute(child(level, "start"), "val") or "1"
                    self._levels[name, int(depth)] = (
                        attribute(child(level, "lvlText"), "val") or "",
                        attribute(child(level, "numFmt"), "val") or "decimal",
                        int(start) if start.isdecimal() and len(start) < 5 else 1,
                    )

    def next(self, numbering: tuple[str, int]) -> str:
        """The label of the next heading of this numbering; empty if it holds no word."""
        name = self._abstract.get(numbering[0], "")
        depth = numbering[1]
        pattern, style, start = self._levels.get((name, depth), ("", "", 1))
        counts = self._counts[name]
        counts[depth] = counts.get(depth, start - 1) + 1
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]
        own = f"%{depth + 1}"
        word = re.sub(r"%\d", "", pattern)
        if pattern.count("%") != 1 or own not in pattern or not any(map(str.isalpha, word)):
            return ""
        return pattern.replace(own, _written(counts[depth], style)).strip()


def _written(number: int, style: str) -> str:
    if style in ("upperRoman", "lowerRoman") and 0 < number < 40:
        tens, rest = "X" * (number // 10), number % 10
        roman = tens
        for value, digits in _ROMAN:
            while rest >= value:
                roman, rest = roman + digits, rest - value
        return roman if style == "upperRoman" else roman.lower()
    if style.startswith(("chinese", "ideograph", "taiwanese", "japanese")) and 0 < number < 100:
        tens_digit, ones = divmod(number, 10)
        lead = "" if tens_digit == 0 else ("" if tens_digit == 1 else _HAN[tens_digit]) + "十"
        return lead + (_HAN[ones] if ones else "")
    return str(number)
