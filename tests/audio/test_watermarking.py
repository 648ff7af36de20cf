"""Marks: the port with a scripted marker, and the loud failure of the real one."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import pytest

from audio.pcm import Pcm
from audio.watermarking import Perth, marked, open_watermarker, verify
from castbook.errors import MissingDependency

RATE = 24000


class Scripted:
    """Marks by the lowest bit."""

    def __init__(self) -> None:
        self.blocks: list[int] = []

    def embed(self, pcm: Pcm, rate: int) -> Pcm:
        self.blocks.append(len(pcm))
        return pcm | np.int16(1)

    def detect(self, pcm: Pcm, rate: int) -> float:
        return float(np.mean(pcm & 1))


def sound(seconds: float) -> Pcm:
    return (np.arange(round(seconds * RATE)) % 2000 * 2).astype(np.int16)


def test_a_stream_is_marked_in_blocks_and_nothing_is_lost() -> None:
    marker, whole = Scripted(), sound(3.3)
    chunks = [whole[i : i + 5000] for i in range(0, len(whole), 5000)]
    found = list(marked(chunks, RATE, marker, 1.0))
    assert np.array_equal(np.concatenate(found), whole | 1)
    assert min(marker.blocks[:-1]) >= RATE and len(found) == len(marker.blocks)
    assert verify(marker, np.concatenate(found), RATE) and not verify(marker, whole, RATE)
    assert list(marked([], RATE, marker, 1.0)) == []


def fake_perth(marker: object) -> types.ModuleType:
    module: Any = types.ModuleType("perth")
    module.PerthImplicitWatermarker = marker
    return module


@pytest.mark.parametrize("module", [None, fake_perth(None), types.ModuleType("perth")])
def test_without_the_package_or_its_network_it_fails_loudly(
    monkeypatch: pytest.MonkeyPatch, module: types.ModuleType | None
) -> None:
    monkeypatch.setitem(sys.modules, "perth", module)
    with pytest.raises(MissingDependency, match=r"pip install 'castbook\[watermark\]'"):
        open_watermarker()


class Net:
    """perth's form of the same thing."""

    found = 1.0

    def apply_watermark(self, wav: np.ndarray, sample_rate: int) -> np.ndarray:
        assert wav.dtype == np.float32 and len(wav) >= sample_rate / 2
        return wav[: len(wav) - 3] * np.float32(0.5)  # a network may lose a few samples

    def get_watermark(self, wav: np.ndarray, sample_rate: int) -> np.ndarray:
        return np.full(32, self.found)


def test_perths_marks_keep_the_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "perth", fake_perth(Net))
    marker = open_watermarker()
    for seconds in (0.0, 0.1, 2.0):
        assert len(marker.embed(sound(seconds), RATE)) == len(sound(seconds))
    assert marker.detect(sound(0.1), RATE) == 1.0


def test_a_marker_that_does_not_find_its_own_mark_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    net = type("Deaf", (Net,), {"found": 0.0})
    monkeypatch.setitem(sys.modules, "perth", fake_perth(net))
    assert Perth().detect(sound(1.0), RATE) == 0.0
    with pytest.raises(MissingDependency, match="does not find its own mark"):
        open_watermarker()
