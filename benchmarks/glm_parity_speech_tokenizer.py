"""Speech tokens against the published encoder's: features, states before quantising, ids.

Rows of a batch are read one by one, as the engine reads clips: that they still agree shows
that batching changes nothing. Waveforms are padded as their batch was. Read without the
others a clip has less silence behind it, which can change its last token: how many do is
told beside the row, and is no error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import pad

from benchmarks.parityrows import Row
from tts.glm.checkpoint.configs import VqConfig
from tts.glm.reference.quantizer import SpeechTokenizer
from tts.glm.reference.whisper import HOP, log_mel

STAGE = "speech_tokenizer"
TOLERANCE = 1e-4  # of features and states


def compare(folder: Path) -> list[Row]:
    """One row for each quantity of each case in ``folder``/golden.json."""
    config = VqConfig.from_json(json.loads((folder / "config.json").read_bytes()))
    weights: dict[str, Tensor] = {}
    for shard in sorted(folder.glob("model*.safetensors")):
        weights |= load_file(shard)
    tokenizer = SpeechTokenizer(config, weights, device="cpu")
    golden = load_file(folder / "golden.safetensors")
    cases = json.loads((folder / "golden.json").read_bytes())
    rows: list[Row] = []
    for case in cases["features"]:
        rows += _states(case, golden, tokenizer)
    for case in cases["waveforms"]:
        rows += _states(case, golden, tokenizer)
        rows += _waves(case, golden, tokenizer)
    return rows


def _states(
    case: dict[str, object], golden: dict[str, Tensor], tokenizer: SpeechTokenizer
) -> Iterator[Row]:
    name = str(case["name"])
    features, masks = golden[f"{name}.input_features"], golden[f"{name}.attention_mask"]
    error, different = 0.0, 0
    for index, (row, mask) in enumerate(zip(features, masks, strict=True)):
        hidden = tokenizer.hidden(row, int(mask.sum()))
        error = max(error, _gap(hidden, golden[f"{name}.pre_quant_hidden"][index]))
        different += int((tokenizer.ids(hidden) != golden[f"{name}.token_ids"][index]).sum())
    margin = f"least margin of a distance {case['min_distance_margin']:.3g}"
    yield Row(STAGE, name, "states before quantising", error, TOLERANCE)
    yield Row(STAGE, name, "ids", different, 0, margin)


def _waves(
    case: dict[str, object], golden: dict[str, Tensor], tokenizer: SpeechTokenizer
) -> Iterator[Row]:
    name = str(case["name"])
    features = golden[f"{name}.input_features"]
    longest = features.shape[-1] * HOP
    error, different, alone = 0.0, 0, 0
    for index, stored in enumerate(features):
        wave = golden[f"{name}.audio{index}"]
        padded = pad(wave, (0, longest - len(wave)))
        error = max(error, _gap(log_mel(padded, len(stored)), stored))
        wanted = golden[f"{name}.tokens{index}"].tolist()
        different += _mismatches(wanted, tokenizer.window(wave, longest))
        alone += _mismatches(wanted, list(tokenizer.tokens(wave)))
    yield Row(STAGE, name, "log-mel features", error, TOLERANCE)
    told = f"{alone} differ without the silence of the batch"
    yield Row(STAGE, name, "tokens", different, 0, told)


def _mismatches(wanted: list[int], found: list[int]) -> int:
    differing = sum(a != b for a, b in zip(wanted, found, strict=False))
    return differing + abs(len(wanted) - len(found))


def _gap(one: Tensor, other: Tensor) -> float:
    """The largest difference; infinite where the shapes differ."""
    return float((one - other).abs().max()) if one.shape == other.shape else float("inf")
