"""Takes that the tests of editing, stitching and judging are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from audio.joins.stitch import Piece
from audio.pcm import Pcm, pcm_sha256, write_flac

RATE = 24000


def babble(seconds: float, rate: int = RATE, *, seed: int = 0, level: float = 0.2) -> Pcm:
    """Syllables of changing pitch and colour with soft edges: never the same second twice."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * rate))
    at = 0
    while at < sound.size:
        count = min(sound.size - at, round(rng.uniform(0.1, 0.22) * rate))
        time = np.arange(count) / rate
        pitch, formant = rng.uniform(90, 220), rng.uniform(300, 3000)
        # 19 harmonics, each from two below: sin(kx) is 2 cos(x) sin((k - 1)x) - sin((k - 2)x)
        angle = 2 * np.pi * pitch * time
        twice, below, tone = 2 * np.cos(angle), np.zeros(count), np.sin(angle)
        voice = np.zeros(count)
        for k in range(1, 20):
            voice += tone / (1 + ((pitch * k - formant) / 400) ** 2)
            below, tone = tone, twice * tone - below
        sound[at : at + count] = voice * np.hanning(count)
        at += count + round(rng.uniform(0.01, 0.06) * rate)
    return np.rint(sound / np.abs(sound).max() * level * 32767).astype(np.int16)


def silence(seconds: float, rate: int = RATE) -> Pcm:
    return np.zeros(round(seconds * rate), np.int16)


def with_edges(pcm: Pcm, rate: int = RATE, seconds: float = 0.2) -> Pcm:
    """``pcm`` between two silences."""
    return np.concatenate((silence(seconds, rate), pcm, silence(seconds, rate)))


def piece(
    folder: Path,
    pcm: Pcm,
    rate: int = RATE,
    *,
    gain_db: float = 0.0,
    pause_ms: int = 350,
    anchor: str = "0123456789",
    text: str = "A text.",
    words: tuple[tuple[int, int, int], ...] = (),
) -> Piece:
    """A take on disk and its place in a chapter."""
    digest = pcm_sha256(pcm)
    path = folder / f"{digest[:16]}-{rate}.flac"
    if not path.exists():
        write_flac(path, pcm, rate)
    return Piece(path, digest, gain_db, pause_ms, anchor, "Anna", text, "speech", words)
