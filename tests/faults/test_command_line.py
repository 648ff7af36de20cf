"""The same faults through the command line: exit code 2, one line each, no file left behind."""

from __future__ import annotations

from pathlib import Path

import goodproject
import manuscripts
import pytest
import yaml

import projects
from flows.cli import main


@pytest.mark.parametrize("command", ["plan", "make"])
@pytest.mark.parametrize("fault", projects.FAULTS, ids=lambda fault: fault.name)
def test_a_faulty_project(
    fault: goodproject.Fault, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = goodproject.build(tmp_path, fault)
    before = goodproject.tree(tmp_path)
    assert main([command, str(folder)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("castbook: ")
    assert "Traceback" not in err
    assert goodproject.tree(tmp_path) == before


@pytest.mark.parametrize(
    "fault",
    [f for f in manuscripts.FAULTS if not f.options and f.speakers is None],
    ids=lambda fault: fault.name,
)
def test_a_faulty_manuscript(
    fault: manuscripts.Fault, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    if fault.content is not None:
        (folder / fault.file).write_bytes(fault.content)
    project = {
        "version": 1, "title": "T", "author": "A", "language": "en", "manuscript": fault.file,
        "engine": "tone", "narrator": "one", "voices": {"one": {"preset": "reed"}},
    }  # fmt: skip
    (folder / "project.yaml").write_text(yaml.safe_dump(project))
    before = goodproject.tree(tmp_path)
    assert main(["make", str(folder)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err
    assert goodproject.tree(tmp_path) == before


@pytest.mark.parametrize(
    "fault",
    [f for f in manuscripts.FAULTS if not f.options and f.speakers is None],
    ids=lambda fault: fault.name,
)
def test_new_leaves_nothing_behind(
    fault: manuscripts.Fault, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if fault.content is not None:
        (tmp_path / fault.file).write_bytes(fault.content)
    before = goodproject.tree(tmp_path)
    words = ["new", str(tmp_path / "new"), "--manuscript", str(tmp_path / fault.file)]
    assert main([*words, "--engine", "tone"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert goodproject.tree(tmp_path) == before
