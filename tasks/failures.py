"""What failed in the last run, by anchor: ``failures.json`` of the build.

Only a memory for people and for ``--failed``: what is missing is always read from the take
store, never from here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from book.anchors import Anchor, normalise, resolve
from book.script import Segment
from castbook.errors import SelectionError
from castbook.files import write_text
from tasks.location import Build

Row = Mapping[str, str]  # anchor, chapter, kind, reason, text


def read_failures(build: Build) -> list[Row]:
    """The stored rows; empty when nothing failed or the file is damaged."""
    try:
        rows = json.loads(build.failures.read_bytes())
        return [{str(k): str(v) for k, v in row.items()} for row in rows if "anchor" in row]
    except (OSError, ValueError, TypeError, AttributeError):
        return []


def store_failures(build: Build, rows: Iterable[Row], touched: Iterable[int]) -> None:
    """Replaces the rows of the chapters a run has touched; keeps those of the others."""
    gone = {str(number) for number in touched}
    kept = [row for row in read_failures(build) if row.get("chapter") not in gone]
    merged = [*kept, *rows]
    if merged or build.failures.exists():
        write_text(build.failures, json.dumps(merged, ensure_ascii=False, indent=1))


def reasons_by_segment(rows: Sequence[Row], segments: Sequence[Segment]) -> dict[str, str]:
    """Segment id -> reason, for the stored failures that still fit the book."""
    if not rows:
        return {}
    anchors = [segment.anchor for segment in segments]
    lengths = [len(normalise(segment.printed)) for segment in segments]
    reasons = {}
    for row in rows:
        try:
            index = resolve(Anchor.parse(row["anchor"]), anchors, lengths)
        except SelectionError:
            continue
        if index is not None:
            reasons[segments[index].id] = row.get("reason", "")
    return reasons
