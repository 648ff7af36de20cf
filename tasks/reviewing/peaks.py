"""The outline of a take for a waveform: 2 kB, so that no browser decodes what is not heard."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from audio.pcm import Pcm, read_flac

COLUMNS = 300  # pairs of lowest and highest sample: a waveform of 1,200 px at 4 px a column
_TOP = 127


def peaks(pcm: Pcm, columns: int = COLUMNS) -> list[int]:
    """Lowest and highest of each of ``columns`` equal stretches, in turn, −127…127.

    Args:
        pcm: int16 (n,).

    A shorter take has as many stretches as samples; an empty one gives one silent pair.
    """
    if not len(pcm):
        return [0, 0]
    edges = np.linspace(0, len(pcm), min(columns, len(pcm)) + 1).astype(np.int64)[:-1]
    wide = pcm.astype(np.int32)
    low = np.minimum.reduceat(wide, edges)
    high = np.maximum.reduceat(wide, edges)
    pairs = np.stack([low, high], axis=1).reshape(-1)
    scaled: list[int] = np.rint(pairs * (_TOP / 32768)).astype(int).tolist()
    return scaled


def take_peaks(audio: Path) -> bytes:
    """``{"seconds": …, "peaks": […]}`` of a take's file as JSON.

    Raises:
        StorageError: the file is damaged.
    """
    pcm, rate = read_flac(audio)
    found = {"seconds": round(len(pcm) / rate, 3), "peaks": peaks(pcm)}
    return json.dumps(found, separators=(",", ":")).encode()
