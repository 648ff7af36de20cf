"""What is castbook's may go, what is the user's stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from castbook.errors import StorageError
from tasks.publication.marks import Marks


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def marks(tmp_path: Path, out: Path) -> Marks:
    return Marks(tmp_path / "marks", out)


def finished(marks: Marks, path: Path, key: str = "k") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    marks.write(path, key, {"fact": 1})
    return path


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_a_mark_speaks_for_its_key_and_size_only(marks: Marks, out: Path) -> None:
    path = finished(marks, out / "A" / "T" / "T.m4b")
    facts = marks.read(path, "k")
    assert facts is not None and facts["fact"] == 1
    assert marks.read(path, "other") is None
    path.write_bytes(b"longer sound")
    assert marks.read(path, "k") is None
    marks.write(path, "k", {})
    marks.withdraw(path)
    assert marks.read(path, "k") is None
    marks.of(path).write_text("{")
    assert marks.read(path, "k") is None


def test_equal_names_in_two_folders_have_two_marks(marks: Marks, out: Path) -> None:
    one, two = finished(marks, out / "A/T/T.mp3"), finished(marks, out / "A/T/mp3/T.mp3", "2")
    assert marks.read(one, "k") and marks.read(two, "2")


def test_a_small_file_that_is_equal_is_left_alone(marks: Marks, out: Path) -> None:
    path = out / "A" / "T" / "metadata.json"
    marks.put(path, b"{}", {"complete": True})
    stamps = path.stat().st_mtime_ns, marks.of(path).stat().st_mtime_ns
    marks.put(path, b"{}", {"complete": True})
    assert (path.stat().st_mtime_ns, marks.of(path).stat().st_mtime_ns) == stamps
    marks.put(path, b"{}", {"complete": False})
    facts = marks.read(path, "")
    assert facts is not None and facts["complete"] is False
    path.write_bytes(b"edited")
    marks.put(path, b"{}", {"complete": False})
    assert path.read_bytes() == b"{}"


def test_only_marked_files_go_and_empty_folders_with_them(marks: Marks, out: Path) -> None:
    kept = finished(marks, out / "A/New/New.m4b")
    for name in ("Old.m4b", "metadata.json", "mp3/.ignore", "mp3/01 - One.mp3"):
        finished(marks, out / "A/Old" / name)
    (out / "A/Old/report.html").write_text("of the old book")
    mine = out / "A/Old/mp3/mine.txt"
    mine.write_text("mine")
    foreign = out / "A/Other/Other.m4b"
    foreign.parent.mkdir()
    foreign.write_text("somebody's")
    marks.remove_others({kept}, lambda path: path.suffix != ".mp3")
    assert (out / "A/Old/mp3/01 - One.mp3").exists()
    marks.remove_others({kept}, lambda _: True)
    assert tree(out / "A/Old") == {"mp3", "mp3/mine.txt"}
    assert foreign.exists()
    mine.unlink()
    assert kept.exists() and marks.read(kept, "k")


def test_a_book_of_the_older_layout_is_known_again(marks: Marks, out: Path, tmp_path: Path) -> None:
    """``marks/NAME.json`` beside each other, files in ``out/Author/Title/``."""
    new = finished(marks, out / "A/Series/1 - T/T [1].m4b")
    for name in ("T [1].m4b", "mp3/01 - One.mp3"):
        path = out / "A/T" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"older sound")
        mark = tmp_path / "marks" / f"{path.name}.json"
        mark.write_text(json.dumps({"file": path.name, "key": "x", "bytes": 11}))
    (tmp_path / "marks" / "broken.json").write_text("[")
    marks.remove_others({new}, lambda _: True)
    assert tree(out) == {"A", "A/Series", "A/Series/1 - T", "A/Series/1 - T/T [1].m4b"}
    assert not list((tmp_path / "marks").glob("*.json"))


def test_what_cannot_be_removed_is_said(marks: Marks, out: Path) -> None:
    path = finished(marks, out / "A/T/T.m4b")
    path.unlink()
    path.mkdir()
    with pytest.raises(StorageError, match=r"T\.m4b: cannot write"):
        marks.remove_others(set(), lambda _: True)
