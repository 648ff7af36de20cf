"""The line on a real Prefect server: the same faults under both runners, retry, worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from books_of_tone import write_book

from flows.cli import main
from flows.server import Server, register, running_worker

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300), pytest.mark.xdist_group("prefect")]

HOST = {"stall_s": 2}  # a hanging engine is killed and replaced after two seconds

FAULTS = [
    {"match": "on the hill", "kind": "fail", "times": 2},  # mended by retries
    {"match": "so they said", "kind": "memory", "times": 1},
    {"match": "shut the door", "kind": "die", "times": 1},
    {"match": "for a while and laughed", "kind": "hang", "times": 1},  # killed after stall_s
    {"match": "candle", "kind": "fail"},  # never mended
    {"match": "in the chimney", "kind": "refuse"},
    {"match": "black and still", "kind": "loop"},  # doubtful
    {"match": "until the morning", "kind": "silence"},  # doubtful: its first half is spoken
]


@pytest.fixture
def server(prefect_server: Server) -> Server:
    """The one server of this test session."""
    return prefect_server


def castbook(*words: str, server: Server) -> Any:
    """``castbook WORDS --json`` in a process of its own: (exit code, what it printed)."""
    root = Path(__file__).parents[2]
    environment = {
        **server.environment,
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", *words, "--json"],
        capture_output=True, text=True, env=environment, timeout=200,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def here(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """The same in this process, on threads: runs on Prefect read the server from the environment,
    and some of their threads would not see settings of a test."""
    capsys.readouterr()
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def outcome(run: dict[str, Any]) -> dict[str, Any]:
    """What both runners must agree on."""
    return {
        "failed": sorted((f["id"], f["reason"]) for f in run["failed"]),
        "doubtful": [d["id"] for d in run["doubtful"]],
        "complete": [c["complete"] for c in run["chapters"]],
        "made": run["made"],
        "message": run["message"],
    }


def rows(server: Server, kind: str, **match: Any) -> list[dict[str, Any]]:
    """Flow runs or task runs that the server knows."""
    found = httpx.post(f"{server.api_url}/{kind}/filter", json=match, timeout=60).json()
    assert isinstance(found, list)
    return found


def wait_for(check: Any, seconds: float = 120.0) -> Any:
    """Polls until ``check()`` is true; its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := check():
            return value
        time.sleep(0.2)
    raise AssertionError("it did not happen in time")


