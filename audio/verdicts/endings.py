"""Whether a take comes to its end.

A word that is cut is as loud as speech in its last 5 ms. A take that is cut in a pause ends
in more silence than its voice ends in.
"""

from __future__ import annotations

from typing import Final

from audio.verdicts.contour import Contour
from audio.verdicts.findings import Finding, finding
from audio.verdicts.habits import Habits
from audio.verdicts.lengths import error, expected_seconds

# For every voice; finds 7 in 10 of espeak's takes cut at random places.
_CUT_DB: Final = -35.0
_CUT_BELOW_DB: Final = 18.0
# By habit: louder than any of the calibration takes ended, by this much, and not below
# what can be heard as a cut. A take shorter than its text needs less.
_LOUDER_DB: Final = 14.0  # clean takes: at most 11.5
_DB_FOR_AN_ERROR: Final = 2.5  # standard error of the length (lengths.py)
_MOST_ERRORS: Final = 2.5
_INAUDIBLE_DB: Final = -65.0
# Pauses before a next word are 0.11 s and more. espeak ends within 0.06 s of its last sound;
# voices whose calibration takes end in silences of different length get that much more room.
_QUIETER_S: Final = 0.075


def ending_findings(
    contour: Contour, text: str, language: str, habits: Habits | None
) -> list[Finding]:
    """Cut, if it is."""
    limit = max(_CUT_DB, contour.loud_db - _CUT_BELOW_DB)
    if habits is not None:
        expected = expected_seconds(text, language, habits)
        missing = expected - contour.articulation_s
        errors = missing / expected / error(expected, habits) if expected else 0.0
        louder = _LOUDER_DB - _DB_FOR_AN_ERROR * min(_MOST_ERRORS, max(0.0, errors))
        own = contour.loud_db + habits.end_db + louder
        limit = min(limit, max(_INAUDIBLE_DB, own))
    if contour.end_db > limit:
        return [finding("cut", f"it ends in the middle of a sound ({contour.end_db:.0f} dBFS)")]
    if habits is None:
        return []
    longest = habits.quiet_s + max(_QUIETER_S, habits.quiet_spread_s)
    if contour.quiet_s <= longest + 1e-6:
        return []
    return [finding("cut", f"it ends in {contour.quiet_s:.2f} s of silence, as in a pause")]
