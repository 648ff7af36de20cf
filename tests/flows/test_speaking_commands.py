"""``castbook speak`` and ``castbook batch`` as scripts rely on them: files, exit codes, JSON."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import soundfile

from flows.cli import main
from tasks.batches.booth import Booth
from tasks.batches.rows import read_row

ROOT = Path(__file__).parents[2]
TONE = ["--engine", "tone", "--voice", "oak"]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a data folder beside it."""
    monkeypatch.setenv("CASTBOOK_DATA", str(tmp_path / "data"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_speak_writes_a_file(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, "speak", "Good morning.", *TONE, "-o", "a/b.flac")
    assert (code, said["file"], said["made"]) == (0, "a/b.flac", True)
    assert soundfile.info("a/b.flac").format == "FLAC"
    assert run(capsys, "speak", "Good morning.", *TONE, "-o", "a/b.flac")[1]["made"] is False


def test_every_way_in_gives_the_same_sound(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Good morning; it is half past nine. Come in!"
    sounds = {run(capsys, "speak", text, *TONE, "-o", "1.wav")[1]["pcm_sha256"]}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    sounds.add(run(capsys, "speak", "-", *TONE, "-o", "2.wav")[1]["pcm_sha256"])
    Path("rows.jsonl").write_text(json.dumps({"syn_text": text}) + "\n", "utf-8")
    assert main(["batch", "--data", "rows.jsonl", "--exp_name", "out", *TONE]) == 0
    sounds.add(json.loads(Path("out/output_001.json").read_text("utf-8"))["pcm_sha256"])
    old = ["--input_text", text, "--prompt_audio=oak", "--engine", "tone", "--use_phoneme"]
    old += ["--sample_rate", "24000", "--seed", "42", "--output_path", "3.wav"]
    sounds.add(run(capsys, "speak", *old)[1]["pcm_sha256"])
    with Booth(work.parent / "data") as booth:
        row = read_row({"text": text, "engine": "tone", "voice": "oak", "output_name": "4"})
        sounds.add(booth.speak(row, work).pcm_sha256)
    assert len(sounds) == 1


def test_what_is_piped_in_must_be_text(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe")))
    assert main(["speak", "-", *TONE, "-o", "a.wav"]) == 2
    assert "standard input: is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["--help", "; touch evil; $(touch evil) `touch evil`", "|evil"])
def test_a_text_is_only_ever_a_text(text: str, work: Path) -> None:
    assert main(["speak", *TONE, "-o", "a.wav", "--", text]) == 0
    assert {path.name for path in work.iterdir()} == {"a.wav", "a.json"}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["speak"], "TEXT: there is nothing to say"),
        (["speak", "  ", *TONE], "TEXT: there is nothing to say"),
        (["speak", "a", "--voice", "oka", "--engine", "tone"], "did you mean oak"),
        (["speak", "a", *TONE, "-o", "a b.wav"], "output_name: 'a b.wav' cannot be a file's name"),
        (["speak", "a", *TONE, "--rate", "5"], "cannot be 5"),
        (["batch"], "FILE: there is no batch"),
        (["batch", "gone.jsonl"], "gone.jsonl: there is no such file"),
        (["batch", "rows.jsonl", "--format", "exe"], "format: cannot be 'exe'; expected wav, flac"),
    ],
)
def test_mistakes_end_with_two(
    words: list[str], line: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rows.jsonl").write_text('{"text": "a"}')
    assert main(words) == 2
    said = capsys.readouterr().err
    assert line in said
    assert len(said.strip().splitlines()) == 1


ROWS = """\
{"uttid": "first", "prompt_text": "", "prompt_speech": "", "syn_text": "The first one."}
{"input_text": "The second one.", "prompt_audio": "clips/anna.wav", "output_name": "second"}
{"text": "The third one.", "seed": 7}
this is no JSON
"""


def test_a_bad_row_fails_alone(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows.jsonl").write_text(ROWS, "utf-8")
    code = main(["batch", "rows.jsonl", *TONE, "--zip", "--lang", "zh", "--json"])
    out, lines = capsys.readouterr()
    said = json.loads(out)
    assert code == 1
    assert (said["total"], said["made"], said["kept"]) == (4, 2, 0)
    assert said["files"] == ["first.wav", "output_003.wav"]
    assert [row["number"] for row in said["failed"]] == [2, 4]
    shown = lines.splitlines()
    assert "[✓] 任务1完成 → first.wav" in shown
    assert "[✗] 任务2失败: clips/anna.wav 未找到 → 跳过" in shown
    assert len(shown) == 4
    assert said["chars_per_s"] > 0
    with zipfile.ZipFile(said["zip"]) as packed:
        assert packed.namelist() == ["first.wav", "output_003.wav", "manifest.json"]
    again = run(capsys, "batch", "rows.jsonl", *TONE, "--zip")[1]
    assert (again["made"], again["kept"], again["zip"]) == (0, 2, said["zip"])


def test_a_killed_batch_goes_on_where_it_was(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["speak", "a", *TONE, "-o", "x.wav"]) == 0  # makes the library
    with (work.parent / "data" / "library" / "library.yaml").open("a") as file:
        file.write("engines: {tone: {cost_ms: 120}}\n")
    Path("rows.jsonl").write_text("".join(f'{{"text": "Row {n}."}}\n' for n in range(12)))
    words = [sys.executable, "-m", "flows.cli", "batch", "rows.jsonl", *TONE]
    child = subprocess.Popen(
        words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while len(list(work.glob("rows/*.wav"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    finished = len(list(work.glob("rows/output_*.json")))
    assert 3 <= finished < 12
    code, said = run(capsys, "batch", "rows.jsonl", *TONE)
    assert code == 0
    assert said["made"] + said["kept"] == 12
    assert said["kept"] >= finished - 1  # one may have been between its manifest and its sound
    assert not list(work.glob("rows/.tmp-*"))
