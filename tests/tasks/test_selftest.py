"""``castbook get``: the engine speaks in a process of its own once its weights are here."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.cli import main
from tasks import selftest
from tts.tone import ToneEngine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The tone engine with weights and a self-test; the module's file, to be filled."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(ToneEngine, "selftest", "spoken_here")
    monkeypatch.setattr("tts.weights.get_weights", lambda engine, **_: tmp_path)
    return tmp_path / "spoken_here.py"


def test_it_speaks_and_its_word_counts(
    engine: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.write_text("print('two sentences, 3.1 audio-seconds per second')\n")
    assert main(["get", "tone"]) == 0
    told = capfd.readouterr().out
    assert told.index("weights are complete") < told.index("two sentences")
    engine.write_text("raise SystemExit('no sound came')\n")
    assert main(["get", "tone"]) == 1
    assert "no sound came" in capfd.readouterr().err
    assert main(["get", "tone", "--no-selftest"]) == 0
    engine.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(selftest, "_PATIENCE_S", 0.2)
    assert main(["get", "tone"]) == 1
    assert "had no end" in capfd.readouterr().err


def test_what_has_none_is_just_brought(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tts.weights.get_weights", lambda engine, **_: tmp_path)
    assert main(["get", "whisper"]) == 0
    assert main(["get", "espeak"]) == 0
