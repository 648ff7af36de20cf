"""Finished outputs bear the mark, where it is wanted, and say so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from audio.pcm import Pcm
from tasks.batches.booth import Booth
from tasks.batches.rows import read_row


class Lowest:
    """Marks by the lowest bit."""

    def embed(self, pcm: Pcm, rate: int) -> Pcm:
        return pcm | np.int16(1)

    def detect(self, pcm: Pcm, rate: int) -> float:
        return float(np.mean(pcm & 1))


def test_an_output_is_marked_whole(tmp_path: Path) -> None:
    row = read_row({"text": "Good morning.", "voice": "oak", "output_name": "a"})
    with Booth(tmp_path / "data", engine="tone", marker=Lowest()) as booth:
        made = booth.speak(row, tmp_path / "marked")
        plain = Booth(tmp_path / "data", engine="tone")
        other = plain.speak(row, tmp_path / "plain")
        plain.close()
    pcm, rate = soundfile.read(made.path, dtype="int16")
    assert Lowest().detect(pcm, rate) == 1.0
    assert json.loads(made.manifest.read_text("utf-8"))["watermark"] is True
    assert "watermark" not in json.loads(other.manifest.read_text("utf-8"))
    assert made.pcm_sha256 != other.pcm_sha256
