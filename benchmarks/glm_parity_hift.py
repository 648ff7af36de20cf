"""The vocoder against the published one: pitch, excitation and sound.

Three ways for the randomness: none, drawn from a seeded generator as upstream draws it, and the
stored numbers handed in. ``batched`` and ``filled up`` are the ways of the engine: pitch in windows
of a fixed shape, and all cases as rows of one batch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from benchmarks.parityrows import Row
from tts.glm.checkpoint.configs import HiftConfig
from tts.glm.checkpoint.pickles import read_pickle
from tts.glm.vocoder.hift import Hift, edged_source
from tts.glm.vocoder.network import EDGE
from tts.glm.vocoder.source import HARMONICS, HOP, published_draws

STAGE = "hift"
PITCH_HZ = 5e-4
SOUND = 1e-3
DRAWS = 1e-6
WEIGHTS = "hift_state_dict.safetensors"


def compare(folder: Path) -> list[Row]:
    """Rows for each case in ``folder``/golden.json."""
    weights = load_weights(folder)
    config = HiftConfig.from_shapes({name: tuple(t.shape) for name, t in weights.items()})
    hift = Hift(config, weights, device="cpu")
    golden = load_file(folder / "golden.safetensors")
    cases = json.loads((folder / "golden.json").read_bytes())["cases"]
    rows = [row for case in cases for row in _case(hift, case, golden)]
    return rows + _together(hift, [case["name"] for case in cases], golden)


def load_weights(folder: Path) -> dict[str, Tensor]:
    """The tensors of ``hift.pt``, or of the safetensors beside it where that is all there is."""
    stored = folder / "hift.pt"
    return read_pickle(stored) if stored.exists() else load_file(folder / WEIGHTS)


def _case(hift: Hift, case: Mapping[str, Any], golden: Mapping[str, Tensor]) -> list[Row]:
    name, frames = str(case["name"]), int(case["frames"])
    mel = golden[f"{name}.mel"][0].T
    phases, drawn = published_draws(frames, torch.Generator().manual_seed(int(case["seed"])))
    found = {
        ("f0, batched", PITCH_HZ): (hift.pitches([mel])[0], golden[f"{name}.f0"][0]),
        ("phase draws", DRAWS): (phases, golden[f"{name}.phase_init_uniform"]),
    }
    noises = {"zero": (torch.zeros_like(drawn), "_zero_noise"), "seeded": (drawn, "")}
    if f"{name}.sine_noise_randn" in golden:
        stored = golden[f"{name}.sine_noise_randn"][0]
        found["noise draws", DRAWS] = (drawn, stored)
        noises["stored"] = (stored, "")
    for kind, (noise, ending) in noises.items():
        pitch, source, sound = hift.speak(mel, noise)
        found["f0", PITCH_HZ] = (pitch, golden[f"{name}.f0"][0])
        wanted = golden[f"{name}.source{ending}"].flatten()
        found[f"source, {kind} noise", SOUND] = (source, wanted)
        found[f"sound, {kind} noise", SOUND] = (sound, golden[f"{name}.wav{ending}"][0])
    detail = f"{frames} frames"
    return [
        Row(STAGE, name, quantity, gap(one, other), limit, detail)
        for (quantity, limit), (one, other) in found.items()
    ]


def _together(hift: Hift, names: list[str], golden: Mapping[str, Tensor]) -> list[Row]:
    """The sound without noise, all cases as rows of one batch."""
    mels = [golden[f"{name}.mel"][0].T for name in names]
    sources = [
        hift.network.mixer.mixed(pitch, torch.zeros(len(pitch) * HOP, HARMONICS))
        for pitch in hift.pitches(mels)
    ]
    length = max(len(mel) for mel in mels) + 3
    mel = torch.zeros(len(mels), 80, length)
    excitation = torch.zeros(len(mels), HOP * length + 2 * EDGE)
    for row, (one, source) in enumerate(zip(mels, sources, strict=True)):
        mel[row, :, : len(one)] = one.T
        edged = edged_source(source)
        excitation[row, : len(edged)] = edged
    found = hift.network.samples(mel, excitation, [len(one) for one in mels])
    return [
        Row(
            STAGE,
            name,
            "sound, zero noise, filled up",
            gap(found[row, : HOP * len(one)], golden[f"{name}.wav_zero_noise"][0]),
            SOUND,
            f"{len(one)} of {length} frames",
        )
        for row, (name, one) in enumerate(zip(names, mels, strict=True))
    ]


def gap(one: Tensor, other: Tensor) -> float:
    """The largest difference; infinite where the shapes differ."""
    return float((one - other).abs().max()) if one.shape == other.shape else float("inf")
