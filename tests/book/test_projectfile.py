"""Project and library become one; paths; slugs; the schema for editors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from book.languagetags import language_mistake
from book.mistakes import nearest, one_of
from book.project import Slug
from book.projectfile import load_project, make_slug
from book.projectpaths import Roots
from book.schema import schema_text
from book.yamlfile import read_yaml
from castbook.errors import ProjectError
from castbook.resources import read_config

SMALL = """\
version: 1
title: T
author: A
language: zh
manuscript: m.md
narrator: a
voices: {a: {preset: reed}}
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "p"


def with_library(folder: Path, library: str, project: str) -> Path:
    head = SMALL.replace("voices: {a: {preset: reed}}\n", "")
    return write(
        folder,
        {
            "p/project.yaml": head + "library: ../lib\n" + project,
            "p/m.md": "x",
            "p/new.wav": "",
            "lib/library.yaml": "version: 1\n" + library,
            "lib/old.wav": "",
        },
    )


def test_the_smallest_project(tmp_path: Path) -> None:
    folder = write(tmp_path, {"p/project.yaml": SMALL, "p/m.md": "x"})
    project = load_project(folder)
    assert load_project(folder / "project.yaml") == project
    assert project.folder == folder.resolve()
    assert project.file == folder.resolve() / "project.yaml"
    assert project.manuscripts == (folder.resolve() / "m.md",)
    assert project.book.outputs == ["m4b", "mp3"]
    assert (project.lexicons, project.cover, dict(project.references)) == ((), None, {})
    assert project.voice_of(None) == "a"


def test_the_folder_may_be_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path, {"p/project.yaml": SMALL, "p/m.md": "x"})
    there = load_project(folder)
    monkeypatch.chdir(folder)
    assert load_project(Path()) == load_project(Path("project.yaml")) == there


def test_a_lexicon_beside_the_project_needs_no_key(tmp_path: Path) -> None:
    folder = write(tmp_path, {"p/project.yaml": SMALL, "p/m.md": "x", "p/lexicon.yaml": "x: 1"})
    assert [path.name for path in load_project(folder).lexicons] == ["lexicon.yaml"]


def test_the_project_wins_key_by_key(tmp_path: Path) -> None:
    folder = with_library(
        tmp_path,
        "engine: tone\nprofile: draft\nauthor: B\npauses: {scene: 9, title: 8}\n"
        "outputs: [epub]\nvoices: {a: {preset: oak, gain_db: 2}, b: {preset: elm}}\n"
        "cast: {x: {voice: b, aliases: [X, Y], gender: f}}\n",
        "profile: acx\npauses: {title: 7}\nvoices: {a: {gain_db: 3}}\ncast: {x: {gender: m}}\n",
    )
    book = load_project(folder).book
    assert (book.engine, book.profile, book.author, book.outputs) == ("tone", "acx", "A", ["epub"])
    assert (book.pauses.scene, book.pauses.title, book.pauses.sentence) == (9, 7, 350)
    assert (book.voices["a"].preset, book.voices["a"].gain_db) == ("oak", 3)
    assert set(book.voices) == {"a", "b"}
    assert (book.cast["x"].aliases, book.cast["x"].gender) == (["X", "Y"], "m")


CLONE = "{reference: old.wav, transcript: Old., consent: {basis: self}, gain_db: 2}"


def test_another_source_takes_nothing_of_the_old_sound(tmp_path: Path) -> None:
    folder = with_library(tmp_path, f"voices: {{a: {CLONE}}}\n", "voices: {a: {preset: oak}}\n")
    voice = load_project(folder).book.voices["a"]
    assert (voice.preset, voice.reference, voice.transcript) == ("oak", None, None)
    assert voice.gain_db == 2


def test_a_new_clip_needs_its_own_transcript_and_consent(tmp_path: Path) -> None:
    folder = with_library(
        tmp_path, f"voices: {{a: {CLONE}}}\n", "voices: {a: {reference: new.wav}}\n"
    )
    with pytest.raises(ProjectError) as caught:
        load_project(folder)
    file = folder / "project.yaml"
    assert [line.split(" is")[0] for line in str(caught.value).splitlines()] == [
        f"{file}:8: voices.a.consent:", f"{file}:8: voices.a.transcript:",
    ]  # fmt: skip


def test_styles_are_merged(tmp_path: Path) -> None:
    styles = "{styles: {calm: {reference: old.wav, transcript: Old.}}, consent: {basis: self}}"
    more = "{styles: {calm: {transcript: Right.}, alarm: {reference: new.wav, transcript: New.}}}"
    project = load_project(with_library(tmp_path, f"voices: {{a: {styles}}}\n",
                                        f"voices: {{a: {more}}}\n"))  # fmt: skip
    assert list(project.book.voices["a"].styles) == ["calm", "alarm"]
    assert project.book.voices["a"].styles["calm"].transcript == "Right."
    found = {style: path.parent.name for (_, style), path in project.references.items()}
    assert found == {"calm": "lib", "alarm": "p"}


