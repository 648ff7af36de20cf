"""The account of every source character: spoken, skipped, markup, or unexplained.

Markup is white space between slices and the recorded edits of a paragraph (a tag, a note
mark). Whatever is left over was lost, and must be nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from book.manuscript import Manuscript, Slice, Source
from book.script import Coverage, ScriptChapter


def account(
    manuscript: Manuscript,
    chapters: Iterable[ScriptChapter],
    skipped: Iterable[Slice] | None = None,
) -> Coverage:
    """How the source text is accounted for.

    Args:
        manuscript: its sources, edits and skips.
        chapters: whose segments' slices are spoken.
        skipped: all skips; the manuscript's own by default.
    """
    count = len(manuscript.sources)
    spoken: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    skips: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    edits: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for chapter in chapters:
        for segment in chapter.segments:
            for item in segment.slices:
                spoken[item.document].append((item.start, item.end))
    for item in skipped if skipped is not None else (s.slice for s in manuscript.skips):
        skips[item.document].append((item.start, item.end))
    for part in manuscript.chapters:
        for paragraph in part.paragraphs:
            edits[paragraph.slice.document].extend((e.start, e.end) for e in paragraph.edits)
    totals = [0, 0, 0]
    lost: list[Slice] = []
    for document, source in enumerate(manuscript.sources):
        said, left = _walk(source, spoken[document], skips[document])
        totals[0] += said
        totals[1] += sum(b - a for a, b in _merged(skips[document]))
        gaps, missing = _explain(source, left, _merged(edits[document]))
        totals[2] += gaps
        lost.extend(Slice(document, a, b) for a, b in missing)
    return Coverage(
        characters=sum(len(source.text) for source in manuscript.sources),
        spoken=totals[0],
        skipped=totals[1],
        markup=totals[2],
        unexplained=tuple(lost),
    )


def _walk(
    source: Source, spoken: Sequence[tuple[int, int]], skips: Sequence[tuple[int, int]]
) -> tuple[int, list[tuple[int, int]]]:
    """Spoken characters (none counted twice), and what is neither spoken nor skipped."""
    said = _merged(spoken)
    left = []
    at = 0
    for start, end in _merged([*said, *skips]):
        if start > at:
            left.append((at, start))
        at = max(at, end)
    if at < len(source.text):
        left.append((at, len(source.text)))
    return sum(b - a for a, b in said), left


def _explain(
    source: Source, left: Sequence[tuple[int, int]], edits: Sequence[tuple[int, int]]
) -> tuple[int, list[tuple[int, int]]]:
    """Characters that are white space or edits, and the rest."""
    explained = 0
    missing = []
    at = 0  # both lists are in order: one pass over the edits is enough
    for start, end in left:
        while at < len(edits) and edits[at][1] <= start:
            at += 1
        position, i = start, at
        pieces = []
        while i < len(edits) and edits[i][0] < end:
            pieces.append((position, max(position, edits[i][0])))
            position = min(end, edits[i][1])
            i += 1
        pieces.append((position, end))
        explained += end - start
        for a, b in pieces:
            part = source.text[a:b]
            if part.strip():
                missing.append((a, b))
                explained -= b - a
    return explained, missing


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order, overlapping and adjoining ones joined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(r for r in ranges if r[0] < r[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
