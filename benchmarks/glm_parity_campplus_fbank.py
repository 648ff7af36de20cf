"""The speaker model's input against the published one: filter bank, and its mean removed."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from benchmarks.parityrows import Row
from tts.glm.reference.fbank import fbank, speaker_features

STAGE = "campplus_fbank"
TOLERANCE = 1e-4


def compare(folder: Path) -> list[Row]:
    """One row for each quantity of each case in ``folder``/golden.json."""
    golden = load_file(folder / "golden.safetensors")
    rows = []
    for case in json.loads((folder / "golden.json").read_bytes())["cases"]:
        name = case["name"]
        wave = golden[f"{name}.wav16k"].flatten()
        for quantity, found in (("fbank", fbank(wave)), ("fbank_cmn", speaker_features(wave))):
            wanted = golden[f"{name}.{quantity}"]
            rows.append(Row(STAGE, name, quantity, _gap(found, wanted), TOLERANCE))
    return rows


def _gap(one: Tensor, other: Tensor) -> float:
    """The largest difference; infinite where the shapes differ."""
    return float((one - other).abs().max()) if one.shape == other.shape else float("inf")
