"""Finished work and updates: make stops with the cause, redoes or keeps when it is told to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from books_of_tone import STORY, write_book

import book.drafts
import book.segments
from book.script import Replacement
from flows.cli import main
from tts.tone import ToneEngine

REVISION, RULES = "engine revision", "castbook's own rules"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_book(tmp_path_factory.mktemp("made") / "book")
    assert main(["make", str(project)]) == 0
    return project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "book")
    return tmp_path / "book"


def masters(project: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (project / "build" / "chapters").glob("*.flac")}


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def update_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the tone engine's weights had a new revision."""
    before = ToneEngine.fingerprint
    monkeypatch.setattr(ToneEngine, "fingerprint", lambda self: before(self) + " revision=2")


def update_rules(monkeypatch: pytest.MonkeyPatch, word: str = "the") -> None:
    """As if castbook's normaliser had learned something about a common word."""
    before = book.drafts.normalise

    def taught(text: str, *rest: Any, **named: Any) -> list[Replacement]:
        found = list(before(text, *rest, **named))
        at = f" {text} ".find(f" {word} ")
        if at >= 0 and not any(r.start < at + len(word) and at < r.end for r in found):
            found.append(Replacement(at, at + len(word), word * 2, "taught"))
        return sorted(found, key=lambda r: r.start)

    monkeypatch.setattr(book.drafts, "normalise", taught)


