"""The command line as scripts rely on it: what is printed where, and the exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from books_of_tone import STORY, write_book

from flows.cli import COMMANDS, main
from flows.planprinting import show_plan


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_book(tmp_path_factory.mktemp("made") / "book", outputs=["m4b", "mp3"])
    assert main(["make", str(project)]) == 0
    return project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "book")
    return tmp_path / "book"


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    capsys.readouterr()  # what earlier commands printed
    code = main([*words, "--json"])
    out, _ = capsys.readouterr()
    return code, json.loads(out)


def test_help_names_every_command_and_imports_little() -> None:
    program = (
        "import sys\nfrom flows.cli import main\n"
        "main(['--help'])\n"
        "heavy = {'prefect', 'torch', 'nltk', 'soundfile', 'pydub', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in COMMANDS:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("words", [["plan"], ["status"]])
def test_looking_imports_neither_prefect_nor_torch(project: Path, words: list[str]) -> None:
    program = (
        "import sys\nfrom flows.cli import main\n"
        f"code = main({[*words, str(project)]!r})\n"
        "heavy = {'prefect', 'torch'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert "Usage: castbook" in capsys.readouterr().out


def test_plan_changes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shutil.rmtree(project / "build")
    before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*"))
    code, plan = as_json(capsys, "plan", str(project))
    assert code == 0
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*")) == before
    assert [c["title"] for c in plan["chapters"]] == ["The Door", "The Stairs", "The Cellar"]
    assert plan["coverage"]["share"] == 1.0
    assert plan["missing"]["segments"] > 5
    assert {row["character"] for row in plan["cast"]} == {"narrator", "anna", "boris"}


def test_plan_says_why_something_is_missing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_book(project, STORY.replace("black and still", "dark and still"), outputs=["m4b", "mp3"])
    _, plan = as_json(capsys, "plan", str(project))
    assert plan["missing"]["causes"] == {"new text": 1}
    write_book(project, options={"rate": 22050}, outputs=["m4b", "mp3"])
    _, plan = as_json(capsys, "plan", str(project))
    assert list(plan["missing"]["causes"]) == ["engine options"]


def test_plan_for_people(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(project)]) == 0
    out = capsys.readouterr().out
    assert "nothing is missing" in out
    assert "coverage 100.00%" in out


def test_make_prints_one_json_object(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, run = as_json(capsys, "make", str(project))
    assert (code, run["clean"], run["made"]) == (0, True, 0)
    assert {Path(f["path"]).suffix for f in run["files"]} == {".m4b", ".mp3"}


def test_a_failure_is_named_with_its_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = [{"match": "black and still", "kind": "refuse"}]
    project = write_book(tmp_path / "book", options={"faults": faults})
    assert main(["make", str(project)]) == 1
    out = capsys.readouterr().out
    assert "failed ch03/0002" in out
    assert f"castbook make {project} --only ch03/0002" in out


def test_a_doubtful_take_is_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faults = [{"match": "black and still", "kind": "loop"}]
    project = write_book(tmp_path / "book", options={"faults": faults})
    assert main(["make", str(project)]) == 1
    code, run = as_json(capsys, "make", str(project))
    assert (code, run["made"], len(run["doubtful"])) == (1, 0, 1)
    assert run["doubtful"][0]["complaints"]
    assert main(["accept", str(project), "--doubtful"]) == 0
    capsys.readouterr()
    code, run = as_json(capsys, "make", str(project))
    assert (code, run["made"], run["doubtful"]) == (0, 0, [])


def test_find_tells_everything(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", str(project), "only the wind"]) == 0
    out = capsys.readouterr().out
    assert "ch02/" in out
    assert "boris by rule" in out
    assert "castbook retake" in out
    assert main(["find", str(project), "ch02@0:02"]) == 0
    assert "The Stairs" in capsys.readouterr().out
    assert main(["find", str(project), "unicorns"]) == 1


def test_find_says_where_it_sounds(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = as_json(capsys, "find", str(project), "--character", "narrator")
    assert code == 0 and len(found["segments"]) > 3
    for row in found["segments"]:
        place = row["place"]
        assert Path(place["audio"]).is_file() and place["start"] < place["end"]
        for where in (f"ch{row['chapter']['number']}@0:{place['end'] - 0.01:05.2f}", row["id"]):
            _, again = as_json(capsys, "find", str(project), where)
            assert [r["id"] for r in again["segments"]] == [row["id"]]
    minutes, seconds = divmod(place["book"] + 0.01, 60)  # the last: it counts all before it
    _, again = as_json(capsys, "find", str(project), f"{minutes:.0f}:{seconds:05.2f}")
    assert again["segments"][0]["id"] == row["id"]
    assert main(["find", str(project), "--character", "narrator"]) == 0
    out = capsys.readouterr().out
    assert out.count("narrator: ") == len(found["segments"])  # a line each, and how to see more
    assert f"castbook find {project} {found['segments'][0]['id']}" in out
    for where, problem in (
        ("9:00:00", "the book is"), ("ch01@59:00", "chapter 1 is"), ("ch77@0:01", "no chapter 77")
    ):  # fmt: skip
        assert main(["find", str(project), where]) == 1
        assert problem in capsys.readouterr().err


def test_retake_and_make(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retake", str(project), "glass", "--note", "too fast"]) == 0
    assert "too fast" in (project / "retakes.yaml").read_text()
    capsys.readouterr()
    code, run = as_json(capsys, "make", str(project))
    assert (code, run["made"]) == (0, 1)
    assert [c["number"] for c in run["chapters"] if c["mastered_now"]] == [3]


def test_status_of_several_projects(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = write_book(tmp_path / "new")
    code, status = as_json(capsys, "status", str(project), str(new), str(tmp_path / "none"))
    assert code == 0
    whole, empty, broken = status["projects"]
    assert whole["chapters_done"] == whole["chapters"] == 3
    assert whole["seconds"] > 20
    assert empty["chapters_done"] == empty["segments_done"] == 0
    assert "no project" in broken["error"]
    assert main(["status", str(project)]) == 0
    assert "The Cellar" in capsys.readouterr().out


def test_clean_shows_and_removes_only_what_nothing_uses(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    takes = len(list(project.glob("build/takes/*/*.json")))
    write_book(project, STORY.replace("black and still", "dark and still"))
    assert main(["clean", str(project)]) == 0
    assert "unused" in capsys.readouterr().out
    assert len(list(project.glob("build/takes/*/*.json"))) == takes
    assert main(["clean", str(project), "--yes"]) == 0
    assert len(list(project.glob("build/takes/*/*.json"))) == takes - 1


def test_audition_is_one_page(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audition", str(project)]) == 0
    page = (project / "build" / "audition.html").read_text()
    assert page.count("data:audio/mpeg;base64,") >= 5
    assert 'src="http' not in page
    assert main(["audition", str(project), "--character", "nobody"]) == 1
    assert "no character 'nobody'" in capsys.readouterr().err


def test_check_measures_the_finished_files(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(p) for p in project.glob("build/out/*/*/mp3/*.mp3")]
    code, result = as_json(capsys, "check", *files, "--profile", "draft")
    assert len(result["files"]) == 3
    assert code in (0, 1)
    assert main(["check", str(project / "story.md")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_doctor_and_voices(capsys: pytest.CaptureFixture[str]) -> None:
    code, facts = as_json(capsys, "doctor")
    assert code == 0
    assert facts["engines"]["tone"] == "ready"
    code, voices = as_json(capsys, "voices", "--engine", "glm", "--language", "zh-CN")
    assert (code, voices["presets"]) == (0, [])
    assert [one["engine"] for one in voices["cloning"]] == ["glm"]
    assert main(["voices", "--engine", "glm"]) == 0
    assert "castbook voice PROJECT NAME RECORDING" in capsys.readouterr().out
    code, voices = as_json(capsys, "voices", "--engine", "tone")
    assert code == 0
    assert len(voices["presets"]) >= 12


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "nowhere"],
        ["make", "nowhere"],
        ["plan", "BOOK", "--chapters", "9"],
        ["make", "BOOK", "--chapters", "x"],
        ["check", "nowhere.mp3"],
        ["check", "x.mp3", "--profile", "acxx"],
        ["voices", "--engine", "esepak"],
        ["get", "nothing"],
    ],
)
def test_the_machine_or_the_project_at_fault_is_2_and_one_line(
    project: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(project) if word == "BOOK" else word for word in words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["make", "--frobnicate"]) == 2
    assert "No such option" in capsys.readouterr().err


def test_review_writes_one_page(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, review = as_json(capsys, "review", str(project))
    assert code == 0
    assert review["page"] == str(project / "build" / "script.html")
    page = Path(review["page"]).read_text(encoding="utf-8")
    assert "Only the wind in the chimney" in page
    assert "http" not in page.replace("http-equiv", "")
    other = project.parent / "two.html"
    assert main(["review", str(project), "--chapters", "2", "--output", str(other)]) == 0
    assert "open it in any browser" in capsys.readouterr().out
    assert "black and still" not in other.read_text(encoding="utf-8")


def test_plan_shows_who_is_not_known_and_how_to_decide(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = "\n\n".join(f'"Who is number {n} among us, and why?"' for n in range(13))
    casting = {"confidence": 0.97}  # only what the text itself says
    project = write_book(tmp_path / "book", f"{STORY}\n\n{asked}\n", casting=casting)
    _, plan = as_json(capsys, "plan", str(project))
    unsure = [row for row in plan["unsure"] if "Who is number" in row["text"]]
    assert len(unsure) == 13
    figures = plan["quotations"]
    assert figures["count"] > 13
    assert figures["voiced_share"] + figures["unsure_share"] <= 1.0
    assert figures["unsure_share"] == pytest.approx(len(plan["unsure"]) / figures["count"])
    assert 0 <= figures["expected_wrong_share"] < 0.2
    assert main(["plan", str(project)]) == 0
    out = capsys.readouterr().out
    assert f"{figures['count']} quotations:" in out
    assert f"and {len(plan['unsure']) - 10} more lines of which nobody is sure" in out
    assert f"castbook review {project}" in out
    plan["skipped"] = [
        {"reason": "note", "title": "", "characters": 3},
        {"reason": "note", "title": "", "characters": 4},
        {"reason": "front matter", "title": "preface", "characters": 900},
        {"reason": "excluded", "title": "The Cellar", "characters": 80},
    ]
    show_plan(plan)
    rows = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "note 2 7" in rows
    assert "front matter 1 900 preface include: [preface]" in rows
    assert "excluded 1 80 The Cellar take it out of exclude:" in rows
