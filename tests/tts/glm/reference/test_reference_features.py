"""Features of a clip: the golden filter bank, the speaker model, and what is kept of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file

from benchmarks.glm_parity_campplus_fbank import compare
from castbook.errors import StorageError
from tts.glm.checkpoint.configs import VqConfig
from tts.glm.reference.fbank import fbank, speaker_features
from tts.glm.reference.features import (
    FeatureStore,
    ReferenceFeatures,
    ReferenceReader,
    as_wave,
    feature_key,
    resample,
)
from tts.glm.reference.speaker import SpeakerModel, similarity

GOLDEN = Path(__file__).parents[1] / "golden"
RATE = 22050


def speaker_net(path: Path, *, bins: int = 80, width: int = 192) -> Path:
    """A network of CAMPPlus's form: the mean and the mean square over time, then a matrix."""
    rng = np.random.default_rng(4)
    matrix = numpy_helper.from_array(
        rng.normal(size=(bins, width)).astype(np.float32), name="matrix"
    )
    nodes = [
        helper.make_node("Mul", ["input", "input"], ["squares"]),
        helper.make_node("ReduceMean", ["squares"], ["power"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["power", "matrix"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "speaker",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, "frames", bins])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, width])],
        [matrix],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


@pytest.fixture(scope="module")
def speaker_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return speaker_net(tmp_path_factory.mktemp("speaker") / "campplus.onnx")


@pytest.fixture(scope="module")
def reader(speaker_path: Path) -> ReferenceReader:
    folder = GOLDEN / "speech_tokenizer"
    config = VqConfig.from_json(json.loads((folder / "config.json").read_text()))
    weights = load_file(folder / "model.safetensors")
    return ReferenceReader(config, weights, SpeakerModel(speaker_path), rate=24000)


@pytest.fixture(scope="module")
def pcm() -> np.ndarray:
    rng = np.random.default_rng(8)
    times = np.arange(RATE) / RATE
    return (6000 * np.sin(times * 900) + rng.normal(0, 500, RATE)).astype(np.int16)


def test_the_golden_filter_bank() -> None:
    rows = compare(GOLDEN / "campplus_fbank")
    assert len(rows) == 2 and all(row.passed for row in rows), rows


def test_the_filter_bank_has_a_frame_every_10_ms() -> None:
    wave = torch.randn(1000, generator=torch.Generator().manual_seed(1))
    assert fbank(wave).shape == (1 + (1000 - 400) // 160, 80)
    assert torch.allclose(speaker_features(wave).mean(0), torch.zeros(80), atol=1e-5)


def test_embeddings_are_equal_every_time_and_like_themselves(speaker_path: Path) -> None:
    model = SpeakerModel(speaker_path)
    wave = torch.randn(16000, generator=torch.Generator().manual_seed(2)) * 0.1
    voice = model.embed(wave)
    assert voice.shape == (192,) and voice.dtype == torch.float32
    assert torch.equal(voice, SpeakerModel(speaker_path).embed(wave))
    assert similarity(voice, 3.0 * voice) == pytest.approx(1.0)
    assert similarity(voice, -voice) == pytest.approx(-1.0)
    assert similarity(voice, torch.zeros(192)) == 0.0
    assert model.embed(wave[:100]).shape == (192,)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be loaded"),
        (b"", "cannot be loaded"),
        (b"version https://git-lfs.github.com/spec/v1\n", "cannot be loaded"),
        ({"bins": 64}, "another network than CAMPPlus"),
        ({"width": 256}, "another network than CAMPPlus (it gives 256 numbers)"),
    ],
)
def test_a_wrong_speaker_model_is_one_clear_error(
    tmp_path: Path, content: bytes | dict[str, int] | None, says: str
) -> None:
    path = tmp_path / "campplus.onnx"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        speaker_net(path, **content)
    with pytest.raises(StorageError) as caught:
        SpeakerModel(path)
    assert says in str(caught.value) and str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_clip_becomes_tokens_mel_and_embedding(
    reader: ReferenceReader, pcm: np.ndarray, speaker_path: Path
) -> None:
    features = reader.features(pcm, RATE)
    assert len(features.speech_tokens) == 25  # one second
    assert features.mel.shape == (50, 80) and features.mel.dtype == torch.float32
    assert features.embedding.shape == (192,)
    torch.set_num_threads(2)
    try:
        again = reader.features(pcm.copy(), RATE)
    finally:
        torch.set_num_threads(1)
    assert again.speech_tokens == features.speech_tokens
    assert torch.equal(again.mel, features.mel)
    assert torch.equal(again.embedding, features.embedding)
    take = resample(as_wave(pcm), RATE, 16000)
    assert torch.equal(SpeakerModel(speaker_path).embed(take), features.embedding)


def test_stored_features_come_back_equal(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "references")
    rng = torch.Generator().manual_seed(3)
    features = ReferenceFeatures(
        (0, 32767, 5), torch.randn(6, 80, generator=rng), torch.randn(192, generator=rng)
    )
    assert store.get("ab") is None
    store.put("ab", features)
    (file,) = (tmp_path / "references").iterdir()
    before = file.read_bytes()
    found = store.get("ab")
    assert found is not None and found.speech_tokens == features.speech_tokens
    assert torch.equal(found.mel, features.mel)
    assert torch.equal(found.embedding, features.embedding)
    store.put("ab", features)
    assert file.read_bytes() == before


@pytest.mark.parametrize("size", [0, 7, 100, -4])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, size: int) -> None:
    store = FeatureStore(tmp_path)
    features = ReferenceFeatures((1, 2), torch.zeros(4, 80), torch.zeros(192))
    store.put("ab", features)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:size])
    assert store.get("ab") is None
    store.put("ab", features)
    assert store.get("ab") is not None


def test_keys_are_of_content(pcm: np.ndarray) -> None:
    key = feature_key(pcm, RATE, 24000, "f")
    assert key == feature_key(pcm.copy(), RATE, 24000, "f") and len(key) == 64
    others = {
        feature_key(pcm[:-1], RATE, 24000, "f"),
        feature_key(pcm, 24000, 24000, "f"),
        feature_key(pcm, RATE, 32000, "f"),
        feature_key(pcm, RATE, 24000, "g"),
    }
    assert len(others) == 4 and key not in others
