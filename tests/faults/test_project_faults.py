"""Every faulty project gives its one clear line, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from goodproject import GOOD, Fault, build, tree

from book.casting import read_castings
from book.project import Project
from book.projectfile import load_project
from book.retakes import read_retakes
from book.spoken.lexiconfile import read_lexicon
from castbook.errors import ProjectError
from projects import FAULTS

FEWEST = 45


def read_all(folder: Path) -> Project:
    """Everything a plan reads before the manuscript."""
    project = load_project(folder)
    read_lexicon(project.lexicons)
    read_castings(folder / "casting.yaml", project)
    read_retakes(folder / "retakes.yaml")
    return project


def test_the_good_project_is_good(tmp_path: Path) -> None:
    project = read_all(build(tmp_path))
    assert project.slug == "project"
    assert [path.name for path in project.manuscripts] == ["one.md", "two.md"]
    assert set(project.references) == {
        ("anna", ""), ("boris", "calm"), ("boris", "alarm"), ("guest", ""),
    }  # fmt: skip
    assert project.references["guest", ""].read_bytes() == GOOD["library/clips/guest.wav"]
    assert [path.name for path in project.lexicons] == ["words.yaml", "lexicon.yaml"]


def test_there_are_enough_and_each_is_another() -> None:
    assert len(FAULTS) >= FEWEST
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_one_clear_line_and_nothing_written(fault: Fault, tmp_path: Path) -> None:
    folder = build(tmp_path, fault)
    before = tree(tmp_path)
    with pytest.raises(ProjectError) as caught:
        read_all(folder)
    line = str(caught.value)
    assert line.startswith(f"{tmp_path}/{fault.error}"), line
    rest = line
    for fragment in fault.says:
        assert fragment in rest, (fragment, line)
        rest = rest[rest.index(fragment) + len(fragment) :]
    assert "\n" not in line
    assert len(line.removeprefix(str(tmp_path))) < 400
    assert caught.value.exit_code == 2
    assert tree(tmp_path) == before


def test_several_mistakes_are_one_error_with_a_line_each(tmp_path: Path) -> None:
    folder = build(tmp_path)
    file = folder / "project.yaml"
    wrong = file.read_text().replace("seed: 42", "seed: x").replace("rate: 44100", "rte: 1")
    file.write_text(wrong.replace("opening: true", "opening: 1"))
    with pytest.raises(ProjectError) as caught:
        load_project(folder)
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == [
        "seed", "rte", "credits.opening",
    ]  # fmt: skip


def test_a_flood_of_mistakes_is_cut(tmp_path: Path) -> None:
    folder = build(tmp_path)
    with (folder / "project.yaml").open("a") as file:
        file.writelines(f"key{i}: 1\n" for i in range(100))
    with pytest.raises(ProjectError) as caught:
        load_project(folder)
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[-1].endswith("80 more mistakes; mend these first")
