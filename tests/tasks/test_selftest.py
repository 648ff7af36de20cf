"""``castbook get``: the engine speaks once its weights are here, and says how it went."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.glm_checkpoint import write
from castbook.errors import MissingDependency, VoiceError
from flows.cli import main
from flows.printing import show_selftest
from tasks import selftest
from tasks.selftest import run_selftest


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tts.weights.get_weights", lambda engine, **_: tmp_path)


@pytest.mark.usefixtures("brought")
def test_it_speaks_and_its_word_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get", "tone"]) == 0
    told = capsys.readouterr().out
    assert told.index("weights are complete") < told.index("self-test of tone")
    assert told.count("en: ") == told.count("zh: ") == 4 and "audio-seconds per second" in told
    assert main(["get", "tone", "--no-selftest"]) == 0
    assert "self-test" not in capsys.readouterr().out
    assert main(["get", "whisper", "--json"]) == 0  # it listens, and does not speak
    assert capsys.readouterr().out == ""


def test_an_engine_that_clones_speaks_like_a_clip(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path))
    with pytest.raises(MissingDependency, match="castbook get glm"):
        run_selftest("glm")
    folder = write(tmp_path / "checkpoint")
    options = {"checkpoint": str(folder), "device": "cpu", "preset": "debug"}
    monkeypatch.setattr(selftest, "_TIMES", 1)
    found = run_selftest("glm", options=options)
    assert found.reference == "a sentence of espeak"
    assert [sentence.language for sentence in found.sentences] == ["zh", "en"]
    assert all(s.seconds > 0.5 and s.similarity is not None for s in found.sentences)
    assert found.audio_s == pytest.approx(sum(s.seconds for s in found.sentences))
    assert found.memory_mb > 100 and found.seconds > 0 and found.load_s > 0
    assert found.facts["state"] == "ready"
    show_selftest(found)  # random weights: whatever the verdict says, it is printed
    told = capsys.readouterr().out
    assert "likeness" in told and "peak memory" in told and "torch: " in told


def test_a_clip_that_cannot_be_used_is_refused_before_anything_is_loaded(
    tmp_path: Path,
) -> None:
    options = {"checkpoint": str(write(tmp_path / "checkpoint")), "device": "cpu"}
    tone = (3000 * np.sin(np.arange(4 * 16000) * 0.03)).astype(np.int16)
    soundfile.write(tmp_path / "clip.wav", tone, 16000)
    with pytest.raises(VoiceError, match="nobody speaks"):
        run_selftest("glm", tmp_path / "clip.wav", None, options)
