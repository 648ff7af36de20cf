"""Mains hum: a comb of steady lines at multiples of 50 or 60 Hz.

A voice that never stops sounding, breathy or with an echo, leaves no gap in which hum is heard
(``noises.py``). But its lines stay where they are while the voice's move: what is lowest over
the whole take shows them between their neighbours.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import Pcm
from audio.verdicts.findings import Finding, finding

if TYPE_CHECKING:  # they are learnt with what is here
    from audio.verdicts.habits import Habits

_SAMPLES_HZ: Final = 1000  # and less than twice that: enough for the fifth line
_WINDOW_S: Final = 0.4  # 2.5 Hz wide
_FEWEST: Final = 4  # windows, half over each other: a second
_BINS: Final = 1024
_LINES: Final = 5
_SHOWN: Final = 3  # lines of the comb must stand out: a voice at 100 Hz shows two
_LOWEST: Final = 0.05  # share of windows that are quieter than what is called lowest
# Over what lies between the lines: espeak's clean takes at most 6.0 dB (1,260 of nine voices),
# of mains hum 20-35 dB below the speech 79 % above. The calibration takes must not hum.
_STANDS_OUT_DB: Final = 6.5
_MORE_THAN_OWN_DB: Final = 5.0
_SHORT_S: Final = 3.0  # one breath of voice in even pitch looks steady: more is asked for
_MORE_IN_SHORT_DB: Final = 5.0


def mains_findings(pcm: Pcm, rate: int, habits: Habits | None) -> list[Finding]:
    """Hum, if the voice does not always hum."""
    if habits is None:
        return []
    comb = mains(pcm, rate)
    least = max(_STANDS_OUT_DB, habits.mains_db + _MORE_THAN_OWN_DB)
    if comb <= least + _MORE_IN_SHORT_DB * (len(pcm) < _SHORT_S * rate):
        return []
    return [finding("hum", "mains hum under all of it", comb / 100)]


def mains(pcm: Pcm, rate: int) -> float:
    """How far three lines of mains hum stand out, in dB; 0 for less than a second."""
    step = max(1, rate // _SAMPLES_HZ)
    whole = pcm[: len(pcm) // step * step].astype(np.float32)
    slow = whole.reshape(-1, step) @ np.full(step, 1 / step, np.float32)  # a fifth of mean()'s time
    size = round(_WINDOW_S * rate / step)
    if len(slow) < size * (_FEWEST + 1) // 2:
        return 0.0
    frames = np.lib.stride_tricks.sliding_window_view(slow, size)[:: size // 2]
    spectrum = np.fft.rfft(frames * _window(size), _BINS, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    rank = int(_LOWEST * (len(power) - 1))
    lowest = 10 * np.log10(np.partition(power, rank, axis=0)[rank] + 1)
    lines, below, above = (lowest[places].max(axis=-1) for places in _comb(rate / step))
    shown = np.sort(lines - np.maximum(below, above), axis=1)[:, -_SHOWN]
    return max(0.0, float(shown.max()))


@functools.lru_cache(maxsize=8)
def _window(size: int) -> NDArray[np.float32]:
    return np.hanning(size).astype(np.float32)


@functools.lru_cache(maxsize=8)
def _comb(rate: float) -> NDArray[np.intp]:
    """Bins of the lines, and half a line below and above: (3, 2, 5, 3), for 50 and 60 Hz."""
    base = np.array([50.0, 60.0])[:, None]
    lines = base * np.arange(1, _LINES + 1)
    places = np.stack((lines, lines - base / 2, lines + base / 2)) * _BINS / rate
    return np.asarray(np.rint(places)[..., None] + np.array([-1, 0, 1]), np.intp)
