"""Anchors: how everything stored names a segment.

A number moves when a paragraph is inserted above; a sentence does not. An anchor is the
first 10 hex digits of sha256 of the *normalised printed text*, the occurrence number of
that text in its chapter, and six digits of each neighbour for repair. Written
``3f2a9c1b0d.1.5be0c9.88d1f0``; ``-`` stands for a chapter's edge.

An anchor that no longer fits is listed by ``plan`` and never applied elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from castbook.canonical import text_digest
from castbook.errors import SelectionError

_FORM = re.compile(r"([0-9a-f]{10})(?:\.(\d+)(?:\.([0-9a-f]{6}|-)\.([0-9a-f]{6}|-))?)?")
_LONG_ENOUGH = 24  # normalised characters: texts this long hardly ever repeat in a book
_EDGE = "-"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The name of a segment's text in its surroundings."""

    text: str  # 10 hex digits of the normalised printed text
    occurrence: int = 1  # 1-based, of that text in its chapter
    before: str = ""  # 6 hex digits of the previous segment's text, "-" at the edge, "" unknown
    after: str = ""

    def __str__(self) -> str:
        if not self.before or not self.after:
            return f"{self.text}.{self.occurrence}"
        return f"{self.text}.{self.occurrence}.{self.before}.{self.after}"

    @classmethod
    def parse(cls, written: str) -> Anchor:
        """The anchor written as ``3f2a9c1b0d[.1[.5be0c9.88d1f0]]``.

        Raises:
            SelectionError: it is not of that form.
        """
        match = _FORM.fullmatch(written.strip())
        if not match:
            raise SelectionError(
                f"{written!r} is not an anchor", expected="a form like 3f2a9c1b0d.1.5be0c9.88d1f0"
            )
        text, occurrence, before, after = match.groups()
        return cls(text, int(occurrence or 1), before or "", after or "")


def looks_like_anchor(written: str) -> bool:
    """Whether ``written`` has an anchor's form."""
    return _FORM.fullmatch(written.strip()) is not None


def normalise(printed: str) -> str:
    """Printed text with what editors change silently removed: form, case, spaces, quote shapes."""
    text = unicodedata.normalize("NFKC", printed).casefold()
    text = text.translate(str.maketrans("‘’‚‛“”„‟–—", "''''\"\"\"\"--"))
    return " ".join(text.split())


def anchor_chapter(printed: Sequence[str]) -> tuple[Anchor, ...]:
    """Anchors of a chapter's segments, in order."""
    digests = [text_digest(normalise(text)) for text in printed]
    seen: Counter[str] = Counter()
    anchors = []
    for i, digest in enumerate(digests):
        seen[digest] += 1
        before = digests[i - 1][:6] if i else _EDGE
        after = digests[i + 1][:6] if i + 1 < len(digests) else _EDGE
        anchors.append(Anchor(digest[:10], seen[digest], before, after))
    return tuple(anchors)


def resolve(wanted: Anchor, present: Sequence[Anchor], lengths: Sequence[int]) -> int | None:
    """The index in ``present`` of the one segment that ``wanted`` names, or None.

    Args:
        wanted: a stored anchor.
        present: the anchors of all segments of the book, in order.
        lengths: the number of normalised characters of each segment's text.

    A candidate has the same text. Of several, the one with the most equal neighbours wins,
    then the one with the same occurrence number; a tie names nothing. A short text
    (``No.``) without an equal neighbour names nothing either, however alone it is: it may
    be another one's "No.".
    """
    candidates = [i for i, anchor in enumerate(present) if anchor.text == wanted.text]
    if not candidates:
        return None
    known = bool(wanted.before and wanted.after)

    def rank(i: int) -> tuple[int, bool]:
        same = (present[i].before == wanted.before) + (present[i].after == wanted.after)
        return (same if known else 0, present[i].occurrence == wanted.occurrence)

    ranked = sorted(candidates, key=rank, reverse=True)
    best = ranked[0]
    if len(ranked) > 1 and rank(ranked[1]) == rank(best):
        return None
    if known and rank(best)[0] == 0 and (lengths[best] < _LONG_ENOUGH or len(ranked) > 1):
        return None
    return best
