"""``castbook get glm`` from a hub in this process, broken off and resumed, to a checkpoint that is
examined and has a fingerprint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fake_hub import running

from benchmarks.glm_checkpoint import write
from castbook.errors import MissingDependency
from tts import weights
from tts.glm import place
from tts.glm.checkpoint.validation import examine
from tts.glm.options import Options
from tts.weights import find_weights, get_weights, read_manifest

WORDS = "vq32k-phoneme-tokenizer/tokenizer.model"
SPEAKER = "frontend/campplus.onnx"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    manifest = read_manifest("glm")  # the shipped one, but for the digest of the vocabulary
    manifest = replace(manifest, files={**manifest.files, WORDS: None})
    monkeypatch.setattr(weights, "read_manifest", lambda engine: manifest)
    return write(tmp_path / "published")


def test_it_comes_in_two_runs_and_is_whole(environment: Path) -> None:
    published = {
        path.relative_to(environment).as_posix(): path.read_bytes()
        for path in environment.rglob("*")
        if path.is_file()
    }
    with running() as hub:
        hub.small = {"config.json", "config.yaml", "tokenizer_config.json"}
        hub.files = {f"zai-org/GLM-TTS/resolve/main/{n}": c for n, c in published.items()}
        speaker = hub.files.pop(f"zai-org/GLM-TTS/resolve/main/{SPEAKER}")
        hub.files["FunAudioLLM/CosyVoice-300M/resolve/main/campplus.onnx"] = speaker
        hub.cuts = [1 << 20] * 4 + [70_000] + [0] * 5  # in the middle of a shard
        with pytest.raises(MissingDependency, match="what has arrived is kept"):
            get_weights("glm", endpoint=hub.url, pause_s=0)
        assert find_weights("glm") is None
        assert place.missing(Options.read()) is not None
        hub.cuts = []
        folder = get_weights("glm", endpoint=hub.url, pause_s=0)
        resumed = [path for method, path, span in hub.asked if span == "bytes=70000-"]
        assert resumed
    assert {n: (folder / n).read_bytes() for n in published} == published
    assert examine(folder).layout.root == folder
    assert place.missing(Options.read()) is None
    own = Options.read({"checkpoint": str(environment)})
    assert place.current_fingerprint(Options.read()) == place.current_fingerprint(own)
    no_vocos = place.missing(Options.read({"rate": 32000}))
    assert no_vocos is not None
    assert "set rate: 24000" in no_vocos
