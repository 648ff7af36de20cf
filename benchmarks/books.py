"""Books that benchmarks make: tone-engine projects of any size, and what a build holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

SPEAKERS = ("anna", "boris", "clara")


def write_project(
    folder: Path,
    *,
    chapters: int,
    segments: int,
    options: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Path:
    """A project in the script format: ``segments`` distinct lines in each of ``chapters``.

    Args:
        options: of the tone engine.
        extra: further keys of project.yaml.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for chapter in range(1, chapters + 1):
        lines.append(f"# Chapter {chapter}\n")
        for number in range(segments - 1):  # the heading is a segment too
            who = SPEAKERS[number % len(SPEAKERS)]
            lines.append(f"[{who}] {sentence(chapter, number)}\n")
    (folder / "manuscript.md").write_text("\n".join(lines), encoding="utf-8")
    project = {
        "version": 1,
        "title": "Benchmark",
        "author": "Nobody",
        "language": "en",
        "manuscript": "manuscript.md",
        "engine": "tone",
        "engines": {"tone": dict(options or {})},
        "narrator": "tone-1",
        "voices": {f"tone-{n}": {"preset": preset} for n, preset in enumerate(presets(), 1)},
        "cast": {who: {"voice": f"tone-{n}"} for n, who in enumerate(SPEAKERS, 2)},
        "credits": {"opening": False, "closing": False},
        **(extra or {}),
    }
    (folder / "project.yaml").write_text(
        yaml.safe_dump(project, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )
    return folder


def presets() -> list[str]:
    """The first presets of the tone engine, one for the narrator and each speaker."""
    from tts.registry import make_engine

    return [p.name for p in make_engine("tone", {}).presets()][: len(SPEAKERS) + 1]


_WORDS = (
    *("river", "lantern", "market", "window", "garden", "letter", "summer", "shadow"),
    *("captain", "silver", "morning", "whisper", "harbour", "mountain", "candle", "thunder"),
    *("orchard", "mirror", "feather", "winter"),
)


def sentence(chapter: int, number: int) -> str:
    """About three seconds of text, never the same twice in a book."""
    digest = hashlib.sha256(f"{chapter}/{number}".encode()).digest()
    words = [_WORDS[byte % len(_WORDS)] for byte in digest[:7]]
    return f"{' '.join(words).capitalize()} {chapter} and {number}."


def contents(build: Path) -> dict[str, str]:
    """What must be equal in two builds: sha256 of every take, master, timeline, encoded chapter
    and book file.

    Sidecars are compared without the block that holds times and hosts; ``report.*``, marks
    and speeds are left out.
    """
    found = {}
    for path in sorted(build.rglob("*")):
        name = path.relative_to(build).as_posix()
        if not path.is_file() or path.name.startswith("report.") or path.name == ".gitignore":
            continue
        top = name.split("/")[0]
        if top == "takes" and path.suffix == ".json":
            sidecar = json.loads(path.read_bytes())
            sidecar.pop("circumstances")
            found[name] = hashlib.sha256(json.dumps(sidecar, sort_keys=True).encode()).hexdigest()
        elif top in ("takes", "chapters", "encoded", "out", "script"):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
