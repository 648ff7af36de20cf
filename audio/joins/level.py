"""How loud a voice is, and the one gain that brings it to the level of the others.

Loudness is ITU-R BS.1770-4: K-weighting, blocks of 400 ms every 100 ms, gates at −70 LUFS
and 10 LU below the mean of what is left. The two K-filters are the tables 1 and 2 of annex 1,
given there for 48 kHz; they are applied in the frequency domain as that response at each
true frequency, so that one definition serves every rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import FULL_SCALE, Pcm

TARGET_LUFS: Final = -20.0
SILENCE_LUFS: Final = -70.0  # the absolute gate: what silence is said to have

_OFFSET_DB: Final = -0.691  # BS.1770-4, equation 2
_RELATIVE_GATE_LU: Final = 10.0
_BLOCK_S: Final = 0.4
_STEPS: Final = 4  # blocks overlap by 75 %
_VOICED_DB: Final = -50.0  # of a 10 ms frame, where there is no whole block
_PAD_S: Final = 0.5  # the high-pass rings for less: 38 Hz at Q 0.5 falls by 60 dB in 60 ms

_TABLE_RATE: Final = 48000.0
_SHELF: Final = (  # table 1: numerator, denominator
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_HIGH_PASS: Final = (  # table 2
    (1.0, -2.0, 1.0),
    (1.0, -1.99004745483398, 0.99007225036621),
)

_GAIN_STEP_DB: Final = 0.5
_GAIN_LIMIT_DB: Final = 12.0


def measure_loudness(pcms: Sequence[Pcm], rate: int) -> float:
    """Integrated loudness of several takes together, in LUFS.

    Blocks never span two takes. Takes too short for a block (all of them below 0.4 s) are
    measured over their 10 ms frames above −50 dBFS instead. Silence gives ``SILENCE_LUFS``.

    Args:
        pcms: int16 (n,) each, mono.
        rate: Hz of all of them.
    """
    weighted = [_k_weighted(pcm, rate) for pcm in pcms if len(pcm)]
    step = round(_BLOCK_S * rate / _STEPS)
    powers = np.concatenate([_block_powers(samples, step) for samples in weighted] or [_none()])
    if powers.size:
        return _gated(powers)
    voiced = np.concatenate([_voiced_powers(pcm, rate) for pcm in pcms] or [_none()])
    return _lufs(float(voiced.mean())) if voiced.size else SILENCE_LUFS


def calibrated_gain(loudness: float, target: float = TARGET_LUFS) -> float:
    """The gain in dB that brings ``loudness`` to ``target`` (both LUFS).

    Rounded to 0.5 dB, so that a meter's last digit never moves a book; at most 12 dB either
    way, because what needs more is a fault of the voice; 0 for silence.
    """
    if loudness <= SILENCE_LUFS:
        return 0.0
    gain = max(-_GAIN_LIMIT_DB, min(_GAIN_LIMIT_DB, target - loudness))
    return round(gain / _GAIN_STEP_DB) * _GAIN_STEP_DB + 0.0  # never -0.0


def _k_weighted(pcm: Pcm, rate: int) -> NDArray[np.float64]:
    count = len(pcm)
    size = 1 << (count + round(_PAD_S * rate) - 1).bit_length()
    frequencies = np.minimum(np.fft.rfftfreq(size, 1 / rate), _TABLE_RATE / 2)
    z = np.exp(-2j * np.pi * frequencies / _TABLE_RATE)
    response = np.ones_like(z)
    for above, below in (_SHELF, _HIGH_PASS):
        response *= (above[0] + above[1] * z + above[2] * z**2) / (
            below[0] + below[1] * z + below[2] * z**2
        )
    spectrum = np.fft.rfft(pcm / FULL_SCALE, size) * response
    return np.fft.irfft(spectrum, size)[:count]


def _block_powers(samples: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Mean squares of the whole 400 ms blocks."""
    steps = samples.size // step
    if steps < _STEPS:
        return _none()
    squares = (samples[: steps * step].reshape(steps, step) ** 2).mean(1)
    return np.convolve(squares, np.full(_STEPS, 1 / _STEPS), "valid")


def _gated(powers: NDArray[np.float64]) -> float:
    heard = powers[powers > _power(SILENCE_LUFS)]
    if not heard.size:
        return SILENCE_LUFS
    gate = _lufs(float(heard.mean())) - _RELATIVE_GATE_LU
    return _lufs(float(heard[heard > _power(gate)].mean()))


def _voiced_powers(pcm: Pcm, rate: int) -> NDArray[np.float64]:
    size = max(1, rate // 100)
    whole = len(pcm) // size * size
    raw = (pcm[:whole].reshape(-1, size) / FULL_SCALE) ** 2
    loud = raw.mean(1) > 10 ** (_VOICED_DB / 10)
    weighted = _k_weighted(pcm, rate)[:whole].reshape(-1, size) if whole else raw
    powers: NDArray[np.float64] = (weighted**2).mean(1)[loud]
    return powers


def _lufs(power: float) -> float:
    return max(SILENCE_LUFS, _OFFSET_DB + 10 * math.log10(power)) if power > 0 else SILENCE_LUFS


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_DB) / 10))


def _none() -> NDArray[np.float64]:
    return np.empty(0)
