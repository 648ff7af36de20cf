"""How loud a voice is, and the one gain that brings it to the level of the others.

Loudness is ITU-R BS.1770-4: K-weighting, blocks of 400 ms every 100 ms, gates at −70 LUFS
and 10 LU below the mean of what is left. Unlike ``audio.measuring.loudness``, which hears one
endless stream, this pools takes: no block spans two of them, and takes shorter than a block
have a level, too. The filter is the same, applied in the frequency domain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.measuring.kweighting import sections
from audio.pcm import FULL_SCALE, Pcm

# Joined takes wait for the master's gain and limiter. 3 LU below a finished book's level, speech
# whose peaks stand 22 dB above its loudness still fits into 16 bits: at −20 a take of a lively
# voice (17 to 20 dB) met the ceiling of the edit, and was levelled less than its neighbours.
TARGET_LUFS: Final = -23.0
SILENCE_LUFS: Final = -70.0  # the absolute gate: what silence is said to have

_OFFSET_DB: Final = -0.691  # BS.1770-4, equation 2
_RELATIVE_GATE_LU: Final = 10.0
_BLOCK_S: Final = 0.4
_STEPS: Final = 4  # blocks overlap by 75 %
_VOICED_DB: Final = -50.0  # of a 10 ms frame, where there is no whole block
_PAD_S: Final = 0.5  # the high-pass rings for less: 38 Hz at Q 0.5 falls by 60 dB in 60 ms

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


def missing_gain(loudness: float, target: float = TARGET_LUFS) -> float:
    """What ``calibrated_gain`` leaves undone at its limit, in dB: positive, the voice stays too
    soft; 0 within the limit and for silence."""
    wanted = target - loudness
    if loudness <= SILENCE_LUFS or abs(wanted) <= _GAIN_LIMIT_DB:
        return 0.0
    return wanted - math.copysign(_GAIN_LIMIT_DB, wanted)


def _k_weighted(pcm: Pcm, rate: int) -> NDArray[np.float64]:
    count = len(pcm)
    size = 1 << (count + round(_PAD_S * rate) - 1).bit_length()
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    response = np.ones_like(z)
    for part in sections(rate):
        response *= (part.b[0] + part.b[1] * z + part.b[2] * z**2) / (
            1 + part.a1 * z + part.a2 * z**2
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
