from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.glm_parity_mel import compare
from tts.glm.reference.mel import filter_bank, mel

GOLDEN = Path(__file__).parents[1] / "golden" / "mel"


def test_published_numbers() -> None:
    rows = compare(GOLDEN)
    assert {row.detail for row in rows} == {"24000 Hz", "32000 Hz"}
    assert max(row.error for row in rows) < 1e-5  # the bar is 1e-4


@pytest.mark.parametrize("rate", [24000, 32000])
@pytest.mark.parametrize("samples", [1921, 2401, 5119, 9600])
def test_fifty_frames_a_second(rate: int, samples: int) -> None:
    found = mel(torch.zeros(samples), rate)
    assert found.shape == (samples // (rate // 50), 80)
    assert torch.equal(found, torch.full_like(found, found[0, 0].item()))  # silence: the floor


def test_a_tone_lights_its_own_band() -> None:
    # independent of the Fourier transform: 1 kHz is 15 mel, the bands are 0.554 mel apart
    time = torch.arange(24000) / 24000
    bands = mel(torch.sin(2 * torch.pi * 1000 * time), 24000)
    assert set(bands[5:-5].argmax(dim=1).tolist()) <= {26, 27}


def test_filters_have_equal_areas() -> None:
    # narrow ones are sampled coarsely, so only the wide ones show it
    areas = filter_bank(24000, 1920).sum(dim=1) * 24000 / 1920
    assert (areas[30:] - 1).abs().max() < 0.02


def test_a_clip_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="720 samples are too few"):
        mel(torch.zeros(720), 24000)
