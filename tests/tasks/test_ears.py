from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from audio.hearing.transcripts import Heard
from book.project import Book, Hearing, Project
from book.projectfile import load_project
from castbook.errors import MissingDependency, TransientFailure
from tasks.diagnosis import examine
from tasks.ears import models
from tasks.ears.listener import Listener
from tasks.ears.machine import open_ear, unknowable
from tasks.ears.models import find_model
from tts.weights import read_manifest

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


def test_the_model_that_get_brings_is_pinned_whole() -> None:
    manifest = read_manifest("whisper")
    assert set(manifest.files) == {"config.json", "model.bin", "tokenizer.json", "vocabulary.txt"}
    assert all(pin is not None and len(pin.sha256) == 64 for pin in manifest.files.values())
    assert len(manifest.revision) == 40
    assert manifest.extra == "asr"
    assert Book.model_fields["hearing"].default == "auto"
    assert Hearing().model == models.default_model()


def test_doctor_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(models, "installed", lambda: "1.2.1")
    assert examine()["hearing"] == "off: the model small is not here: castbook get whisper"


def project(folder: Path, **changes: Any) -> Project:
    (folder / "story.md").write_text("# One\n\nA story.\n", "utf-8")
    entries = "version: 1\nentries: [{word: Cirencester, say: sisster}]"
    (folder / "lexicon.yaml").write_text(entries, "utf-8")
    written = {
        "version": 1,
        "title": "T",
        "author": "A",
        "language": "en",
        "manuscript": "story.md",
        "engine": "tone",
        "narrator": "calm",
        "voices": {"calm": {"preset": "oak"}},
        "cast": {"m": {"voice": "calm", "aliases": ["The Duke of Mapleton", "王小明"]}},
        "lexicon": "lexicon.yaml",
        **changes,
    }
    (folder / "project.yaml").write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")
    return load_project(folder)


def test_an_ear_opens_only_where_everything_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(models, "installed", lambda: "1.2.1")
    (tmp_path / "tiny").mkdir()
    with caplog.at_level("WARNING", "castbook.hearing"):
        assert open_ear(project(tmp_path)) is None  # auto: nothing to say
        assert open_ear(project(tmp_path, hearing="off")) is None
        assert not caplog.records
        chosen = {"model": str(tmp_path / "tiny"), "every": 5}
        assert open_ear(project(tmp_path, hearing=chosen)) is None
        assert "is not here: give a folder" in caplog.text
    (tmp_path / "tiny" / "model.bin").touch()
    ear = open_ear(project(tmp_path, hearing=chosen))
    assert ear is not None
    assert ear.identity.startswith("faster-whisper 1.2.1, tiny, policy ")
    ear.close()
    monkeypatch.setattr(models, "installed", lambda: None)
    assert open_ear(project(tmp_path, hearing=chosen)) is None


def test_names_that_no_recogniser_knows(tmp_path: Path) -> None:
    assert unknowable(project(tmp_path)) == {
        "duke", "mapleton", "thedukeofmapleton", "cirencester", "sisster", "王", "小", "明",
    }  # fmt: skip
