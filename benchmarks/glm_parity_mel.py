"""The mel spectrogram against the published one, at 24 and 32 kHz, and its filter banks."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from benchmarks.parityrows import Row
from tts.glm.reference.mel import filter_bank, mel

STAGE = "mel"
TOLERANCE = 1e-4


def compare(folder: Path) -> list[Row]:
    """A row for the mel of each case in ``folder``/golden.json, and for each filter bank."""
    golden = load_file(folder / "golden.safetensors")
    rows = []
    for case in json.loads((folder / "golden.json").read_bytes())["cases"]:
        name, rate = case["name"], int(case["sr"])
        found = mel(golden[f"{name}.wav"].flatten(), rate)
        wanted = golden[f"{name}.mel"][0].T
        rows.append(Row(STAGE, name, "mel", gap(found, wanted), TOLERANCE, f"{rate} Hz"))
    for key in sorted(golden):
        if key.startswith("mel_basis_"):
            basis = golden[key]
            found = filter_bank(int(key.removeprefix("mel_basis_")), 2 * (basis.shape[1] - 1))
            rows.append(Row(STAGE, key, "filters", gap(found, basis), TOLERANCE))
    return rows


def gap(one: Tensor, other: Tensor) -> float:
    """The largest difference; infinite where the shapes differ."""
    return float((one - other).abs().max()) if one.shape == other.shape else float("inf")
