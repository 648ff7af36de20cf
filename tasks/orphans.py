"""What an anchor that fits nothing any more may have meant: the nearest lines of the book.

They are shown and never applied: an entry is moved by a person, or not at all.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from itertools import pairwise

from book.anchors import Anchor, normalise
from book.casting import CASTING_FILE, read_castings
from book.retakes import read_retakes
from book.script import Segment
from tasks.plan import BookPlan
from tasks.sources import RETAKES_FILE

NEAREST = 2  # lines that are shown
ALIKE = 0.6  # of difflib: an edited sentence is above, another one below
_LOOKED_AT = 30  # segments with the most words in common, compared letter by letter


def orphan_lines(plan: BookPlan) -> list[str]:
    """The plan's orphans, each with the lines that may be meant."""
    if not plan.orphans:
        return []
    entries = dict(_entries(plan))
    segments = [line.segment for line in plan.lines]
    rows = []
    for orphan in plan.orphans:
        anchor = next((a for a in entries if f" {a} " in orphan), None)
        near = nearest(anchor, entries[anchor], segments) if anchor is not None else []
        perhaps = " or ".join(f"{s.id} {s.printed[:60]!r} (anchor {s.anchor})" for s in near)
        rows.append(f"{orphan}; perhaps {perhaps}" if perhaps else orphan)
    return rows


def nearest(anchor: Anchor, text: str, segments: Sequence[Segment]) -> list[Segment]:
    """Segments with the same text elsewhere, else those that read most alike.

    Args:
        text: of the entry: the beginning of the line it was made for.
    """
    same = [segment for segment in segments if segment.anchor.text == anchor.text]
    if same:
        return same[:NEAREST]
    wanted = normalise(text).rstrip("…")
    if not wanted:
        return []
    words = _words(wanted)
    close = sorted(segments, key=lambda s: -len(words & _words(normalise(s.printed))))[:_LOOKED_AT]
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    ranked = []
    for segment in close:
        matcher.set_seq1(normalise(segment.printed)[: len(wanted)])
        if matcher.ratio() >= ALIKE:
            ranked.append((matcher.ratio(), segment))
    ranked.sort(key=lambda pair: -pair[0])
    return [segment for _, segment in ranked[:NEAREST]]


def _words(text: str) -> set[str]:
    """Words, or pairs of letters where a script has no spaces."""
    parts = text.split()
    return set(parts) if len(parts) > 2 else set(map("".join, pairwise(text)))


def _entries(plan: BookPlan) -> Iterable[tuple[Anchor, str]]:
    folder = plan.project.folder
    for casting in read_castings(folder / CASTING_FILE, plan.project):
        yield casting.anchor, casting.text
    stored = read_retakes(folder / RETAKES_FILE)
    yield from ((entry.anchor, entry.text) for entry in stored.retakes)
    yield from ((entry.anchor, entry.text) for entry in stored.accepted)
    yield from ((entry.anchor, entry.text) for entry in stored.bad)
