"""``castbook check`` as a person and a script meet it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from mastering_sounds import speech

from audio import ffmpeg
from audio.measuring.check import REMINDER
from flows.cli import main

MP3 = ("-c:a", "libmp3lame", "-b:a", "192k", "-compression_level", "9")


def encoded(path: Path, *options: str, level_db: float = -20.6) -> Path:
    samples = speech(6, level_db=level_db).tobytes()
    arguments = ["-f", "s16le", "-ar", "44100", "-ac", "1", "-i", "pipe:0", *options]
    ffmpeg.run([*arguments, "-y", ffmpeg.url(path)], timeout_s=60, stdin=samples)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chapters of which the third is too quiet."""
    folder = tmp_path_factory.mktemp("check") / "mp3"
    folder.mkdir()
    encoded(folder / "1 - One.mp3", *MP3)
    shutil.copy(folder / "1 - One.mp3", folder / "2 - Two.mp3")
    encoded(folder / "10 - Ten.mp3", *MP3, level_db=-26)
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str]]:
    code = main(["check", *map(str, arguments)])
    return code, capsys.readouterr().out.splitlines()


def test_one_file_in_full(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(capsys, folder / "1 - One.mp3")
    assert code == 0
    assert lines[0] == str(folder / "1 - One.mp3")
    assert any(line.startswith("ok    rms") and line.endswith("-23 to -18 dB") for line in lines)
    assert lines[-2:] == ["passes the profile acx", REMINDER]
    assert max(map(len, lines[1:-1])) <= 80
    code, lines = said(capsys, folder / "1 - One.mp3", "--profile", "draft")
    assert (code, lines[-1]) == (0, "passes the profile draft")  # no shop, no reminder


def test_a_failing_file_says_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(capsys, folder / "10 - Ten.mp3")
    assert code == 1
    place = next(n for n, line in enumerate(lines) if line.startswith("FAIL"))
    assert lines[place].split()[1] == "rms"
    assert lines[place + 1] == "      make it at least 3.3 dB louder, then encode again"
    assert [line for line in lines if line.startswith("FAIL")] == [lines[place]]
    assert lines[-2] == "fails the profile acx"


def test_a_folder_is_a_table(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code = main(["check", "mp3"])
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert code == 1
    assert err.startswith("measuring 1 - One.mp3\r\x1b[K")
    assert lines[0] == "in mp3"
    rows = [line for line in lines if line.endswith(".mp3")]
    assert [row.split()[0] for row in rows] == ["ok", "ok", "FAIL"]
    assert [row.split("  ")[-1] for row in rows] == ["1 - One.mp3", "2 - Two.mp3", "10 - Ten.mp3"]
    assert lines[-2:] == ["2 of 3 files pass the profile acx, 1 does not", REMINDER]
    assert max(map(len, lines[:-1])) <= 80


def test_what_cannot_be_read_is_named_and_the_rest_is_checked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("this is no sound\n" * 50)
    good = folder / "1 - One.mp3"
    code, lines = said(capsys, text, good)
    assert code == 2
    assert "1 of 2 files pass the profile acx, 1 does not" in lines
    assert main(["check", str(text), str(good), "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] is False
    assert [file["path"] for file in found["files"]] == [str(good)]
    assert found["unreadable"][0]["path"] == str(text)
    assert "there is no sound in this file" in found["unreadable"][0]["error"]
    assert main(["check", str(text)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_files_that_do_not_go_together(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = encoded(tmp_path / "stereo.mp3", "-ac", "2", *MP3, level_db=-17.6)
    code, lines = said(capsys, folder / "1 - One.mp3", other)
    assert code == 1
    assert "2 of 2 files pass the profile acx" in lines
    place = lines.index("FAIL  all files together")
    assert lines[place + 1].startswith("      one channel layout: mono and stereo, wanted one")


def test_a_file_of_a_project_is_mended_there(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "my book" / "build" / "out"
    out.mkdir(parents=True)
    shutil.copy(folder / "10 - Ten.mp3", out)
    (tmp_path / "my book" / "project.yaml").touch()
    monkeypatch.chdir(tmp_path)
    _, lines = said(capsys, out / "10 - Ten.mp3")
    advice = " ".join(line.strip() for line in lines if line.startswith("      "))
    assert "with profile: acx in project.yaml, run castbook make 'my book'" in advice
    (tmp_path / "my book" / "project.yaml").unlink()
    _, lines = said(capsys, out / "10 - Ten.mp3")
    assert "castbook" not in "".join(lines[1:])
