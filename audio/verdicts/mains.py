"""Mains hum: steady lines at multiples of 50 or 60 Hz.

A voice that never stops sounding, breathy or with an echo, leaves no gap in which hum is heard
(``noises.py``). But a line of hum stays where it is and gathers in one bin of a transform of the
whole take, while the voice's lines move and spread over many. The take is levelled before: what
is quiet counts as much as what is loud, so that hum under pauses and weak sounds weighs more.
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
_SHORTEST_S: Final = 0.8
_LONGEST_S: Final = 20.0  # as much shows every line
_GRAIN: Final = 128  # samples: lengths are rounded down to that, so that few windows are kept
_LEVELLED_S: Final = 0.1
_SOFTEST: Final = 5.0  # steps of 16 bits: what is softer is not made louder than that
_HERTZ: Final = np.array([[50.0], [60.0]]) * np.arange(1, 6)  # five lines of each
_MOST_DB: Final = 20.0  # of one line: a voice at an even 100 Hz shows two
# A line is looked for this near its frequency, and compared with what lies around it, in Hz and
# in widths of the transform, whichever is more.
_NEAR: Final = (0.2, 0.7)
_AROUND: Final = ((3.0, 2.5), (12.0, 8.0))
# Of the five lines on average. espeak's clean takes, 3,025 of 79 voices: at most 9.8, three
# above 8.6; of mains hum 20-35 dB below the speech some 90 % above 9.5. The calibration takes
# must not hum.
_STANDS_OUT_DB: Final = 9.5
_MORE_THAN_OWN_DB: Final = 4.0


def mains_findings(pcm: Pcm, rate: int, habits: Habits | None) -> list[Finding]:
    """Hum, if the voice does not always hum."""
    if habits is None:
        return []
    comb = mains(pcm, rate)
    if comb <= max(_STANDS_OUT_DB, habits.mains_db + _MORE_THAN_OWN_DB):
        return []
    return [finding("hum", "mains hum under all of it", comb / 100)]


def mains(pcm: Pcm, rate: int) -> float:
    """How far the lines of mains hum stand out on average, in dB; 0 for less than 0.8 s."""
    step = max(1, rate // _SAMPLES_HZ)
    count = min(len(pcm), round(_LONGEST_S * rate)) // step
    count -= count % _GRAIN
    if count < _SHORTEST_S * rate / step:
        return 0.0
    slow = pcm[: count * step].astype(np.float32).reshape(-1, step) @ _mean(step)
    size = 1 << (count - 1).bit_length()
    level = _level(slow, round(_LEVELLED_S * rate / step))
    spectrum = np.fft.rfft(slow / level * _window(count), size)
    power = spectrum.real**2 + spectrum.imag**2
    shown = _lines(power, bins=size * step / rate, width=rate / step / count)
    return max(0.0, float(shown.mean(axis=1).max()))


def _level(slow: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """The level around each sample."""
    sums = np.zeros(len(slow) + size + 1)
    np.cumsum(slow * slow, out=sums[size // 2 + 1 : size // 2 + 1 + len(slow)])
    sums[size // 2 + 1 + len(slow) :] = sums[size // 2 + len(slow)]
    around = (sums[size : size + len(slow)] - sums[: len(slow)]) / size
    return np.sqrt(np.maximum(around, _SOFTEST**2)).astype(np.float32)


def _lines(power: NDArray[np.floating], bins: float, width: float) -> NDArray[np.float64]:
    """How far each line stands out, in dB, at most 20: (2, 5).

    Args:
        bins: in a hertz.
        width: of a line, in hertz.
    """
    near = max(_NEAR[0], _NEAR[1] * width)
    inner, outer = (max(least, times * width) for least, times in _AROUND)
    edges = np.array([-outer, -inner, inner, outer])[:, None, None]
    left, begin, end, right = np.maximum(0, np.rint((_HERTZ + edges) * bins)).astype(np.intp)
    sums = np.concatenate(([0.0], np.cumsum(power, dtype=np.float64)))
    around = sums[begin] - sums[left] + sums[right] - sums[end]
    around /= begin - left + right - end
    spread = np.arange(-round(near * bins), round(near * bins) + 1)
    lines = power[np.rint(_HERTZ * bins).astype(np.intp)[..., None] + spread].max(axis=-1)
    return np.asarray(np.minimum(_MOST_DB, 10 * np.log10((lines + 1e-9) / (around + 1e-9))))


@functools.lru_cache(maxsize=8)
def _mean(step: int) -> NDArray[np.float32]:
    return np.full(step, 1 / step, np.float32)


@functools.lru_cache(maxsize=64)
def _window(size: int) -> NDArray[np.float32]:
    return np.hanning(size).astype(np.float32)
