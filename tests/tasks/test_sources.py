"""What a project leaves to its profile: which credits are spoken."""

from __future__ import annotations

from pathlib import Path

import pytest

from book.project import Project
from book.projectfile import load_project
from tasks.sources import read_script, with_credits
from tasks.stamps import take_stamp
from tasks.voices import Voices


def book(folder: Path, profile: str, *more: str) -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "book.txt").write_text("Chapter I\n\nIt rained all day.\n", "utf-8")
    lines = [
        "version: 1",
        "title: Rain",
        "author: A. Writer",
        "language: en",
        "manuscript: book.txt",
        "engine: tone",
        "narrator: a",
        "voices: {a: {preset: alto}}",
        f"profile: {profile}",
        *more,
    ]
    (folder / "project.yaml").write_text("\n".join(lines), "utf-8")
    return load_project(folder)


def spoken(project: Project) -> dict[int, int]:
    """Lines of credits by chapter number."""
    chapters = read_script(project, Voices(project)).chapters
    return {c.number: len(c.segments) for c in chapters if c.segments[0].kind == "credit"}


@pytest.mark.parametrize(
    ("profile", "more", "credits"),
    [
        ("acx", "", {0: 3, 2: 2}),
        ("draft", "", {}),  # nobody but the author hears it
        ("draft", "credits: {opening: true}", {0: 3}),
        ("podcast", "", {2: 1}),  # no credits, but a release: the disclosure alone
        ("acx", "credits: {opening: false, closing: false}", {2: 1}),
        ("acx", "credits: {opening: false}", {2: 3}),
        ("podcast", "disclosure: {none: a person reads it}", {}),
    ],
)
def test_the_profile_decides_what_the_project_does_not(
    tmp_path: Path, profile: str, more: str, credits: dict[int, int]
) -> None:
    assert spoken(book(tmp_path, profile, more)) == credits


def test_the_stamp_knows_the_credits_and_nothing_else_of_a_profile(tmp_path: Path) -> None:
    acx, shelf, draft = (
        take_stamp(book(tmp_path, profile)) for profile in ("acx", "audiobookshelf", "draft")
    )
    assert acx == shelf
    assert draft.differs(acx, "manuscript")
    said = book(tmp_path, "acx", "credits: {opening: false}")
    assert with_credits(said).book.credits.opening is False
    assert with_credits(said).book.credits.closing is True
