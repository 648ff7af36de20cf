"""Bursts of noise, and hum: sound that is not the voice.

A burst fills all bands at once up to where the voice's own loud sounds reach; speech fills
some bands at a time, a vowel the low ones and a hiss the high ones. Hum and hiss are heard
where each band is quietest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from audio.verdicts.contour import Contour
from audio.verdicts.findings import Finding, finding
from audio.verdicts.spectrum import COLUMN_S, Picture, widths
from audio.verdicts.texts import measure

if TYPE_CHECKING:  # they are learnt with what is here
    from audio.verdicts.habits import Habits

BURST_S: Final = 0.16  # the shortest burst looked for; a plosive is over in a quarter of it
_CEILING: Final = 0.95  # share of columns below a band's ceiling
_LOUD_COLUMNS_DB: Final = 15.0
# By habit: nearer to the ceilings than in the calibration takes, and more like white noise; a
# pink burst is only the first. Of 3,180 clean takes 5 have more of both together, all of one
# voice that speaks through noise; of bursts at −6…+6 dB of the speech 99 % (79 voices). Over
# 0.12 s instead of 0.16 s, 30 clean takes: fricatives and plosives.
_FULLER_DB: Final = 4.3
_OF_FLATNESS: Final = 0.4
# For every voice: clean takes at most −10.5, white noise alone −0.5.
_NOISE_FLATNESS_DB: Final = -8.0
# A steady sound fills its bands always: more than in any calibration take by this much, one
# band or three. In less than a second and a half there may be no gap to see it in (clean
# espeak takes: 26 and 20 from there on, 45 and 38 in shorter ones).
_GAPS_FROM_S: Final = 1.5
_GAPS_EXPECTED_S: Final = 3.0  # or an inner mark; a shorter clause may be one breath of voice
_MORE_WITHOUT_GAPS_DB: Final = 12.0
_HUM_DB: Final = 32.0
_HISS_DB: Final = 25.0
_ALL_BANDS_DB: Final = 19.0  # or all together, as hiss does; clean espeak takes: at most 15
_INAUDIBLE_DB: Final = 45.0  # of a picture: a tone at −90 dBFS

_NO_NOISE_DB: Final = -60.0  # of fullness and flatness, where there is nothing to measure


def ceilings(picture: Picture) -> NDArray[np.float32]:
    """How loud each band gets, in dB: (24,)."""
    return np.asarray(np.quantile(picture, _CEILING, axis=0), np.float32)


def quietest(picture: Picture) -> NDArray[np.float32]:
    """How quiet each band gets, in dB: (24,). Speech leaves every band free at times."""
    if len(picture) < 2:
        return np.zeros(picture.shape[1], np.float32)
    return np.asarray(np.partition(picture, 1, axis=0)[1], np.float32)


def fullness(picture: Picture, reach: NDArray[np.float32]) -> float:
    """How near all bands together come to their ceilings for 0.16 s, in dB (0: all reach it).

    Args:
        reach: ``ceilings`` of speech of that voice.
    """
    return _for_a_while(np.minimum(picture - reach, 0).mean(axis=1))


def flatness(picture: Picture, rate: int) -> float:
    """How like white noise the take is for 0.16 s, in dB (0: it is noise).

    The geometric over the arithmetic mean of the bands' densities, in columns within 15 dB
    of the loud ones.
    """
    if not len(picture):
        return _NO_NOISE_DB
    density = picture - widths(rate)
    powers = np.exp(density * np.float32(math.log(10) / 10))
    total = 10 * np.log10(powers.mean(axis=1) + 1e-9)
    flat = density.mean(axis=1) - total
    flat[total < np.quantile(total, 0.95) - _LOUD_COLUMNS_DB] = _NO_NOISE_DB
    return _for_a_while(flat)


def _for_a_while(course: NDArray[np.float32]) -> float:
    size = round(BURST_S / COLUMN_S)
    if len(course) < size:
        return _NO_NOISE_DB
    sums = np.concatenate(([0.0], np.cumsum(course, dtype=np.float64)))
    return float((sums[size:] - sums[:-size]).max() / size)


def noise_findings(
    contour: Contour,
    seen: Picture,
    rate: int,
    text: str,
    language: str,
    habits: Habits | None,
) -> list[Finding]:
    """A burst; or else hum or hiss under the whole."""
    if _bursts(seen, rate, habits):
        return [finding("noise", "a burst of noise")]
    if habits is None or contour.seconds < _GAPS_FROM_S:
        return []
    ground = np.maximum(np.asarray(habits.ground_db, np.float32), _INAUDIBLE_DB)
    over = np.sort(quietest(seen) - ground)
    if contour.seconds < _GAPS_EXPECTED_S and not measure(text, language).inner_marks:
        over -= _MORE_WITHOUT_GAPS_DB
    if over[-1] <= _HUM_DB and over[-3] <= _HISS_DB and over.mean() <= _ALL_BANDS_DB:
        return []
    return [finding("hum", "hum or hiss under all of it", float(over[-1]) / 100)]


def _bursts(seen: Picture, rate: int, habits: Habits | None) -> bool:
    if habits is None:
        return flatness(seen, rate) > _NOISE_FLATNESS_DB
    fuller = fullness(seen, np.asarray(habits.reach_db, np.float32)) - habits.fullness_db
    if fuller - _OF_FLATNESS * habits.flatness_db <= _FULLER_DB:
        return False  # not even if it were white
    return fuller + _OF_FLATNESS * (flatness(seen, rate) - habits.flatness_db) > _FULLER_DB