def test_the_same_faults_give_the_same_outcome_under_both_runners(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = {}
    for name, make in (
        ("local", partial(here, capsys, "make")),
        ("prefect", partial(castbook, "make", server=server)),
    ):
        project = write_book(tmp_path / name / "book", options={"faults": FAULTS, "host": HOST})
        code, run = make(str(project))
        assert code == 1
        runs[name] = outcome(run)
        assert [len(run["failed"]), len(run["doubtful"])] == [2, 2]
        assert all(f["command"].startswith("castbook make ") for f in run["failed"])

        if name == "prefect":  # on threads: test_line_of_work.py
            code, again = make(str(project))
            assert code == 1
            assert outcome(again)["failed"] == outcome(run)["failed"]
            assert again["made"] == 0  # the failed were tried again, nothing else was spoken

        write_book(project, options={"host": HOST})  # the faults are gone
        code, mended = make(str(project), "--only", "failed")
        assert mended["failed"] == []
        assert mended["made"] == 2
        assert code == 1  # two takes are still doubtful
        runs[f"{name} mended"] = outcome(mended)
    assert runs["local"] == runs["prefect"]
    assert runs["local mended"] == runs["prefect mended"]
    named = {r["name"]: r for r in rows(server, "task_runs")}
    retried = [n for n, r in named.items() if n.startswith("ch0") and r["run_count"] > 1]
    assert retried  # a failed segment is a task run of its own name
    states = [(r["name"], r["state"]["message"]) for r in rows(server, "flow_runs")]
    assert any("segments failed" in message for name, message in states if name == "book-ch02")
    found = rows(server, "artifacts")
    shown = {(artifact["key"], artifact["type"]) for artifact in found}
    tables = {("book-chapters", "table"), ("book-segments", "table")}
    assert {("book-ch01", "progress"), *tables} <= shown
    failed = [str(a["data"]) for a in found if a["key"] == "book-segments"]
    assert any("castbook make" in table and "--only ch0" in table for table in failed)


def test_a_worker_started_elsewhere_retries_only_what_failed(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [{"match": match, "kind": "refuse"} for match in ("candle", "in the chimney")]
    project = write_book(tmp_path / "projects" / "alice", options={"faults": faults})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    register(server)
    root = str(Path(__file__).parents[2])
    environment = {
        **server.environment,
        "CASTBOOK_PROJECTS": str(tmp_path / "projects"),
        "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]),
    }
    with monkeypatch.context() as patch:
        patch.chdir(elsewhere)
        with running_worker(environment):
            run = start(server, project="alice")
            ended = wait_for(lambda: terminal(server, run))
            assert ended["state"]["message"].startswith("2 of ")
            takes = made(project)
            assert len(takes) > 10

            # one of the two faults is mended: only what failed is spoken
            write_book(project, options={"faults": faults[1:]})
            other = start(server, project="alice", only="failed")
            ended = wait_for(lambda: terminal(server, other))
            assert ended["state"]["message"].startswith("1 of ")
            more = made(project)
            assert len({path for path in more if more[path] != takes.get(path)}) == 1

            # a take is lost, and the other fault mended, between run and retry
            victim = sorted(takes)[0]
            victim.unlink()
            write_book(project)
            subprocess.run(
                [sys.executable, "-m", "prefect", "flow-run", "retry", run],
                env=environment, check=True, capture_output=True, timeout=120,
            )  # fmt: skip
            ended = wait_for(lambda: terminal(server, run, 2))
            assert ended["state"]["type"] == "COMPLETED", ended["state"]["message"]
            now = made(project)
            new = {path for path in now if now[path] != more.get(path)}
            assert victim in new
            assert len(new) == 2  # the lost take and the failed segment
    # made by the worker, found by the command line in another folder: nothing to do
    assert main(["make", str(project)]) == 0


def start(server: Server, **parameters: str) -> str:
    """What ``prefect deployment run 'book/local' -p …`` does, without a new Python for it (the
    command itself: tests/test_readme.py); the id of the flow run."""
    from prefect.deployments import run_deployment
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: server.api_url}):
        run: Any = run_deployment("book/local", parameters=parameters, timeout=0, as_subflow=False)
    return str(run.id)


def made(project: Path) -> dict[Path, int]:
    """The takes of a book, and when each was written."""
    return {path: path.stat().st_mtime_ns for path in project.glob("build/takes/*/*.flac")}


def terminal(server: Server, run: str, count: int = 1) -> dict[str, Any] | None:
    """The flow run once it has ended for the ``count``-th time."""
    try:
        row: dict[str, Any] = httpx.get(f"{server.api_url}/flow_runs/{run}", timeout=5).json()
    except httpx.HTTPError:  # now and then a busy server never answers: asked again
        return None
    ended = row["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
    return row if ended and row["run_count"] >= count else None


def test_an_update_fails_the_run_with_the_cause_until_it_is_told_what_to_do(
    tmp_path: Path, on_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.logging.handlers import APILogHandler

    from flows.books import book
    from flows.local import run_locally
    from tts.tone import ToneEngine

    project = write_book(tmp_path / "book")
    assert run_locally(project, chapters="3").clean
    before = ToneEngine.fingerprint
    monkeypatch.setattr(ToneEngine, "fingerprint", lambda self: before(self) + " revision=2")
    refused = book(project=str(project), chapters="3", return_state=True)
    assert refused.is_failed()
    assert "finished segments (100%) would be spoken again" in str(refused.message)
    kept = book(project=str(project), chapters="3", keep=True, return_state=True)
    assert kept.is_completed(), kept.message
    APILogHandler().flush()  # before the server goes: what is left is complained about at exit
