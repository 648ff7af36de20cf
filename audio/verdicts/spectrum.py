"""A take as a picture: the energy of 24 mel bands every 20 ms.

Loops, bursts of noise and hum are looked for in the same picture, which is made once.
"""

from __future__ import annotations

import functools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import Pcm

BANDS: Final = 24
COLUMN_S: Final = 0.02
LONGEST_S: Final = 30.0  # the picture of a longer take ends there
_AT_ONCE: Final = 64  # columns whose spectra stay in the processor's cache: half the time
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 7600.0

Picture = NDArray[np.float32]  # (columns, bands), dB above one step of 16 bits


def picture(pcm: Pcm, rate: int) -> Picture:
    """Log-mel energies (columns, 24), of the first 30 s; no column for less than 30 ms.

    Args:
        pcm: int16 (n,), mono.
        rate: Hz.
    """
    hop = round(COLUMN_S * rate)
    size = _window_size(rate)
    pcm = pcm[: round(LONGEST_S * rate)]
    if len(pcm) < size:
        return np.empty((0, BANDS), np.float32)
    edges, window = _bands(rate, size)
    frames = np.lib.stride_tricks.sliding_window_view(pcm.astype(np.float32), size)[::hop]
    sums = np.empty((len(frames), BANDS), np.float32)
    for at in range(0, len(frames), _AT_ONCE):
        spectrum = np.fft.rfft(frames[at : at + _AT_ONCE] * window, axis=1)[:, : edges[-1]]
        power = spectrum.real**2
        power += spectrum.imag**2
        np.add.reduceat(power, edges[:-1], axis=1, out=sums[at : at + _AT_ONCE])
    return np.asarray(10 * np.log10(sums + 1), np.float32)


@functools.lru_cache(maxsize=8)
def widths(rate: int) -> NDArray[np.float32]:
    """How many dB wider than one bin each band is: what white noise has in it."""
    edges, _ = _bands(rate, _window_size(rate))
    return np.asarray(10 * np.log10(np.diff(edges)), np.float32)


@functools.lru_cache(maxsize=8)
def _window_size(rate: int) -> int:
    """30 ms or a little less: an even number of samples without a prime factor above 5, for
    which a Fourier transform takes a third of the time (660 against 648 samples)."""
    size = 2 * (round(COLUMN_S * rate) * 3 // 4)
    while not _quick(size):
        size -= 2
    return size


def _quick(size: int) -> bool:
    for prime in (2, 3, 5):
        while size % prime == 0:
            size //= prime
    return size <= 1


@functools.lru_cache(maxsize=8)
def _bands(rate: int, size: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The first bin of each band and the one after the last, and a Hann window.

    Bands are equally wide on O'Shaughnessy's mel scale; none is narrower than a bin of 30 ms.
    """
    highest = min(_HIGHEST_HZ, 0.475 * rate)
    mels = np.linspace(_mel(_LOWEST_HZ), _mel(highest), BANDS + 1)
    hertz = 700 * (10 ** (mels / 2595) - 1)
    edges = np.rint(hertz * size / rate).astype(np.intp)
    for band in range(1, BANDS + 1):  # at low frequencies two edges may meet in one bin
        edges[band] = max(edges[band], edges[band - 1] + 1)
    return edges, np.hanning(size).astype(np.float32)


def _mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)
