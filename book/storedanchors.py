"""Anchors as they stand in the files that castbook and people write."""

from __future__ import annotations

from collections.abc import Sequence

from book.anchors import Anchor
from book.mistakes import Mistake
from castbook.errors import SelectionError


def read_anchors(key: str, written: Sequence[str]) -> tuple[list[Anchor], list[Mistake]]:
    """The anchors of the list ``key``, and a mistake for each that is malformed or repeated."""
    anchors: list[Anchor] = []
    mistakes: list[Mistake] = []
    first: dict[Anchor, int] = {}
    for i, text in enumerate(written):
        place = (key, i, "anchor")
        try:
            anchor = Anchor.parse(text)
        except SelectionError as error:
            mistakes.append(Mistake(place, error.message, error.expected))
            continue
        if first.setdefault(anchor, i) != i:
            other = f"{key}[{first[anchor] + 1}]"
            mistakes.append(
                Mistake(place, f"the same anchor as {other}", "one entry for each segment")
            )
        anchors.append(anchor)
    return anchors, mistakes
