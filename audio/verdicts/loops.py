"""Whether a take says something again that its text says once.

A loop makes a take long, so it is looked for in long takes only: by habit in those longer
than the voice should need, without habits in those slower than an ordinary reader. What
comes back must be longer than what the text itself says twice.
"""

from __future__ import annotations

from typing import Final

from audio.verdicts.contour import Contour
from audio.verdicts.findings import Finding, finding
from audio.verdicts.habits import Habits
from audio.verdicts.lengths import error, expected_seconds
from audio.verdicts.repetition import likeness
from audio.verdicts.spectrum import Picture
from audio.verdicts.texts import measure, repeated_seconds, repeats_itself, typical_seconds

# By habit: in takes a third of a standard error too long and more, a stretch of half of what
# is too much is compared. The longer the take, the less alike it need be: tuned to 0.3 %
# false alarms in 1,350 clean takes of nine espeak voices (2026-11-21).
_FROM_ERRORS: Final = 0.3
_OF_EXCESS: Final = 0.5
_STRETCH_S: Final = (0.7, 1.6)
_SLOWER: Final = 1.2  # what the text says twice may be its slowest part
_BEYOND_TEXT_S: Final = 0.2
_ALIKE_BY_HABIT: Final = 0.98
_PER_ERROR: Final = 0.04
_MOST_ERRORS: Final = 6.0

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
    expected = 0.0 if habits is None else expected_seconds(text, language, habits)
    if habits is None or not expected:
        alike = _by_length(contour, seen, text, language)
    else:
        alike = _by_habit(contour, seen, text, expected, habits)
    return [finding("repeats", "it seems to say something twice", alike)] if alike else []


def _by_habit(contour: Contour, seen: Picture, text: str, expected: float, habits: Habits) -> float:
    """How alike, if alike enough; else 0."""
    excess = contour.articulation_s - expected
    errors = min(_MOST_ERRORS, excess / expected / error(expected, habits))
    if errors < _FROM_ERRORS:
        return 0.0
    least, most = _STRETCH_S
    own = _SLOWER * habits.pace * repeated_seconds(text) + _BEYOND_TEXT_S
    if own > most:
        return 0.0
    stretch = min(most, max(least, own, _OF_EXCESS * excess))
    alike = likeness(seen, stretch)
    return alike if alike + _PER_ERROR * errors >= _ALIKE_BY_HABIT else 0.0


def _by_length(contour: Contour, seen: Picture, text: str, language: str) -> float:
    typical = typical_seconds(text, language)
    if contour.seconds < max(_FROM_S, typical + _SLACK_S) or repeats_itself(text):
        return 0.0
    least, most = _PLAIN_STRETCH_S
    alike = likeness(seen, min(most, max(least, (contour.seconds - _BRISK * typical) / 2)))
    short = measure(text, language).short
    return alike if alike >= (_ALIKE_IN_SHORT if short else _ALIKE) else 0.0
