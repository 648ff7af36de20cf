"""The finished book: every output, proven on the decoded file, where a library looks for it."""

from __future__ import annotations

import dataclasses
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from books_of_tone import write_book

from audio.measuring.measure import measure
from audio.profiles import Profile, load_profile
from book.project import Output
from flows.local import run_locally
from tasks.outcome import BookReport

STORY = """# The Door

The house stood on the hill. "Open the door," said Anna.

# The Stairs

They went in together and shut the door behind them.
"""
FOLDER = "A. Nobody/Hills/2 - The House"


def build_book(folder: Path, **changes: Any) -> Path:
    words = {"title": "The House", "series": {"name": "Hills", "part": 2}}
    return write_book(folder, STORY, **{**words, "outputs": list(get_args(Output)), **changes})


def outputs(project: Path) -> dict[str, bytes]:
    out = project / "build" / "out"
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith("report.")
    }


def made(report: BookReport) -> set[str]:
    """Names of the files with sound that a run made."""
    return {file.path.name for file in report.files if file.made and file.check is not None}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BookReport]:
    project = build_book(tmp_path_factory.mktemp("published") / "book")
    return project, run_locally(project, workers=2)


@pytest.fixture
def project(tmp_path: Path, published: tuple[Path, BookReport]) -> Path:
    """A copy of the finished book, to be changed at will."""
    shutil.copytree(published[0], tmp_path / "book")
    return tmp_path / "book"


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Changes the rules of the profile that the next runs are held to."""
    draft = load_profile("draft")

    def change(**values: object) -> None:
        profile: Profile = dataclasses.replace(draft, **values)  # type: ignore[arg-type]
        monkeypatch.setattr("tasks.production.load_profile", lambda _: profile)

    yield change


def test_every_output_stands_and_was_measured(published: tuple[Path, BookReport]) -> None:
    project, report = published
    assert report.clean, report.message
    chapters = ["01 - The Door", "02 - The Stairs"]
    wanted = {
        f"{FOLDER}/{name}"
        for name in (
            *("The House.m4b", "The House.epub", "The House.vtt", "The House.srt"),
            *("The House.words.vtt", "metadata.json"),
            *(f"mp3/{name}.{suffix}" for name in chapters for suffix in ("mp3", "lrc")),
            *(f"flac/{name}.flac" for name in chapters),
            *("mp3-book/The House.mp3", "opus/The House.opus"),
            *(f"{name}/.ignore" for name in ("mp3", "flac", "mp3-book", "opus")),
        )
    }
    assert set(outputs(project)) == wanted
    for file in report.files:
        sound = file.path.suffix not in (".vtt", ".srt", ".lrc")
        assert (file.check is not None) == sound
        if file.check is not None:
            assert file.check["passed"], file.check
            assert json.dumps(file.check)
    by_suffix = {file.path.suffix: file for file in report.files}
    assert by_suffix[".m4b"].check["measured"]["chapters"] == 2  # type: ignore[index]
    _agrees(by_suffix[".m4b"].path, by_suffix[".m4b"].check["measured"])  # type: ignore[index]
    assert list(by_suffix[".epub"].check["members"]) == ["The Door", "The Stairs"]  # type: ignore[index]
    assert {f.chapter for f in report.files if f.path.parent.name == "flac"} == {1, 2}


def _agrees(path: Path, figures: dict[str, Any]) -> None:
    """What the report says of a file, which was never decoded whole, and what decoding it says."""
    decoded = dataclasses.asdict(measure(path))
    same = ("format", "codec", "rate", "channels", "bitrate_kbps", "frames", "errors", "chapters")
    for name in same:
        assert figures[name] == decoded[name], name
    for name in ("rms_db", "peak_db", "true_peak_db", "duration_s", "promised_s", "head_s"):
        assert figures[name] == pytest.approx(decoded[name], abs=0.05), name


def test_two_builds_are_equal_byte_for_byte(
    tmp_path: Path, published: tuple[Path, BookReport]
) -> None:
    """Other folders, other workers, another number of engine slots."""
    other = build_book(tmp_path / "elsewhere" / "book", options={"slots": 3})
    assert run_locally(other, build=tmp_path / "b", workers=1).clean
    first, second = published[0] / "build", tmp_path / "b"
    kinds = ("takes/*/*.flac", "chapters/*", "encoded/*", "marks/**/*", "out/**/*")
    names = {
        path.relative_to(build).as_posix()
        for build in (first, second)
        for kind in kinds
        for path in build.glob(kind)
        if path.is_file() and not path.name.startswith("report.")
    }
    assert len(names) > 50
    for name in sorted(names):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_a_changed_sentence_encodes_one_chapter(project: Path) -> None:
    build_book(project, outputs=["m4b", "mp3", "epub"])  # the others go: three are enough here
    before = {p.name: p.stat().st_mtime_ns for p in project.glob("build/encoded/*.aac")}
    assert len(before) == 2
    again = run_locally(project)
    assert (made(again), again.clean) == (set(), True)
    assert all(file.check["passed"] for file in again.files if file.check)  # from the marks
    story = project / "story.md"
    story.write_text(STORY.replace("shut the door", "closed the door"))
    report = run_locally(project)
    assert made(report) == {"02 - The Stairs.mp3", "The House.m4b", "The House.epub"}
    after = {p.name: p.stat().st_mtime_ns for p in project.glob("build/encoded/*.aac")}
    assert len(after) == 2
    assert len(after.items() & before.items()) == 1  # the other chapter's, untouched


def test_a_book_that_moves_leaves_nothing_behind_but_what_is_the_users(project: Path) -> None:
    old = project / "build" / "out" / FOLDER
    (old / "notes.txt").write_text("mine")
    encoded = sorted(project.glob("build/encoded/*"))
    build_book(project, series=None, outputs=["mp3"])
    report = run_locally(project)
    assert report.clean, report.message
    files = set(outputs(project))
    assert f"{FOLDER}/notes.txt" in files
    rest = {name.removeprefix("A. Nobody/The House/") for name in files} - {f"{FOLDER}/notes.txt"}
    # without an M4B the MP3 folder is the book for Audiobookshelf, and says so itself
    mp3 = {"mp3/01 - The Door.mp3", "mp3/02 - The Stairs.mp3", "mp3/metadata.json"}
    assert rest == {*mp3, "metadata.json"}
    assert {p.name for p in old.iterdir()} == {"notes.txt"}
    assert sorted(project.glob("build/encoded/*")) == encoded  # its chapters still stand


def test_a_file_that_misses_its_profile_is_corrected_once(
    project: Path, rules: Callable[..., None]
) -> None:
    build_book(project, outputs=["m4b", "mp3"])
    rules(peak_max_db=-8.0)
    report = run_locally(project)
    assert report.clean, report.message
    for file in report.files:
        assert file.check is not None
        assert file.check["measured"]["peak_db"] <= -8.0
        if file.path.suffix == ".mp3":
            assert -8 < file.corrected_db < 0
    again = run_locally(project)
    assert made(again) == set()
    assert [f.corrected_db for f in again.files] == [f.corrected_db for f in report.files]


def test_what_no_gain_mends_is_named_and_kept(project: Path, rules: Callable[..., None]) -> None:
    build_book(project, outputs=["mp3"])
    rules(head_min_ms=5000, head_max_ms=9000)
    report = run_locally(project)
    assert not report.clean
    assert made(report) == set()  # the rules have changed, the figures have not
    assert len(report.problems) == 2
    for line in report.problems:
        assert "\n" not in line
        assert "misses the profile draft: silence at the start" in line
        assert "wanted 5 to 9 s" in line
    assert all(file.path.is_file() for file in report.files)


def test_the_sound_in_the_epub_is_what_was_measured(published: tuple[Path, BookReport]) -> None:
    from castbook.errors import BrokenPromise
    from tasks.publication.packets import compare_packets

    build = published[0] / "build"
    book = build / "out" / FOLDER / "The House.epub"
    encoded = list((build / "encoded").glob("*.aac"))
    sizes = {path.stat().st_size: path for path in encoded}
    with zipfile.ZipFile(book) as package:
        order = sorted(i.filename for i in package.infolist() if i.filename.endswith(".m4a"))
        first = package.getinfo(order[0]).file_size
        second = package.getinfo(order[1]).file_size
    in_order = [sizes[size] for size in sorted(sizes, reverse=first > second)]
    compare_packets(book, in_order)
    with pytest.raises(BrokenPromise, match="chapter 1 is not what was measured"):
        compare_packets(book, in_order[::-1])
    with pytest.raises(BrokenPromise, match="1 whole chapters"):
        compare_packets(book, in_order[:1])


def test_a_complete_book_stands_beside_one_that_is_not_finished(
    project: Path, tmp_path: Path
) -> None:
    build_book(project, outputs=["m4b", "mp3"])
    assert run_locally(project).clean
    book = project / "build" / "out" / FOLDER
    whole = outputs(project)
    settings = yaml.safe_load((project / "project.yaml").read_text())
    settings["engines"]["tone"]["faults"] = [{"match": "closed", "kind": "refuse"}]
    (project / "project.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    (project / "story.md").write_text(STORY.replace("shut the door", "closed the door"))
    assert not run_locally(project).clean
    kept = {name: content for name, content in outputs(project).items() if name in whole}
    assert kept == whole
    # in a folder that Audiobookshelf leaves out, or it would play both
    assert {p.name for p in (book / "incomplete").iterdir()} == {
        ".ignore",
        "The House (incomplete 1 of 2).m4b",
    }
    (project / "story.md").write_text(STORY)
    assert run_locally(project).clean
    assert outputs(project) == whole
