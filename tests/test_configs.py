"""Every shipped configuration and every example book is read by the code that reads it for
users; nothing here is spoken."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

from audio.profiles import load_profile
from book.languages import load_language
from book.projectfile import load_project
from castbook.resources import list_configs
from tasks.location import find_build
from tasks.plan import BookPlan, make_plan
from tts.presets import shipped_presets
from tts.registry import make_engine

ROOT = Path(__file__).resolve().parent.parent
PROJECTS = sorted(path.parent for path in ROOT.glob("projects/*/project.yaml"))
CHAPTERS = {"kong-yiji": 1, "scandal": 3, "sign-of-the-four": 12, "tone-demo": 2}
# Cast by hand in casting.yaml, or with every speaker named in the text.
FULL_CAST = {"kong-yiji", "scandal", "tone-demo"}


@pytest.mark.parametrize("name", list_configs("languages"))
def test_a_language_is_read(name: str) -> None:
    assert load_language(name).calibration


@pytest.mark.parametrize("name", list_configs("mastering"))
def test_a_profile_is_read(name: str) -> None:
    assert load_profile(name).name == name


@pytest.mark.parametrize("name", list_configs("engines"))
def test_the_presets_of_an_engine_are_read(name: str) -> None:
    presets = shipped_presets(name)
    assert presets or name == "glm"  # which speaks with recordings only
    assert all(preset.languages and preset.description for preset in presets)


@cache
def planned(project: Path) -> BookPlan:
    loaded = load_project(project)
    return make_plan(loaded, find_build(project, loaded.slug, Path("/nonexistent")))


def test_every_example_book_is_listed_here() -> None:
    assert {project.name for project in PROJECTS} == set(CHAPTERS)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.name)
def test_a_book_is_read_whole(project: Path) -> None:
    plan = planned(project)
    told = [c for c in plan.chapters if any(s.segment.kind != "credit" for s in c.lines)]
    assert len(told) == CHAPTERS[project.name]
    assert plan.coverage.unexplained == ()
    assert plan.coverage.share == 1.0
    assert (plan.warnings, plan.orphans) == ((), ())


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.name)
def test_the_cast_has_lines_and_known_voices(project: Path) -> None:
    plan = planned(project)
    book = plan.project.book
    lines = Counter(line.segment.speaker for line in plan.lines)
    assert sum(1 for character in book.cast if lines[character]) >= 3
    if project.name in FULL_CAST:
        assert [character for character in book.cast if not lines[character]] == []
        unsure = [
            line.segment.printed
            for line in plan.lines
            if line.segment.kind == "speech" and line.segment.speaker is None
        ]
        assert unsure == []
    engine = make_engine(book.engine)
    shipped = {preset.name: preset for preset in engine.presets()}
    for name, voice in book.voices.items():
        assert voice.preset in shipped, name
        languages = {tag.split("-")[0] for tag in shipped[voice.preset].languages}
        assert {book.language.split("-")[0], "*"} & languages, name
    for character in book.cast.values():
        gender = shipped[str(book.voices[character.voice].preset)].gender
        assert (
            gender in (character.gender, "x") or character.gender is None or _boy(character.voice)
        )


def _boy(voice: str) -> bool:
    """Children are spoken by women's voices."""
    return voice in ("wiggins", "jack")


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.name)
def test_a_book_says_where_it_is_from_and_keeps_its_build_to_itself(project: Path) -> None:
    text = (project / "README.md").read_text(encoding="utf-8")
    assert re.search("public domain|Apache-2.0", text)
    assert f"castbook make projects/{project.name}" in text
    assert "build/" in (project / ".gitignore").read_text(encoding="utf-8").split()


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.name)
def test_no_digital_library_is_named_in_a_manuscript(project: Path) -> None:
    for manuscript in project.glob("manuscript*"):
        assert "Gutenberg" not in manuscript.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "file",
    sorted(
        path
        for path in (*ROOT.glob("*.yaml"), *ROOT.glob(".*.yaml"), *ROOT.glob("projects/*/*.yaml"))
    ),
    ids=lambda f: f"{f.parent.name}-{f.name}",
)
def test_yaml_is_yaml(file: Path) -> None:
    assert isinstance(yaml.safe_load(file.read_text(encoding="utf-8")), dict)
