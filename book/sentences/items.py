"""Lists inside a paragraph: ``1.) … 2.) …``, ``a. … b. …``, ``• … • …``.

Only a paragraph that begins with an item is a list, and only a label that counts on from the
last one begins the next item: numbers in ordinary prose never do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BULLETS = "•⁃‣◦▪●"
_LABEL = re.compile(
    rf"(?<!\S)(?P<bullet>[{_BULLETS}]\s?)?(?P<left>\(?)(?P<label>\d{{1,3}}|[A-Za-z])"
    r"(?P<right>\.\)|\)|\.)(?=\s+\S)"
)
_BULLET = re.compile(rf"(?<!\S)[{_BULLETS}](?=\s*\S)")
_ROMAN = re.compile(r"[IVXLC]{1,7}\.(?=\s)")


@dataclass(frozen=True, slots=True)
class Items:
    """Where the items after the first begin, and where labels end."""

    starts: tuple[int, ...]
    labels: frozenset[int]  # offsets of what follows a label: no sentence ends before them


NO_ITEMS = Items((), frozenset())


def find_items(text: str) -> Items:
    """The items of a paragraph that is a list; of any other, none."""
    head = text[:1]
    if not head or not (head.isalnum() or head in _BULLETS + "("):
        return NO_ITEMS
    roman = _ROMAN.match(text)
    first = _LABEL.match(text)
    if first is None:
        if head in _BULLETS:
            return Items(tuple(m.start() for m in _BULLET.finditer(text, 1)), frozenset())
        return Items((), frozenset({_after(text, roman.end())})) if roman else NO_ITEMS
    starts, labels = [], {_after(text, first.end())}
    last = first
    for match in _LABEL.finditer(text, first.end()):
        if _counts_on(last, match) and _heads(text, match):
            starts.append(match.start())
            labels.add(_after(text, match.end()))
            last = match
    return Items(tuple(starts), frozenset(labels))


def _after(text: str, end: int) -> int:
    while end < len(text) and text[end].isspace():
        end += 1
    return end


def _counts_on(last: re.Match[str], match: re.Match[str]) -> bool:
    same = all(
        (last[part] or "").strip() == (match[part] or "").strip()
        for part in ("bullet", "left", "right")
    )
    before, label = last["label"], match["label"]
    if before.isdigit() != label.isdigit():
        return False
    if label.isdigit():
        return same and int(label) == int(before) + 1
    return same and ord(label) == ord(before) + 1


def _heads(text: str, match: re.Match[str]) -> bool:
    """A bare stop labels an item only before a capital: ``he was 2. and`` does not."""
    return match["right"] != "." or not text[_after(text, match.end())].islower()
