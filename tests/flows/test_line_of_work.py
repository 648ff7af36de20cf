"""The whole line on the tone engine: a book is made, changed, mended and made again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from books_of_tone import STORY, write_book

from castbook.errors import StorageError
from flows.local import run_locally
from tasks.outcome import BookReport


def made_texts(report: BookReport) -> int:
    return report.made


def build_of(project: Path) -> Path:
    return project / "build"


def masters(project: Path) -> dict[str, float]:
    """Name and time of modification of every master."""
    return {p.name: p.stat().st_mtime_ns for p in (build_of(project) / "chapters").glob("*.flac")}


@pytest.fixture
def finished(tmp_path: Path, finished_book: Path) -> Path:
    """A copy of a finished book, to be changed at will."""
    shutil.copytree(finished_book, tmp_path / "book")
    return tmp_path / "book"


@pytest.fixture(scope="module")
def finished_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_book(tmp_path_factory.mktemp("finished") / "book")
    report = run_locally(project)
    assert report.clean, report.message
    return project


def test_a_book_has_its_chapters_and_files(finished_book: Path) -> None:
    build = build_of(finished_book)
    folder = build / "out" / "A. Nobody" / "The House on the Hill"
    assert (folder / "The House on the Hill.m4b").stat().st_size > 10_000
    assert {"metadata.json", "report.json", "report.html"} <= {p.name for p in folder.iterdir()}
    assert len(list((build / "chapters").glob("*.flac"))) == 3
    assert len(list((build / "chapters").glob("*.vtt"))) == 3
    report = json.loads((folder / "report.json").read_text())
    assert report["coverage"]["share"] == 1.0
    assert not list(build.rglob(".tmp-*"))


def test_a_second_run_does_nothing(finished: Path) -> None:
    before = masters(finished)
    book = next(build_of(finished).glob("out/*/*/*.m4b"))
    stamp = book.stat().st_mtime_ns
    report = run_locally(finished)
    assert report.clean
    assert report.made == 0
    assert masters(finished) == before
    assert book.stat().st_mtime_ns == stamp
    assert not any(file.made for file in report.files)


def test_an_edited_sentence_redoes_its_segments_and_its_chapter_only(finished: Path) -> None:
    before = masters(finished)
    story = finished / "story.md"
    story.write_text(STORY.replace("The wind blew and", "The wind rose and"))
    report = run_locally(finished)
    assert report.clean
    assert report.made == 1
    after = masters(finished)
    changed = {name for name in after if after[name] != before.get(name)}
    assert [name[:2] for name in changed] == ["02"]
    assert [file.made for file in report.files] == [True]


def test_an_edit_of_the_lexicon_is_heard_in_the_same_process(finished: Path) -> None:
    """The scripts of the whole book stay; only segments with the word are spoken anew."""
    before = masters(finished)
    lexicon = finished / "lexicon.yaml"
    lexicon.write_text("version: 1\nwords: {chimney: chimbley}\n")
    report = run_locally(finished)
    assert report.clean and report.made == 1
    changed = {name for name, time in masters(finished).items() if before[name] != time}
    assert changed == {"02-The Stairs.flac"}
    lexicon.write_text("version: 1\nwords: {chimney: chimbly}\n")
    assert run_locally(finished).made == 1
    lexicon.unlink()
    assert run_locally(finished).made == 0  # the first takes are still there


def test_a_paragraph_at_the_top_of_a_chapter_is_the_only_thing_spoken(finished: Path) -> None:
    from book.projectfile import load_project
    from book.retakes import read_retakes
    from tasks.location import find_build
    from tasks.mending import retake
    from tasks.plan import make_plan
    from tasks.selection import Where

    def plan() -> Any:
        project = load_project(finished)
        return make_plan(project, find_build(finished, project.slug, None))

    words = ("the candle went out", "Only the wind", "What is that noise")
    retake(plan(), Where(words), "flat")
    (finished / "casting.yaml").write_text(
        "version: 1\ncastings:\n"
        + "".join(
            f"  - anchor: {line.segment.anchor}\n    speaker: boris\n"
            for line in plan().lines
            if "What is that noise" in line.segment.printed
            or "They went in together" in line.segment.printed
        )
    )
    assert run_locally(finished).clean
    asked = {r.text for r in read_retakes(finished / "retakes.yaml").retakes}
    story = finished / "story.md"
    story.write_text(
        STORY.replace("# The Stairs\n", "# The Stairs\n\nA new paragraph stands at the top here.\n")
    )
    report = run_locally(finished)
    assert report.clean
    assert report.made == 1
    lines = {line.segment.printed: line for line in plan().lines}
    assert {text for text, line in lines.items() if line.ingredients.retake} == asked
    assert not plan().orphans
    spoken_by = {t: line.segment.speaker for t, line in lines.items() if "noise" in t}
    assert set(spoken_by.values()) == {"boris"}
    assert [c for c in report.chapters if c.files and c.files.made] == [report.chapters[1]]


def test_a_retake_of_one_of_two_equal_lines_changes_that_one_only(finished: Path) -> None:
    from book.projectfile import load_project
    from tasks.location import find_build
    from tasks.mending import retake
    from tasks.plan import make_plan
    from tasks.selection import Where

    project = load_project(finished)
    build = find_build(finished, project.slug, None)
    plan = make_plan(project, build)
    twins = [line for line in plan.lines if line.segment.printed.strip('"“”') == "No,"]
    assert len(twins) == 2
    assert twins[0].identity == twins[1].identity
    before = masters(finished)
    retake(plan, Where((twins[1].segment.id,)), "")
    report = run_locally(finished)
    assert report.made == 1
    after = masters(finished)
    assert [n[:2] for n in after if after[n] != before[n]] == ["02"]


def test_moving_the_project_changes_no_key(tmp_path: Path, finished: Path) -> None:
    moved = tmp_path / "moved" / "other-name"
    shutil.copytree(finished, moved)
    report = run_locally(moved)
    assert (report.clean, report.made) == (True, 0)


def test_a_deleted_take_is_made_again_alone(finished: Path) -> None:
    victim = sorted(build_of(finished).glob("takes/*/*.flac"))[3]
    content = victim.read_bytes()
    victim.unlink()
    report = run_locally(finished)
    assert (report.clean, report.made) == (True, 1)
    assert victim.read_bytes() == content


def test_a_damaged_take_is_named_and_mended_by_the_next_run(finished: Path) -> None:
    from audio.pcm import read_flac

    story = finished / "story.md"
    report = run_locally(finished)
    take = report.plan.chapters[0].lines[1].take
    assert take is not None
    take.audio.write_bytes(take.audio.read_bytes()[:200])
    # the chapter has to be stitched again for another reason
    story.write_text(STORY.replace("the key was in his hand", "he held the key in his hand"))
    broken = run_locally(finished)
    assert not broken.clean
    assert take.audio.name in broken.message
    mended = run_locally(finished)
    assert mended.clean, mended.message
    assert len(read_flac(take.audio)[0]) == take.frames


def test_a_run_that_dies_behind_a_new_master_does_not_pass_for_the_old_one(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = next(build_of(finished).glob("chapters/03-*.flac"))
    original = master.read_bytes()
    (finished / "story.md").write_text(STORY.replace("black and still", "dark and still"))

    def full(path: Path, content: bytes) -> None:
        raise StorageError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("tasks.assemble.write_bytes", full)
        assert not run_locally(finished).clean
    assert master.read_bytes() != original
    (finished / "story.md").write_text(STORY)  # the edit is taken back
    assert run_locally(finished).clean
    assert master.read_bytes() == original


def test_failed_segments_are_named_and_alone_redone(tmp_path: Path) -> None:
    faults = [{"match": "candle", "kind": "refuse"}]
    project = write_book(tmp_path / "book", options={"faults": faults})
    report = run_locally(project)
    assert not report.clean
    assert [f.line.segment.printed for f in report.failed] == [
        "The wind blew and the candle went out."
    ]
    assert report.message.startswith("1 of")
    assert [c.complete for c in report.chapters] == [True, False, True]
    names = [p.name for p in build_of(project).glob("out/*/*/*.m4b")]
    assert names == ["The House on the Hill (incomplete 2 of 3).m4b"]

    stubborn = run_locally(project)  # the failed is tried again, nothing else is spoken
    assert (len(stubborn.failed), stubborn.made) == (1, 0)

    write_book(project)  # the fault is mended
    again = run_locally(project, only=["failed"])
    assert again.clean, again.message
    assert again.made == 1
    names = [p.name for p in build_of(project).glob("out/*/*/*.m4b")]
    assert names == ["The House on the Hill.m4b"]


def test_a_chapter_alone(tmp_path: Path) -> None:
    project = write_book(tmp_path / "book")
    report = run_locally(project, chapters="2")
    assert [c.number for c in report.chapters] == [2]
    assert report.clean
    names = [p.name for p in build_of(project).glob("out/*/*/*.m4b")]
    assert names == ["The House on the Hill (incomplete 1 of 3).m4b"]
    whole = run_locally(project)
    assert whole.clean
    assert len(list(build_of(project).glob("out/*/*/*.m4b"))) == 1
    run_locally(project, chapters="2")
    page = json.loads(next(build_of(project).glob("out/*/*/report.json")).read_text())
    assert [c["complete"] for c in page["chapters"]] == [True] * 3  # the whole book, as it stands


def test_an_interrupted_run_ends_at_once_and_goes_on_later(tmp_path: Path) -> None:
    project = write_book(tmp_path / "book", options={"cost_ms": 400})
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    running = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "make", str(project)],
        env={**os.environ, "PYTHONPATH": path},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while len(list(project.glob("build/takes/*/*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert time.monotonic() - began < 10  # the rest of the book would take longer
    assert "finished work is kept" in said
    done = len(list(project.glob("build/takes/*/*.json")))
    assert done >= 3
    write_book(project)
    report = run_locally(project)
    assert report.clean
    assert report.made == len(list(project.glob("build/takes/*/*.json"))) - done
