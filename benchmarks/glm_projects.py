"""Books that a GLM-TTS checkpoint of random weights speaks: for benchmarks and tests.

Three cloned voices, one of them with two styles. The clips are spoken by the tone engine; what
such a checkpoint makes of them is a murmur, judged doubtful but used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml

from benchmarks.books import sentence
from book.casting import CASTING_FILE, CastingLine, write_castings
from book.projectfile import load_project
from tasks.location import find_build
from tasks.plan import BookPlan, make_plan
from tasks.takes import TakeStore
from tts.engine import Request, Speech, Voice
from tts.registry import make_engine

TRANSCRIPT = "Come at once if convenient; if inconvenient, come all the same, my dear fellow."
CLIPS = {"narrator": "oak", "anna": "elm", "calm": "ash", "alarm": "pine"}  # presets of the tones


def write_project(
    folder: Path,
    chapters: Sequence[Sequence[tuple[str, str]]],
    options: Mapping[str, Any],
    *,
    alarm: int = 7,
    **changes: Any,
) -> Path:
    """A project in the script format; every ``alarm``-th line of boris has his other style.

    Args:
        chapters: (speaker, text) of each line; speakers are narrator, anna and boris.
        options: of the engine.
        changes: further keys of project.yaml.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(
        f"# Chapter {number}\n\n" + "\n".join(f"[{who}] {said}\n" for who, said in lines)
        for number, lines in enumerate(chapters, 1)
    )
    (folder / "manuscript.md").write_text(text, encoding="utf-8")
    presets = [preset.name for preset in make_engine("tone", {}).presets()]
    for name, preset in zip(CLIPS, presets, strict=False):
        _write_clip(folder / "voices" / f"{name}.wav", preset)
    project = {
        "version": 1,
        "title": "The House on the Hill",
        "author": "A. Nobody",
        "language": "en",
        "manuscript": "manuscript.md",
        "engine": "glm",
        "engines": {"glm": dict(options)},
        "narrator": "narrator",
        "voices": {
            "narrator": {**_clip("narrator"), "consent": {"basis": "self"}},
            "anna": {**_clip("anna"), "consent": {"basis": "self"}},
            "boris": {
                "styles": {"calm": _clip("calm"), "alarm": _clip("alarm")},
                "consent": {"basis": "self"},
            },
        },
        "cast": {who: {"voice": who} for who in ("anna", "boris")},
        "credits": {"opening": False, "closing": False},
        "rate": 24000,
        "profile": "draft",
        "outputs": ["m4b"],
        "hearing": "off",
        **changes,
    }
    (folder / "project.yaml").write_text(yaml.safe_dump(project, sort_keys=False), encoding="utf-8")
    _write_styles(folder, alarm)
    return folder


def lines(chapter: int, count: int) -> list[tuple[str, str]]:
    """Sentences of about three seconds, never the same twice, in three voices."""
    speakers = ("narrator", "anna", "boris")
    return [(speakers[number % 3], sentence(chapter, number)) for number in range(count)]


def plan_of(project: Path) -> BookPlan:
    """Its plan, as a run would see it."""
    read = load_project(project)
    build = find_build(project, read.slug, None)
    return make_plan(read, build, store=TakeStore(build.takes))


def _clip(name: str) -> dict[str, str]:
    return {"reference": f"voices/{name}.wav", "transcript": TRANSCRIPT}


def _write_clip(path: Path, preset: str) -> None:
    engine = make_engine("tone", {"rate": 16000})
    engine.load()
    engine.prepare(Voice("v", preset=preset))
    [(_, spoken)] = engine.synthesize([Request("1", TRANSCRIPT, "en", "v", 1)])
    if not isinstance(spoken, Speech):
        raise SystemExit(f"the tone engine does not speak: {spoken.reason}")
    rest = np.zeros(3200, np.int16)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.concatenate((rest, spoken.pcm, rest)), spoken.rate)


def _write_styles(folder: Path, every: int) -> None:
    his = [line.segment for line in plan_of(folder).lines if line.segment.speaker == "boris"]
    castings = [CastingLine(one.anchor, "boris", "alarm", one.printed) for one in his[::every]]
    write_castings(folder / CASTING_FILE, castings)
