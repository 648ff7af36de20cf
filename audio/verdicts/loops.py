"""Whether a take says something again that its text says once.

With habits two signs are added up, for each length a phrase may have: how much the take is
like itself that long after (``echoes.py``), and how much better the take's length fits its
text with the phrase said again than without. Neither is enough alone: in ten seconds the
error of the predicted length is a short phrase, and any two words may be alike. Without
habits loops are looked for in takes slower than an ordinary reader. What the text itself
says again counts for nothing at its place.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.verdicts.contour import Contour
from audio.verdicts.echoes import LAGS_S, MOST_ALIKE, ROOTS, Excuse, echoes
from audio.verdicts.findings import Finding, finding
from audio.verdicts.habits import Habits
from audio.verdicts.lengths import Expected, expect
from audio.verdicts.repetition import likeness
from audio.verdicts.spectrum import Picture
from audio.verdicts.texts import Refrain, measure, refrains, repeats_itself, typical_seconds

# By habit, as sums of log likelihoods. Length: of normal errors (lengths.py), said once or
# twice more against not at all, bounded above because errors have longer tails than normal
# ones. Likeness: Fisher's z, which grows as a loop's with the root of the stretch. Weight and
# sum were tuned together on 79 espeak voices, the sum again on 128: 0.35 % of 5,732 clean takes,
# 97 % of loops; at 11.2 0.54 % and 0.7 points of loops more (2026-11-21).
_ENOUGH: Final = 12.0
_LENGTH: Final = (-25.0, 5.0)
_ORDINARY_ECHO: Final = 5.0  # of a voice's calibration takes; one of fewer sounds must show more
# What the text says again explains echoes a quarter off its lag, and a pause later: they must
# be as much like a copy as nothing that is spoken twice.
_EXPLAINED: Final = 12.0  # where all of it comes again
_OFF: Final = 0.25
_PAUSE_S: Final = 0.45
_MARK_S: Final = 0.3  # and that much for each cry: “Ha! ha! ha!”
# It does so only near its place in the text.
_PLACE: Final = 0.08  # of the take
_PLACE_S: Final = 0.5
# An engine may spell letters of full width, and their names are alike: “Ｃｈａｐｌｉｎ”.
_WIDE: Final = 3

# Without: longer than an ordinary reader (12 letters or 4.5 Han a second), half of what a
# brisk one would not need is compared.
_SLACK_S: Final = 0.2
_FROM_S: Final = 1.5
_BRISK: Final = 0.8
_PLAIN_STRETCH_S: Final = (1.0, 2.0)
_ALIKE: Final = 0.92  # audio/verdicts/repetition.py says what was measured
_ALIKE_IN_SHORT: Final = 0.95  # one drawn-out syllable is like itself


def loop_findings(
    contour: Contour, seen: Picture, text: str, language: str, habits: Habits | None
) -> list[Finding]:
    """Something said again, if it is."""
    expected = None if habits is None else expect(text, language, habits)
    if habits is None or expected is None:
        alike = _by_length(contour, seen, text, language)
    else:
        alike = _by_habit(contour, seen, text, language, expected, habits)
    return [finding("repeats", "it seems to say something twice", alike)] if alike else []


def _by_habit(
    contour: Contour, seen: Picture, text: str, language: str, expected: Expected, habits: Habits
) -> float:
    """How alike, if the signs are enough; else 0."""
    excess = contour.articulation_s - expected.seconds
    fits = fit(excess, expected.error_s)
    least = _ENOUGH + max(0.0, habits.echo - _ORDINARY_ECHO)
    if measure(text, language).wide >= _WIDE:
        return 0.0
    if likeness_for(least - fits).min() >= MOST_ALIKE:
        return 0.0
    alike = np.minimum(echoes(seen), MOST_ALIKE)
    loops = alike > likeness_for(least - fits)
    if loops.any() and refrains(text):
        copies = alike > likeness_for(least + explained(text, expected.seconds) - fits)
        said = contour.seconds - max(0.0, excess)  # as long as without the loop
        elsewhere = echoes(
            seen, [_excuse(one, expected.seconds, said, contour.seconds) for one in refrains(text)]
        )
        loops &= copies | (elsewhere > likeness_for(least - fits))
    return float(alike[loops].max()) if loops.any() else 0.0


def likeness_for(evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """The likeness at each lag that amounts to that much evidence."""
    return np.asarray(np.tanh(evidence / ROOTS), np.float64)


def fit(excess_s: float, error_s: float) -> NDArray[np.float64]:
    """How much better a phrase of each lag of ``LAGS_S``, said once or twice more, explains
    that a take is longer than expected: a difference of log likelihoods, within bounds."""
    once = LAGS_S * (excess_s - LAGS_S / 2)
    twice = 2 * LAGS_S * (excess_s - LAGS_S)
    return np.clip(np.maximum(once, twice) / error_s**2, *_LENGTH)


def explained(text: str, expected_s: float) -> NDArray[np.float64]:
    """How much evidence at each lag is what the text itself says again."""
    own = np.zeros(len(LAGS_S))
    for refrain in refrains(text):
        shortest, longest = _lags(refrain, expected_s)
        near = (shortest < LAGS_S) & (longest > LAGS_S)
        own[near] = np.maximum(own[near], _EXPLAINED * refrain.covered)
    return own


def _lags(refrain: Refrain, expected_s: float) -> tuple[float, float]:
    lag = refrain.apart * expected_s
    return lag * (1 - _OFF), lag * (1 + _OFF) + _PAUSE_S + _MARK_S * refrain.pauses


def _excuse(refrain: Refrain, expected_s: float, said_s: float, whole_s: float) -> Excuse:
    room = _PLACE * whole_s + _PLACE_S + whole_s - said_s  # a loop before it moves it back
    times = refrain.begin * said_s - _PLACE * whole_s - _PLACE_S, refrain.end * said_s + room
    return Excuse(_lags(refrain, expected_s), times)


def _by_length(contour: Contour, seen: Picture, text: str, language: str) -> float:
    typical = typical_seconds(text, language)
    if contour.seconds < max(_FROM_S, typical + _SLACK_S) or repeats_itself(text):
        return 0.0
    least, most = _PLAIN_STRETCH_S
    alike = likeness(seen, min(most, max(least, (contour.seconds - _BRISK * typical) / 2)))
    short = measure(text, language).short
    return alike if alike >= (_ALIKE_IN_SHORT if short else _ALIKE) else 0.0
