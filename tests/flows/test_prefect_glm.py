"""A book by the GLM-TTS engine on Prefect, killed in the middle: as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from benchmarks.books import contents
from benchmarks.glm_checkpoint import TINY, write
from benchmarks.glm_projects import plan_of, write_project
from flows.local import run_locally
from flows.server import Server

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300), pytest.mark.xdist_group("prefect")]

PROSE = "the wind blew and the candle went out but nobody came down to the black water in the night"
SPEAKERS = ("narrator", "anna", "boris")


def line(number: int) -> tuple[str, str]:
    """Two to six words, never the same twice."""
    text = " ".join(PROSE.split()[number % 13 :][: 2 + number * 3 % 5])
    return SPEAKERS[number % 3], f"{text.capitalize()} {number}."


def flow_process(project: Path, build: Path, server: Server) -> subprocess.Popen[bytes]:
    """``castbook make`` on the server, in a process group of its own."""
    root = str(Path(__file__).parents[2])
    inherited = os.environ.get("PYTHONPATH", "")
    environment = {
        **server.environment,
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PYTHONPATH": os.pathsep.join([root, inherited]),
        "CASTBOOK_CACHE": os.environ["CASTBOOK_CACHE"],
    }
    return subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "make", str(project), "--build", str(build), "--json"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def takes(build: Path) -> int:
    return sum(1 for _ in build.glob("takes/*/*.json"))


def made_things(build: Path) -> dict[str, str]:
    """Takes with their tokens, masters, book files. Not the script, which names our version, nor
    what leads from tokens to takes: a kill may lose one, as ``TakeStore`` says."""
    left_out = ("script/", ".sampled")
    return {
        name: sha
        for name, sha in contents(build).items()
        if not name.startswith(left_out) and not name.endswith(left_out)
    }


def test_a_killed_run_goes_on_to_the_same_book(
    tmp_path: Path, prefect_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path / "cache"))
    checkpoint = write(tmp_path / "checkpoint", replace(TINY, end=0.1), 1)
    options = {"checkpoint": str(checkpoint), "device": "cpu", "steps": 1}
    chapters = [[line(number) for number in range(at, at + 13)] for at in (0, 13)]
    project = write_project(tmp_path / "murmur", chapters, options, alarm=2)
    plan = plan_of(project)
    spoken = {(one.speaker.voice_name, one.speaker.style) for one in plan.lines}
    assert spoken == {("narrator", ""), ("anna", ""), ("boris", ""), ("boris", "alarm")}

    whole = tmp_path / "whole"
    report = run_locally(project, build=whole)
    assert not report.problems and len(list(whole.glob("chapters/*.flac"))) == 2
    wanted = made_things(whole)
    made = takes(whole)
    # murmurs are doubtful: no line has more than its chain of attempts, and the run has an end
    assert len(plan.lines) <= made <= sum(len(x.keys) for x in (*plan.lines, *plan.calibration))

    build = tmp_path / "killed"
    first = flow_process(project, build, prefect_server)
    while takes(build) < made * 2 // 3:
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert takes(build) < made and not list(build.glob("out/**/*.m4b"))

    second = flow_process(project, build, prefect_server)
    told, said = second.communicate(timeout=200)
    assert second.returncode in (0, 1), said.decode()  # 1: takes are doubtful
    assert b'"failed": []' in told
    assert made_things(build) == wanted
    runs = httpx.post(f"{prefect_server.api_url}/flow_runs/filter", json={}, timeout=60).json()
    chapter_runs = [run["name"] for run in runs if run["name"].startswith("murmur-ch")]
    assert len(chapter_runs) > 2  # those of the killed run, and again
