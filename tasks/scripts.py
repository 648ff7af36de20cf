"""The script on disk: ``script/03-title.jsonl``, one segment a line, for people and tools.

Also the memory of *what each segment was made of* (``tasks/memory.py``), so that the next plan
can say why a take is missing: new text, another voice, a lexicon entry, a new engine revision.
A segment that a run does not ask for keeps its memory: what it ``held`` stays in its row.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from castbook.files import write_bytes
from tasks.assemble import chapter_stem
from tasks.memory import STAMPS_FILE, Made, Memory, plain_made, recall
from tasks.plan import BookPlan, Line
from tasks.stamps import Stamp, take_stamp


def write_scripts(plan: BookPlan, chosen: Collection[str] | None = None) -> None:
    """Writes the selected chapters' scripts; equal files are left alone, old ones removed.

    Args:
        chosen: identities of the lines that this run makes; None: all that are missing.
    """
    memory, now = recall(plan.build), take_stamp(plan.project)
    current, used = set(), {now.id}
    for chapter in plan.chapters:
        name = f"{chapter_stem(chapter.number, chapter.title)}.jsonl"
        current.add(name)
        if chapter.number not in plan.selected:
            used |= {made.stamp for made in memory.made if made.chapter == chapter.number}
            continue
        rows = []
        for line in chapter.lines:
            waits = line.open and chosen is not None and line.identity not in chosen
            held = memory.of(line.segment.chapter, line.segment.anchor) if waits else None
            rows.append(_row(line, now.id, held))
            used |= {held.stamp} if held else set()
        _write(
            plan, name, b"".join(json.dumps(r, ensure_ascii=False).encode() + b"\n" for r in rows)
        )
    _write_stamps(plan, memory, now, used)
    for old in plan.build.script.glob("*.jsonl"):
        if old.name not in current:
            old.unlink(missing_ok=True)


def _write(plan: BookPlan, name: str, content: bytes) -> None:
    path = plan.build.script / name
    if not (path.is_file() and path.read_bytes() == content):
        write_bytes(path, content)


def _write_stamps(plan: BookPlan, memory: Memory, now: Stamp, used: Collection[str]) -> None:
    stamps = {**memory.stamps, now.id: now}
    plain = {name: dict(stamps[name].parts) for name in sorted(used) if name in stamps}
    _write(plan, STAMPS_FILE, json.dumps(plain, indent=1, sort_keys=True).encode() + b"\n")


def _row(line: Line, stamp: str, held: Made | None) -> dict[str, Any]:
    segment = line.segment
    made = Made(
        segment.chapter,
        segment.anchor,
        segment.printed,
        segment.spoken,
        segment.replacements,
        segment.speaker,
        segment.rule,
        line.ingredients,
        stamp,
    )
    row = {
        "id": segment.id,
        **plain_made(made),
        "kind": segment.kind,
        "confidence": segment.confidence,
        "style": segment.style,
        "slices": [[s.document, s.start, s.end] for s in segment.slices],
        "pause_ms": segment.pause_ms,
        "pause_reason": segment.pause_reason,
        "key": line.identity,
    }
    if held is not None:
        row["held"] = plain_made(held)
    return row
