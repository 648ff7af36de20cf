"""Finished takes that are used as they are, although castbook or an engine changed.

``make --keep`` writes ``kept.json`` into the build: what a segment should be made of now (the
key of its first attempt) and what its finished take was made of. A plan then gives such a
segment its old ingredients: its key, words and pauses stay what they were, and so do the
masters. As soon as the segment itself changes, its key is another and the entry means nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from book.script import Replacement
from castbook.files import write_text
from tasks.keys import Ingredients
from tasks.location import Build

KEPT_FILE = "kept.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a finished take was made of, and why it would have been made again."""

    wanted: str  # key of the first attempt of what the segment should be made of now
    causes: tuple[str, ...]
    spoken: str
    replacements: tuple[Replacement, ...]
    ingredients: Ingredients


def read_kept(build: Build) -> dict[str, Kept]:
    """By the key that is wanted; nothing when there is no such file, or a damaged one."""
    try:
        rows = json.loads((build.folder / KEPT_FILE).read_bytes())["kept"]
        return {str(row["wanted"]): _kept(row) for row in rows}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def store_kept(build: Build, kept: Iterable[Kept]) -> None:
    """Writes the whole file anew; none is left when nothing is kept."""
    rows = [_plain(item) for item in sorted(kept, key=lambda item: item.wanted)]
    path = build.folder / KEPT_FILE
    if rows:
        text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        write_text(path, f'{{"version": 1, "kept": [\n{text}\n]}}\n')
    else:
        path.unlink(missing_ok=True)


def _plain(kept: Kept) -> dict[str, Any]:
    return {
        "wanted": kept.wanted,
        "causes": list(kept.causes),
        "spoken": kept.spoken,
        "replacements": [[r.start, r.end, r.spoken, r.rule] for r in kept.replacements],
        "ingredients": kept.ingredients.plain(),
    }


def _kept(row: Mapping[str, Any]) -> Kept:
    return Kept(
        str(row["wanted"]),
        tuple(map(str, row["causes"])),
        str(row["spoken"]),
        tuple(Replacement(int(a), int(b), str(s), str(r)) for a, b, s, r in row["replacements"]),
        Ingredients(**row["ingredients"]),
    )