@pytest.mark.parametrize(("update", "cause"), [(update_engine, REVISION), (update_rules, RULES)])
def test_an_update_stops_make_before_any_work(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    update: Any,
    cause: str,
) -> None:
    update(monkeypatch)
    before = sorted((p, p.stat().st_mtime_ns) for p in project.rglob("*"))
    _, plan = as_json(capsys, "plan", str(project))
    assert list(plan["missing"]["causes"]) == [cause]
    assert plan["redone"]["stops"]
    assert plan["redone"]["segments"] == plan["missing"]["segments"] == plan["redone"]["keepable"]
    assert main(["make", str(project)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert f"{plan['redone']['segments']} of {plan['redone']['finished']} finished" in err
    assert f"{plan['redone']['segments']} for {cause}" in err
    assert "--keep" in err
    assert "--redo" in err
    takes = [p for p in project.rglob("*") if "claims" not in p.parts]
    assert sorted((p, p.stat().st_mtime_ns) for p in takes if p.is_file()) == [
        (p, t) for p, t in before if p.is_file()
    ]
    assert main(["plan", str(project)]) == 0
    assert "make will stop and ask" in capsys.readouterr().out


@pytest.mark.parametrize(("update", "cause"), [(update_engine, REVISION), (update_rules, RULES)])
def test_keep_uses_the_finished_takes_until_redo(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    update: Any,
    cause: str,
) -> None:
    before = masters(project)
    update(monkeypatch)
    _, plan = as_json(capsys, "plan", str(project))
    missing, calibration = plan["missing"]["segments"], plan["missing"]["calibration"]
    code, run = as_json(capsys, "make", str(project), "--keep")
    assert (code, run["kept"]) == (0, {"segments": missing, "causes": {cause: missing}})
    assert run["made"] == 0
    report = json.loads(next(project.glob("build/out/*/*/report.json")).read_text())
    assert report["run"]["kept"]["segments"] == missing
    assert not (project / "kept.json").exists()
    assert masters(project) == before  # not a byte is another
    # it stays so: for plan, make, find and clean
    code, run = as_json(capsys, "make", str(project))
    assert (code, run["made"], run["kept"]["segments"]) == (0, 0, missing)
    _, plan = as_json(capsys, "plan", str(project))
    assert (plan["missing"]["segments"], plan["kept"]["segments"]) == (0, missing)
    assert main(["plan", str(project)]) == 0
    assert f"kept as they are: {missing} finished takes" in capsys.readouterr().out
    assert main(["find", str(project), "Only the wind in the chimney"]) == 0
    assert f"kept as it is (make --keep) in spite of: {cause}" in capsys.readouterr().out
    assert main(["clean", str(project), "--yes"]) == 0
    code, run = as_json(capsys, "make", str(project), "--redo")
    assert (code, run["made"], run["kept"]["segments"]) == (0, missing + calibration, 0)
    code, run = as_json(capsys, "make", str(project))
    assert (code, run["made"]) == (0, 0)


def test_edits_of_the_project_are_no_reason_to_stop(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_book(project, options={"rate": 22050})
    _, plan = as_json(capsys, "plan", str(project))
    assert list(plan["missing"]["causes"]) == ["engine options"]
    assert not plan["redone"]["stops"]
    assert main(["make", str(project)]) == 0
    (project / "lexicon.yaml").write_text("version: 1\nwords:\n  the: thee\n")
    write_book(project, options={"rate": 22050}, lexicon="lexicon.yaml", seed=42)
    _, plan = as_json(capsys, "plan", str(project))
    assert list(plan["missing"]["causes"]) == ["lexicon entry"]
    (project / "lexicon.yaml").unlink()
    write_book(project, options={"rate": 22050}, seed=43)
    _, plan = as_json(capsys, "plan", str(project))
    assert list(plan["missing"]["causes"]) == ["seed"]
    write_book(project, STORY.replace("the", "thy"), options={"rate": 22050})
    _, plan = as_json(capsys, "plan", str(project))
    assert list(plan["missing"]["causes"]) == ["new text"]
    assert not plan["redone"]["stops"]


def test_an_edit_and_an_update_at_once_are_told_apart(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    update_rules(monkeypatch, "wind")
    write_book(project, STORY.replace("black and still", "dark and still"))
    (anchor,) = {
        json.loads(row)["anchor"]
        for path in project.glob("build/script/*.jsonl")
        for row in path.read_text().splitlines()
        if "What is that noise" in row
    }
    (project / "casting.yaml").write_text(
        f"version: 1\ncastings:\n  - {{anchor: {anchor}, speaker: boris}}\n"
    )
    _, plan = as_json(capsys, "plan", str(project))
    assert plan["missing"]["causes"] == {RULES: 2, "new text": 1, "another speaker": 1}
    code, run = as_json(capsys, "make", str(project), "--keep")
    assert (code, run["made"], run["kept"]["segments"]) == (0, 2, 2)


def test_what_a_run_is_not_asked_for_keeps_its_memory(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    update_engine(monkeypatch)
    code, _ = as_json(capsys, "make", str(project), "--redo", "--only", "ch01/0002")
    assert code == 1  # the rest of its chapter is missing
    assert main(["make", str(project)]) == 2  # and still nobody asked for that


def test_redo_and_keep_exclude_each_other(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["make", str(project), "--redo", "--keep"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_an_orphan_is_listed_with_the_lines_that_may_be_meant(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["retake", str(project), "The wind blew and the candle"]) == 0
    write_book(project, STORY.replace("The wind blew and", "The wind rose and"))
    _, plan = as_json(capsys, "plan", str(project))
    (orphan,) = plan["orphans"]
    assert "fits no segment any more; perhaps ch02/" in orphan
    assert "The wind rose and the candle went out." in orphan


def test_segments_that_castbook_cuts_elsewhere_count_as_redone(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(book.segments, "COMFORTABLE", 0.01)  # sentences are joined no more
    _, plan = as_json(capsys, "plan", str(project))
    assert list(plan["missing"]["causes"]) == [RULES]
    assert 0 < plan["redone"]["segments"] <= plan["missing"]["segments"]
    assert plan["redone"]["keepable"] == 0  # no take says exactly these words
    # a text that the author wrote is new all the same
    write_book(project, STORY + "\n\nAnd that was the end of it.\n")
    _, plan = as_json(capsys, "plan", str(project))
    assert plan["missing"]["causes"]["new text"] >= 1