def test_the_project_reaches_into_its_library(tmp_path: Path) -> None:
    both = CLONE.replace("old.wav", "../lib/old.wav")
    folder = with_library(tmp_path, "voices: {}\n", f"voices: {{a: {both}, b: {CLONE}}}\n")
    for path in load_project(folder).references.values():
        assert path.resolve() == (tmp_path / "lib/old.wav").resolve()


def test_a_link_inside_the_project_keeps_its_name(tmp_path: Path) -> None:
    folder = write(tmp_path, {"p/project.yaml": SMALL, "p/store/ab12": "x"})
    (folder / "m.md").symlink_to("store/ab12")
    assert load_project(folder).manuscripts[0].name == "m.md"


def test_a_linked_project_is_the_same_project(tmp_path: Path) -> None:
    folder = write(tmp_path, {"p/project.yaml": SMALL, "p/m.md": "x"})
    (tmp_path / "alias").symlink_to(folder)
    assert load_project(tmp_path / "alias") == load_project(folder)


@given(
    written=st.lists(
        st.sampled_from(["..", "../", "/", "a", ".", "~", "\\", "C:", " ", "\0", "é", "a/é"])
    ).map("".join)
)
@settings(deadline=None)
def test_no_path_leaves_the_roots(tmp_path_factory: pytest.TempPathFactory, written: str) -> None:
    root = tmp_path_factory.getbasetemp() / "roots" / "p"
    (root / "a").mkdir(parents=True, exist_ok=True)
    (root / "a" / "é").touch()
    (root.parent / "é").touch()
    found = Roots(root).find(written, ("x",))
    if isinstance(found, Path):
        assert Path(os.path.realpath(found)).is_relative_to(root)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("alice", "alice"), ("孔乙己", "孔乙己"), ("My Book (2)", "My-Book-2"), ("..", "book"),
        ("a/b", "a-b"), ("-_x_-", "x"), ("a" * 100, "a" * 64), ("Café", "Café"), ("!", "book"),
    ],
)  # fmt: skip
def test_slugs(name: str, slug: str) -> None:
    assert make_slug(name) == slug


@given(st.text(max_size=100))
@settings(deadline=None)
def test_any_folder_has_a_safe_slug(name: str) -> None:
    assert TypeAdapter(Slug).validate_python(make_slug(name)) == make_slug(name)
    assert make_slug(make_slug(name)) == make_slug(name)


@pytest.mark.parametrize(
    "tag", ["en", "zh", "zh-Hans-CN", "en-GB", "yue", "de-1996", "sr-Latn", "no", "cmn",
            "en-x-pirate", "de-u-co-phonebk"]
)  # fmt: skip
def test_plausible_languages(tag: str) -> None:
    assert language_mistake(tag, ()) is None


@pytest.mark.parametrize(
    ("tag", "hint"),
    [("e", None), ("english", "'en'"), ("中文", "'zh'"), ("en_GB", "'en-GB'"), ("", None),
     ("en-", None), ("en-GB-", None), ("a" * 5000, None), ("en--GB", None), (" en ", "'en'")],
)  # fmt: skip
def test_implausible_languages(tag: str, hint: str | None) -> None:
    mistake = language_mistake(tag, ())
    assert mistake is not None
    assert mistake.hint == (f"did you mean {hint}?" if hint else None)


def test_nearest_matches() -> None:
    assert nearest("holms", ["watson", "holmes"]) == "did you mean 'holmes'?"
    assert nearest("HOLMES", ["watson", "holmes"]) == "did you mean 'holmes'?"
    assert nearest("moriarty", ["watson", "holmes"]) is None
    assert (one_of(["a"]), one_of(["a", "b"]), one_of(["a", "b", "c"])) == (
        "a", "a or b", "a, b or c",
    )  # fmt: skip


def test_the_schema_for_editors_is_current() -> None:
    assert read_config("project.schema.json") == schema_text(), (
        "run: python -m book.schema > configs/project.schema.json"
    )


def test_a_name_written_on_another_line_is_found_there(tmp_path: Path) -> None:
    text = SMALL.replace("narrator: a", "narrator:\n  b")
    folder = write(tmp_path, {"p/project.yaml": text, "p/m.md": "x"})
    with pytest.raises(ProjectError) as caught:
        load_project(folder)
    line = read_yaml(folder / "project.yaml").line(("narrator",))
    assert str(caught.value).startswith(f"{folder}/project.yaml:{line}: narrator: no voice 'b'")
