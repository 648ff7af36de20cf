"""The comparison of a book with its hand-written list: it must be able to fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from bookmaking import FIXTURES

from benchmarks.manuscripts import main

TEXT = (
    "CHAPTER I\n\nIt was dark.[1]\n\n[1] Very dark.\n\n* * *\n\nIt rained.\n\n"
    "CHAPTER II\n\nThe end.\n"
)
RIGHT = {
    "file": "lamp.txt",
    "chapters": ["CHAPTER I", "CHAPTER II"],
    "skips": [{"reason": "notes", "part": "notes", "begins": "[1] Very"}],
    "ornaments": 1,
}


def run(tmp_path: Path, expected: dict[str, object], *options: str) -> int:
    data, lists = tmp_path / "data" / "deep", tmp_path / "lists"
    for folder in (data, lists):
        folder.mkdir(parents=True, exist_ok=True)
    (data / "lamp.txt").write_text(TEXT, encoding="utf-8")
    (data / "README.md").write_text("No book.", encoding="utf-8")
    (lists / "lamp.yaml").write_text(yaml.safe_dump(expected), encoding="utf-8")
    return main([str(data.parent), "--expected", str(lists), *options])


def test_a_right_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, RIGHT, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["totals"]["books"] == shown["totals"]["lists_right"] == 1
    [book] = shown["books"]
    assert book["chapters"] == ["CHAPTER I", "CHAPTER II"]
    assert book["unexplained"] == 0
    assert book["skips"] == {"notes": 1, "ornament": 1}


@pytest.mark.parametrize(
    ("key", "value", "difference"),
    [
        ("chapters", ["CHAPTER I"], "+CHAPTER II"),
        ("chapters", ["CHAPTER I", "CHAPTER II", "CHAPTER III"], "-CHAPTER III"),
        ("skips", [], "+notes [notes]"),
        ("skips", [{"reason": "licence"}], "-licence []"),
        ("skips", [{"reason": "notes", "part": "notes", "begins": "[2]"}], "-notes [notes] [2]"),
        ("ornaments", 0, "ornaments: expected 0, got 1"),
    ],
)
def test_a_wrong_list_fails(
    key: str, value: object, difference: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, RIGHT | {key: value}, "--chapters-only") == 1
    assert difference in capsys.readouterr().out


def test_the_shipped_lists_name_chapters_once() -> None:
    folder = Path(__file__).parents[2] / "benchmarks" / "expected"
    names = []
    for path in folder.glob("*.yaml"):
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        names.append(found["file"])
        assert found.get("chapters") or found.get("refused"), path.name
    assert len(names) == len(set(names)) >= 20


def test_fixtures_are_right_by_their_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(FIXTURES / "孔乙己.md")]) == 0
    assert "孔乙己.md: right, 1 chapters" in capsys.readouterr().out
