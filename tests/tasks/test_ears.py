from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio.hearing.transcripts import Heard
from castbook.errors import MissingDependency, TransientFailure
from tasks.ears import models
from tasks.ears.listener import Listener
from tasks.ears.models import find_model

RECOGNISER = "scriptedears:Scripted"


@pytest.fixture(scope="module")
def path() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        yield


def take(order: int = 0) -> NDArray[np.float32]:
    """A second of audio; 1: die, 2: be slow."""
    return np.full(16000, order, np.float32)


@pytest.mark.usefixtures("path")
def test_a_recogniser_answers_dies_is_late_and_answers_again(tmp_path: Path) -> None:
    listener = Listener(tmp_path, recogniser=RECOGNISER)
    try:
        expected = Heard("en 16000", -0.25, 0.125, 1.5, 1.0)
        assert listener.hear(take(), "en-GB") == expected
        assert listener.hear(take(), "de") is None
        with pytest.raises(TransientFailure, match=r"died: .*Segmentation fault \(as ordered\)"):
            listener.hear(take(1), "en")
        assert listener.hear(take(), "zh-Hans") == Heard("zh 16000", -0.25, 0.125, 1.5, 1.0)
        listener.patience_s = -19.9  # 20 s come with a second of audio
        with pytest.raises(TransientFailure, match="no answer within 0 s"):
            listener.hear(take(2), "en")
    finally:
        listener.close()


@pytest.mark.usefixtures("path")
def test_a_model_that_does_not_load_is_named(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "broken", recogniser=RECOGNISER)
    with pytest.raises(MissingDependency, match=r"cannot load .*broken: RuntimeError: no weights"):
        listener.hear(take(), "en")
    listener.close()


def test_a_model_is_found_in_a_folder_and_in_the_hubs_cache(tmp_path: Path) -> None:
    assert find_model(str(tmp_path), {}) is None
    (tmp_path / "model.bin").touch()
    found = find_model(str(tmp_path), {})
    assert found is not None
    assert found.folder == tmp_path
    environ = {"HF_HUB_CACHE": str(tmp_path)}
    assert find_model("tiny", environ) is None
    stored = tmp_path / "models--Systran--faster-whisper-tiny"
    (stored / "refs").mkdir(parents=True)
    (stored / "refs" / "main").write_text("0123456789abcdef")
    assert find_model("tiny", environ) is None
    folder = stored / "snapshots" / "0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "model.bin").touch()
    assert find_model("tiny", environ) == models.Model("tiny", folder, "01234567")
    assert find_model("Systran/faster-whisper-tiny", environ) is not None


def test_what_is_missing_is_said_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(models, "installed", lambda: None)
    assert models.missing("small") == (
        "faster-whisper is not installed: pip install 'castbook[asr]'"
    )
    monkeypatch.setattr(models, "installed", lambda: "1.2.1")
    assert models.missing("small") == "the model small is not here: castbook get whisper"
    assert "give a folder, or use small" in str(models.missing("large"))
    (tmp_path / "model.bin").touch()
    assert models.missing(str(tmp_path)) is None
