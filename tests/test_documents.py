"""Documents that say what the code says: written by ``make docs``, compared here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts import documents

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *sorted(p for p in ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(ROOT.glob("projects/*/README.md")),
]


def test_the_tree_is_the_real_one() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert page == documents.architecture(page), "run `make docs`"


def test_the_commands_are_the_real_ones() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    # word by word: releases of click differ in how they wrap
    assert page.split() == documents.commands().split(), "run `make docs`"


def test_the_plans_are_the_real_ones() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert documents.PLAN.search(page)
    assert page == documents.readme(page), "run `make docs`"


@pytest.mark.parametrize("room", documents.ROOMS)
def test_every_module_says_what_it_is(room: str) -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / room).rglob("*.py")
        if not documents.first_sentence(path)
    ]
    assert silent == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_and_named_files_exist(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    files = re.findall(
        r"`((?:castbook|book|tts|audio|tasks|flows|tests|configs)/[\w./-]+\.\w+)`", text
    )
    missing = [link for link in links if not (page.parent / link).exists()]
    missing += [name for name in files if not (ROOT / name).exists()]
    assert missing == []


def test_the_version_is_in_the_changelog() -> None:
    from castbook import __version__

    assert f"] {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
