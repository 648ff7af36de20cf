"""Whether a take comes to its end: a cut word is as loud as speech in its last 5 ms."""

from __future__ import annotations

from typing import Final

from audio.verdicts.contour import Contour
from audio.verdicts.findings import Finding, finding
from audio.verdicts.habits import Habits

# For every voice; finds 7 in 10 of espeak's takes cut at random places.
_CUT_DB: Final = -35.0
_CUT_BELOW_DB: Final = 18.0
# By habit: louder than any of the calibration takes ended, by this much, and not below
# what can be heard as a cut.
_LOUDER_DB: Final = 14.0  # clean takes: at most 11.5
_INAUDIBLE_DB: Final = -65.0


def ending_findings(contour: Contour, habits: Habits | None) -> list[Finding]:
    """Cut, if it is."""
    limit = max(_CUT_DB, contour.loud_db - _CUT_BELOW_DB)
    if habits is not None:
        own = contour.loud_db + habits.end_db + _LOUDER_DB
        limit = min(limit, max(_INAUDIBLE_DB, own))
    if contour.end_db <= limit:
        return []
    return [finding("cut", f"it ends in the middle of a sound ({contour.end_db:.0f} dBFS)")]
