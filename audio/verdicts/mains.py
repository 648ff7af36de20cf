"""Mains hum: steady lines at multiples of 50 or 60 Hz.

A voice that never stops sounding, breathy or with an echo, leaves no gap in which hum is heard
(``noises.py``). But hum keeps its phase from the first sample to the last, and a voice does not.
So the phase of each line is read in many short windows, turned back to the take's beginning, and
the directions are added up, each for as much as any other, however loud its window is: the few
windows in which the voice is weak there all point the same way, the others every way.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import Pcm
from audio.verdicts.findings import Finding, finding

if TYPE_CHECKING:  # they are learnt with what is here
    from audio.verdicts.habits import Habits

_SAMPLES_HZ: Final = 1000  # and less than twice that: enough for the fifth line
_SHORTEST_S: Final = 0.6
_LONGEST_S: Final = 20.0  # as much shows every line
# Found of 927 takes with mains hum above all but 3 of 5,470 clean ones: windows of 128 ms 93 %,
# of 96 ms 96 %, of 64 ms 98 % (short ones fit into the voice's closures); 76 % by the height of
# the lines in one transform of the whole take (2026-11-21).
_WINDOW_S: Final = 0.064
_STEPS: Final = 2  # in a window
_SOFTEST: Final = 0.25  # steps of 16 bits, of one line; what is softer counts for less
_HERTZ: Final = (np.array([[50.0], [60.0]]) * np.arange(1, 6)).ravel()  # five lines of each
_MOST_DB: Final = 13.0  # of one line: two alone are not enough
# Of the five lines on average. espeak's clean takes: at most 6.8, four above 6.5, all of voices
# with a comb of echoes; in less than two seconds at most 5.0. The tone engine's voices keep their
# pitch: up to 11, and their calibration takes as much for their length.
_STANDS_OUT_DB: Final = 8.0
_STANDS_OUT_IN_SHORT_DB: Final = 5.5
_SHORT_S: Final = 2.0
_MORE_THAN_OWN_DB: Final = 2.0
# Rows multiplied at a time: small enough that a BLAS starts no threads (echoes.py).
_ROWS: Final = 128


def mains_findings(pcm: Pcm, rate: int, habits: Habits | None) -> list[Finding]:
    """Hum, if the voice does not always hum."""
    if habits is None:
        return []
    comb = mains(pcm, rate)
    least = _STANDS_OUT_IN_SHORT_DB if len(pcm) < _SHORT_S * rate else _STANDS_OUT_DB
    own = habits.mains_db + _of_length(pcm, rate)
    if comb <= max(least, own + _MORE_THAN_OWN_DB):
        return []
    return [finding("hum", "mains hum under all of it", comb / 100)]


def usual(pcm: Pcm, rate: int) -> float:
    """``mains`` of a take that does not hum, in dB for one second: what little is steady in a
    voice (the tone engine's keep their pitch) gathers with the length of the take."""
    return mains(pcm, rate) - _of_length(pcm, rate)


def _of_length(pcm: Pcm, rate: int) -> float:
    return 10 * math.log10(max(_SHORTEST_S, min(_LONGEST_S, len(pcm) / rate)))


def mains(pcm: Pcm, rate: int) -> float:
    """How steady the lines of mains hum are on average, in dB: 0 by chance, at most 13.

    0 for less than 0.6 s.
    """
    step = max(1, rate // _SAMPLES_HZ)
    count = min(len(pcm), round(_LONGEST_S * rate)) // step
    if count < _SHORTEST_S * rate / step:
        return 0.0
    slow = pcm[: count * step].astype(np.float32).reshape(-1, step) @ _mean(step)
    waves, turns = _lines(rate / step)
    size = len(waves)
    windows = np.lib.stride_tricks.sliding_window_view(slow, size)[:: size // _STEPS]
    parts = [windows[at : at + _ROWS] @ waves for at in range(0, len(windows), _ROWS)]
    both = np.concatenate(parts)
    lines = both[:, : len(_HERTZ)] + 1j * both[:, len(_HERTZ) :]
    directions = lines / (np.abs(lines) + np.float32(_SOFTEST * size))
    together = np.abs((directions * turns[: len(directions)]).sum(axis=0)) ** 2
    alone = (directions.real**2 + directions.imag**2).sum(axis=0)
    steady = 10 * np.log10((together + 1e-3) / (alone + 1e-3))  # N directions that agree: N
    return max(0.0, float(np.minimum(steady, _MOST_DB).reshape(2, -1).mean(axis=1).max()))


@functools.lru_cache(maxsize=8)
def _lines(rate: float) -> tuple[NDArray[np.float32], NDArray[np.complex64]]:
    """What a window is multiplied with, (samples, 20), cosines and then sines of each line;
    and for each window what turns its phases back to the beginning, (windows, 10)."""
    size = round(_WINDOW_S * rate)
    angles = 2 * np.pi / rate * np.arange(size)[:, None] * _HERTZ
    shape = np.hanning(size + 2)[1:-1, None]
    waves = np.concatenate((shape * np.cos(angles), -shape * np.sin(angles)), axis=1)
    begins = np.arange(round(_LONGEST_S * rate) // (size // _STEPS) + 1)[:, None]
    turns = np.exp(-2j * np.pi * _HERTZ * (size // _STEPS) / rate * begins)
    return waves.astype(np.float32), turns.astype(np.complex64)


@functools.lru_cache(maxsize=8)
def _mean(step: int) -> NDArray[np.float32]:
    return np.full(step, 1 / step, np.float32)
