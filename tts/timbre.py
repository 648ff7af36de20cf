"""The voices of the tone engine: a pitch, a throat, and the vowels they make.

Vowels are sums of harmonics under three formants (mean values of Peterson and Barney 1952),
computed once for each voice and rounded to whole numbers, so that the samples made from them
are the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tts.engine import Preset

Wave = NDArray[np.float32]  # (n,), whole numbers in the range of int16

LONGEST_S = 0.42  # of one vowel
VOWELS = 5
_FORMANTS = (  # Hz, of a man's throat
    (730, 1090, 2440),
    (530, 1840, 2480),
    (270, 2290, 3010),
    (570, 840, 2410),
    (300, 870, 2240),
)
_BANDWIDTHS = (90, 110, 170)  # Hz
_RMS = 4200  # of a vowel: about -18 dBFS, -21 with the syllables' edges
_FALL = 0.06  # of the pitch during a vowel


@dataclass(frozen=True, slots=True)
class Throat:
    """What makes one voice differ from another."""

    pitch: float  # Hz
    scale: float  # of the formants: shorter throats are higher
    tilt: float  # fall of the harmonics: dark voices fall faster
    breath: float  # loudness of the consonants' noise, 0…1
    gender: Literal["m", "f", "x"]
    description: str


THROATS: Mapping[str, Throat] = {
    "oak": Throat(88, 0.94, 1.5, 0.3, "m", "very low and dark"),
    "elm": Throat(98, 0.97, 1.2, 0.5, "m", "low"),
    "ash": Throat(108, 1.00, 1.0, 0.7, "m", "low and rough"),
    "cedar": Throat(117, 1.00, 1.4, 0.3, "m", "middle and soft"),
    "pine": Throat(127, 1.03, 1.0, 0.5, "m", "middle and clear"),
    "birch": Throat(138, 1.05, 1.2, 0.6, "m", "high"),
    "willow": Throat(149, 1.07, 1.5, 0.8, "m", "high and breathy"),
    "hazel": Throat(160, 1.08, 0.9, 0.4, "m", "very high and bright"),
    "heather": Throat(172, 1.12, 1.5, 0.3, "f", "very low and dark"),
    "ivy": Throat(184, 1.14, 1.2, 0.5, "f", "low"),
    "rose": Throat(196, 1.16, 1.4, 0.7, "f", "low and breathy"),
    "lily": Throat(208, 1.17, 1.0, 0.3, "f", "middle and clear"),
    "iris": Throat(220, 1.18, 1.3, 0.4, "f", "middle and soft"),
    "daisy": Throat(233, 1.20, 0.9, 0.6, "f", "high and bright"),
    "violet": Throat(247, 1.22, 1.2, 0.5, "f", "high"),
    "fern": Throat(262, 1.24, 1.4, 0.8, "f", "very high and breathy"),
    "reed": Throat(166, 1.09, 1.1, 0.6, "x", "between"),
    "moss": Throat(152, 1.10, 1.3, 0.4, "x", "between and soft"),
}

PRESETS: tuple[Preset, ...] = tuple(
    Preset(name, ("*",), throat.gender, throat.description) for name, throat in THROATS.items()
)


class Timbre:
    """One voice at one rate: vowels at three pitches, made when they are first needed."""

    def __init__(self, preset: str, semitones: float, rate: int) -> None:
        self._throat = THROATS[preset]
        self._pitch = self._throat.pitch * 2 ** (semitones / 12)
        self._rate = rate
        self._vowels: dict[tuple[int, int], Wave] = {}
        level = self._throat.breath * _RMS / 74  # 74: rms of equally likely signed bytes
        self.breath: Wave = np.rint(_noise(rate) * np.float32(level)).astype(np.float32)

    def vowel(self, vowel: int, step: int) -> Wave:
        """A sustained vowel at its full length; ``step``: −1 lower, 0, 1 higher."""
        key = vowel, step
        if key not in self._vowels:
            self._vowels[key] = self._sing(vowel, step)
        return self._vowels[key]

    def _sing(self, vowel: int, step: int) -> Wave:
        count = round(LONGEST_S * self._rate)
        time = np.arange(count) / self._rate
        pitch = self._pitch * (1 + 0.12 * step)  # two semitones
        phase = 2 * np.pi * pitch * (time - _FALL * time * time / (2 * LONGEST_S))
        turn = np.exp(1j * phase)
        harmonic = turn.copy()
        wave = np.zeros(count)
        for number in range(1, int(min(4500, self._rate * 0.45) / pitch) + 1):
            wave += (
                self._strength(vowel, number * pitch) / number**self._throat.tilt * harmonic.imag
            )
            harmonic *= turn
        wave *= _RMS / np.sqrt(np.mean(wave * wave))
        return np.rint(np.clip(wave, -24000, 24000)).astype(np.float32)

    def _strength(self, vowel: int, frequency: float) -> float:
        """The throat's answer at ``frequency`` in Hz."""
        peaks = zip(_FORMANTS[vowel], _BANDWIDTHS, strict=True)
        return 0.03 + sum(
            1 / (1 + ((frequency - peak * self._throat.scale) / width) ** 2)
            for peak, width in peaks
        )


@lru_cache(maxsize=64)
def timbre(preset: str, semitones: float, rate: int) -> Timbre:
    """A voice, shared by all who speak with it (about 100 kB for each of its 15 vowels)."""
    return Timbre(preset, semitones, rate)


@lru_cache(maxsize=1024)
def envelope(count: int, edge: int) -> Wave:
    """``count`` values 0…1, rising and falling over ``edge``, in steps of 1/256: the product
    with whole 16-bit numbers is exact in float32."""
    edge = min(edge, count // 2)
    ramp = np.sin(np.linspace(0, np.pi / 2, edge, endpoint=False)) ** 2
    shape = np.ones(count)
    shape[:edge] = ramp
    shape[count - edge :] = ramp[::-1]
    return (np.rint(shape * 256) / 256).astype(np.float32)


@lru_cache(maxsize=4)
def _noise(rate: int) -> Wave:
    """Half a second of hiss: the difference of neighbours in bytes that are the same everywhere."""
    raw = hashlib.shake_128(b"castbook breath").digest(rate // 2 + 1)
    values = np.frombuffer(raw, np.int8).astype(np.float32)
    return np.diff(values) / np.float32(2)
