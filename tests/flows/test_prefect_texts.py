"""Texts, batches and dropped files as runs of a real Prefect server."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.schemas.objects import State

from castbook.errors import TransientFailure
from flows import speeches
from flows.batches import batch
from flows.deployment import register_deployment
from flows.server import POOL, Server
from flows.speeches import speech
from flows.watching import watch
from tasks.batches.booth import Booth
from tasks.batches.rows import Row, read_row
from tasks.speech.outputs import Output
from tasks.speech.receipts import read_receipt

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(120), pytest.mark.xdist_group("prefect")]

TONE = {"engine": "tone", "voice": "oak"}
TEXT = "A text that no log may hold."


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_server: Server) -> Path:
    """An empty data folder; flows run on the session's server."""
    monkeypatch.setenv("CASTBOOK_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "uploads").mkdir(parents=True)
    return tmp_path / "data"


class Log:
    """What a flow logged, formatted."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, words: str, *values: Any) -> None:
        self.lines.append(words % values)

    error = warning = info


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    for module in ("speeches", "batches", "watching"):
        monkeypatch.setattr(f"flows.{module}.get_run_logger", lambda: log)
    return log


def ended(state: Any) -> State[Any]:
    assert isinstance(state, State)
    return state


def test_a_text_as_a_run_sounds_as_it_does_elsewhere(data: Path, log: Log) -> None:
    state = ended(
        speech(TEXT, **TONE, output_name="m", trace="t" * 32, principal="ann", return_state=True)
    )
    assert state.is_completed(), state.message
    assert (state.message or "").startswith("m.wav: ")
    said = json.loads((data / "outputs" / "m.json").read_text("utf-8"))
    assert said["trace"] == "t" * 32
    with Booth(data) as booth:
        row = read_row({"text": TEXT, **TONE, "output_name": "m"})
        assert booth.speak(row, data / "elsewhere").pcm_sha256 == said["pcm_sha256"]
    assert read_receipt(data, str(state.state_details.flow_run_id)) == {
        "files": ["outputs/m.wav"],
        "folder": None,
        "zip": None,
    }
    assert [line.split()[0] for line in log.lines] == ["STARTED", "FINISHED"]
    assert all("t" * 32 in line for line in log.lines)
    assert not any("no log" in line for line in log.lines)
    other = ended(speech("Another.", **TONE, output_name="m", return_state=True))
    assert other.is_failed()
    assert "holds another text" in (other.message or "")


def test_a_passing_fault_is_tried_again(
    data: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak, tries = Booth.speak, []

    def failing(booth: Booth, row: Row, folder: Path, **more: Any) -> Output:
        tries.append(row.name)
        if len(tries) < 3:
            raise TransientFailure("the engine has died")
        return speak(booth, row, folder, **more)

    monkeypatch.setattr(Booth, "speak", failing)
    monkeypatch.setattr(speeches, "RETRY_S", [0.01, 0.01])
    state = ended(speech(TEXT, **TONE, output_name="m", return_state=True))
    assert state.is_completed(), state.message
    assert len(tries) == 3


def test_a_wish_that_cannot_be_is_one_line(data: Path, log: Log) -> None:
    state = ended(speech(TEXT, engine="tone", voice="oka", callback="x", return_state=True))
    assert state.is_failed()
    assert "did you mean oak?" in (state.message or "")


def test_a_batch_as_a_run(data: Path, log: Log, on_server: Server) -> None:
    rows = '{"text": "One."}\n{"text": "Two.", "prompt_audio": "gone.wav"}\n{"text": "Three."}\n'
    (data / "uploads" / "three.jsonl").write_text(rows, "utf-8")
    wish = {"path": "uploads/three.jsonl", "defaults": TONE, "name": "three", "lang": "zh"}
    state = ended(batch(**wish, return_state=True))
    assert state.is_failed()
    assert "2 of 3 made, 1 failed (task 2): outputs/batch/batch_output_" in (state.message or "")
    run = str(state.state_details.flow_run_id)
    receipt = read_receipt(data, run)
    assert receipt is not None
    assert receipt["files"] == [f"outputs/batch/three/output_00{n}.wav" for n in (1, 3)]
    assert (data / receipt["zip"]).exists()
    assert "[✗] 任务2失败: gone.wav 未找到 → 跳过" in log.lines
    found = httpx.post(f"{on_server.api_url}/artifacts/filter", json={}, timeout=60).json()
    shown = [a["description"] for a in found if a["flow_run_id"] == run]
    assert shown == ["3 of 3"]
    mended = {"path": "", "rows": [{"text": "One."}, {"text": "2."}, {"text": "Three."}]}
    state = ended(batch(**{**wish, **mended}, return_state=True))
    assert state.is_completed()
    assert "1 of 3 made, 2 were there" in (state.message or "")


def test_dropped_lines_become_runs_once(data: Path, log: Log, on_server: Server) -> None:
    register_deployment(on_server.api_url, POOL)
    (data / "inbox").mkdir()
    drop = data / "inbox" / f"{uuid.uuid4().hex}.jsonl"
    drop.write_text('{"text": "One.", "engine": "tone"}\n{oops}\n{"text": "Tw', "utf-8")
    for _ in range(2):
        state = ended(watch(quiet_s=0, return_state=True))
        assert state.message == "1 lines accepted, 1 refused, 0 files done"
    drop.write_text(drop.read_text("utf-8") + 'o."}\n', "utf-8")
    os.utime(drop, (0, 0))
    state = ended(watch(return_state=True))
    assert state.message == "2 lines accepted, 1 refused, 1 files done"
    query = {"flow_runs": {"tags": {"all_": ["principal:inbox"]}}}
    runs = httpx.post(f"{on_server.api_url}/flow_runs/filter", json=query, timeout=60).json()
    ours = [run["parameters"] for run in runs if drop.stem in run["parameters"]["output_name"]]
    assert sorted(parameters["text"] for parameters in ours) == ["One.", "Two."]
    traces = {line.split("trace=")[1].split()[0] for line in log.lines if "trace=" in line}
    assert {parameters["trace"] for parameters in ours} == traces
    received = [line for line in log.lines if line.startswith("RECEIVED")]
    written = [line for line in log.lines if line.startswith("WRITTEN")]
    assert (len(received), len(written)) == (4, 4)
    assert sum(line.endswith("new=True") for line in written) == 2
