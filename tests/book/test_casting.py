"""casting.yaml: what is written is read back, whatever the text; names are checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from book.anchors import Anchor
from book.casting import CastingLine, read_castings, write_castings
from book.project import Book, Project
from castbook.errors import ProjectError

VOICES = {
    "a": {"preset": "reed"},
    "b": {"styles": {s: {"reference": "x.wav", "transcript": "X."} for s in ("calm", "alarm")}},
}
CAST = {"anna": {"voice": "a"}, "boris": {"voice": "b"}, "no": {"voice": "b"}}
HEX = "0123456789abcdef"


def project(folder: Path) -> Project:
    book = Book.model_validate(
        {"version": 1, "title": "T", "author": "A", "language": "en", "manuscript": "m.md",
         "narrator": "a", "voices": VOICES, "cast": CAST}
    )  # fmt: skip
    return Project(folder=folder, slug="p", book=book, manuscripts=(), references={}, lexicons=())


anchors = st.builds(
    Anchor,
    text=st.text(HEX, min_size=10, max_size=10),
    occurrence=st.integers(1, 9999),
    before=st.just("-") | st.text(HEX, min_size=6, max_size=6),
    after=st.just("-") | st.text(HEX, min_size=6, max_size=6),
)
lines = st.builds(
    CastingLine,
    anchor=anchors | st.builds(Anchor, st.text(HEX, min_size=10, max_size=10)),
    speaker=st.sampled_from([None, "anna", "boris", "no"]),
    text=st.text(st.characters(codec="utf-8"), max_size=120),
)


@given(written=st.lists(lines, max_size=8, unique_by=lambda line: line.anchor))
@settings(max_examples=25, deadline=None)  # each writes and flushes a file
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[CastingLine]
) -> None:
    path = tmp_path_factory.getbasetemp() / "casting.yaml"
    write_castings(path, written)
    read = read_castings(path, project(path.parent))
    assert [(r.anchor, r.speaker) for r in read] == [(w.anchor, w.speaker) for w in written]
    content = path.read_bytes()
    write_castings(path, read)
    assert path.read_bytes() == content


def test_styles_are_kept(tmp_path: Path) -> None:
    line = CastingLine(Anchor("0123456789", 1, "-", "abcdef"), "boris", "alarm", "Fire!")
    write_castings(tmp_path / "casting.yaml", [line])
    assert read_castings(tmp_path / "casting.yaml", project(tmp_path)) == (line,)


def test_one_more_entry_adds_lines_and_changes_none(tmp_path: Path) -> None:
    first = CastingLine(Anchor("0123456789", 1, "-", "abcdef"), "boris", "alarm", "Fire!")
    path = tmp_path / "casting.yaml"
    write_castings(path, [first])
    before = path.read_text()
    write_castings(path, [first, CastingLine(Anchor("9876543210", 2), None)])
    assert path.read_text().startswith(before)
    assert before.startswith("#")


def test_no_file_and_an_empty_list_are_no_castings(tmp_path: Path) -> None:
    path = tmp_path / "casting.yaml"
    assert read_castings(path, project(tmp_path)) == ()
    path.write_text("version: 1\ncastings:\n")
    assert read_castings(path, project(tmp_path)) == ()


def test_every_unknown_speaker_is_named(tmp_path: Path) -> None:
    path = tmp_path / "casting.yaml"
    path.write_text(
        "version: 1\ncastings:\n"
        "  - {anchor: 0123456789.1.-.abcdef, speaker: bors}\n"
        "  - {anchor: 0123456789.2.-.abcdef, speaker: narator}\n"
    )
    with pytest.raises(ProjectError) as caught:
        read_castings(path, project(tmp_path))
    rows = str(caught.value).splitlines()
    assert [row.rpartition("; ")[2] for row in rows] == [
        "did you mean 'boris'?", "did you mean 'narrator'?",
    ]  # fmt: skip
    assert [f":{line}:" in row for line, row in zip((3, 4), rows, strict=True)] == [True, True]
