"""Speech tokens: the golden numbers, and that a clip's depend on nothing but the clip."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from benchmarks.glm_parity_speech_tokenizer import compare
from tts.glm.checkpoint.configs import VqConfig
from tts.glm.reference.quantizer import SpeechTokenizer, visibility
from tts.glm.reference.whisper import log_mel

GOLDEN = Path(__file__).parents[1] / "golden" / "speech_tokenizer"


@pytest.fixture(scope="module")
def tokenizer() -> SpeechTokenizer:
    config = VqConfig.from_json(json.loads((GOLDEN / "config.json").read_text()))
    return SpeechTokenizer(config, load_file(GOLDEN / "model.safetensors"), device="cpu")


@pytest.fixture(scope="module")
def golden() -> dict[str, torch.Tensor]:
    return load_file(GOLDEN / "golden.safetensors")


def test_the_golden_numbers() -> None:
    rows = compare(GOLDEN)
    assert len(rows) == 2
    assert all(row.passed for row in rows), rows


def test_features_and_tokens_of_a_sound(
    tokenizer: SpeechTokenizer, golden: dict[str, torch.Tensor]
) -> None:
    wave = golden["wave"]
    padded = torch.nn.functional.pad(wave, (0, 52 * 160 - len(wave)))
    assert torch.allclose(log_mel(padded), golden["wave_features"], atol=1e-4)
    assert list(tokenizer.tokens(wave)) == golden["wave_tokens"].tolist()


def test_windows_are_read_one_by_one(tokenizer: SpeechTokenizer) -> None:
    """Two windows and a little: the tokens of each, behind one another, one per 40 ms begun."""
    window = tokenizer.window_samples
    wave = torch.sin(torch.arange(2 * window + 641) * 0.05) * 0.3
    whole = tokenizer.tokens(wave)
    assert len(whole) == 2 * window // 640 + 2
    assert whole[: window // 640] == tokenizer.tokens(wave[:window])
    assert list(whole[-2:]) == tokenizer.window(wave[2 * window :], window)


@pytest.mark.parametrize("samples", [1, 159, 640, 641, 8000])
def test_as_many_tokens_as_begun_40_ms(tokenizer: SpeechTokenizer, samples: int) -> None:
    found = tokenizer.tokens(torch.full((samples,), 0.1))
    assert len(found) == -(-samples // 640)
    assert all(0 <= token < tokenizer.config.codebook for token in found)


def test_what_pads_is_seen_by_nobody(tokenizer: SpeechTokenizer) -> None:
    """Frames two convolutions behind the last sound may hold anything."""
    features = torch.randn(128, 120, generator=torch.Generator().manual_seed(5))
    other = features.clone()
    other[:, 84:] = 9.0
    first, second = tokenizer.hidden(features, 80), tokenizer.hidden(other, 80)
    assert torch.equal(first[:20], second[:20])
    assert not torch.equal(first, second)


def test_blocks_see_what_was_before_and_themselves() -> None:
    seen = visibility(6, 5, 2)
    assert seen.int().tolist() == [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 1, 0],
        [1, 1, 1, 1, 1, 0],
    ]
    assert visibility(3, 2, None).int().tolist() == [[1, 1, 0]] * 3


def test_the_first_of_equal_entries_is_taken(tokenizer: SpeechTokenizer) -> None:
    entry = load_file(GOLDEN / "model.safetensors")["model.encoder.codebook.weight"]
    doubled = dict(load_file(GOLDEN / "model.safetensors"))
    doubled["model.encoder.codebook.weight"] = torch.cat((entry[:128], entry[:128]))
    twice = SpeechTokenizer(tokenizer.config, doubled, device="cpu")
    assert twice.ids(entry[:128]).tolist() == list(range(128))
