"""The script on disk: ``script/03-title.jsonl``, one segment a line, for people and tools.

Also the memory of *what each segment was made of*, so that the next plan can say why a
take is missing: new text, another voice, a lexicon entry, a new engine revision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from castbook.files import write_bytes
from tasks.assemble import chapter_stem
from tasks.location import Build
from tasks.plan import BookPlan, Line

CAUSES = {  # ingredient of the key -> what a person calls the change
    "spoken": "spoken text (lexicon or normaliser)",
    "voice": "voice",
    "style": "style",
    "engine": "engine",
    "fingerprint": "engine revision or options",
    "seed": "seed",
    "retake": "retake",
    "language": "language",
}


def write_scripts(plan: BookPlan) -> None:
    """Writes the selected chapters' scripts; equal files are left alone, old ones removed."""
    current = set()
    for chapter in plan.chapters:
        name = f"{chapter_stem(chapter.number, chapter.title)}.jsonl"
        current.add(name)
        if chapter.number not in plan.selected:
            continue
        content = b"".join(
            json.dumps(_row(line), ensure_ascii=False).encode("utf-8") + b"\n"
            for line in chapter.lines
        )
        path = plan.build.script / name
        if not (path.is_file() and path.read_bytes() == content):
            write_bytes(path, content)
    for old in plan.build.script.glob("*.jsonl"):
        if old.name not in current:
            old.unlink(missing_ok=True)


def read_ingredients(build: Build) -> dict[str, Mapping[str, Any]]:
    """What every segment of the last run was made of, by the text and occurrence of its anchor."""
    known: dict[str, Mapping[str, Any]] = {}
    for path in sorted(build.script.glob("*.jsonl")) if build.script.is_dir() else ():
        for row in path.read_text("utf-8").splitlines():
            try:
                loaded = json.loads(row)
                known[_memory_key(loaded["chapter"], loaded["anchor"])] = loaded["ingredients"]
            except (ValueError, KeyError, TypeError):
                continue  # a damaged row only costs a reason
    return known


def cause(line: Line, known: Mapping[str, Mapping[str, Any]]) -> str:
    """Why ``line`` has no take, in a few words."""
    if line.decision.state == "failed":
        return "failed before"
    chapter = line.segment.chapter
    before = known.get(_memory_key(chapter, str(line.segment.anchor)))
    if before is None:
        return "new text" if known else "not made yet"
    now = line.ingredients.plain()
    changed = [words for name, words in CAUSES.items() if before.get(name) != now[name]]
    return " and ".join(changed) if changed else "not made yet"


def _memory_key(chapter: int, anchor: str) -> str:
    text, occurrence = anchor.split(".")[:2]
    return f"{chapter}:{text}.{occurrence}"


def _row(line: Line) -> dict[str, Any]:
    segment = line.segment
    return {
        "id": segment.id,
        "chapter": segment.chapter,
        "anchor": str(segment.anchor),
        "kind": segment.kind,
        "speaker": segment.speaker or "narrator",
        "rule": segment.rule,
        "confidence": segment.confidence,
        "style": segment.style,
        "printed": segment.printed,
        "spoken": segment.spoken,
        "replacements": [[r.start, r.end, r.spoken, r.rule] for r in segment.replacements],
        "slices": [[s.document, s.start, s.end] for s in segment.slices],
        "pause_ms": segment.pause_ms,
        "pause_reason": segment.pause_reason,
        "ingredients": line.ingredients.plain(),
        "key": line.identity,
    }
