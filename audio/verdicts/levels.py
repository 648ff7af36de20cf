"""Level: a take against its voice, and against itself. Only habits can say either."""

from __future__ import annotations

from typing import Final

from audio.verdicts.contour import Contour
from audio.verdicts.findings import Finding, finding
from audio.verdicts.habits import Habits

_OFF_DB: Final = 8.0  # espeak's takes differ from their voice by 3; neural voices by more
_SPREADS: Final = 3.0  # times what the calibration takes differ
_STEP_DB: Final = 8.5  # espeak: at most 5, its Klatt voices 8.1
_STEP_MORE_DB: Final = 4.0  # than the largest of the calibration takes


def level_findings(contour: Contour, habits: Habits | None) -> list[Finding]:
    """Too loud or quiet as a whole, or else one part against the other."""
    if habits is None:
        return []
    off = contour.level_db - habits.level_db
    if abs(off) > max(_OFF_DB, _SPREADS * habits.level_spread_db):
        how = "louder" if off > 0 else "quieter"
        words = f"{abs(off):.0f} dB {how} than this voice usually is"
        return [finding("level", words, abs(off) / 60)]
    if contour.step_db > max(_STEP_DB, habits.step_db + _STEP_MORE_DB):
        words = f"its level jumps by {contour.step_db:.0f} dB"
        return [finding("level", words, contour.step_db / 60)]
    return []
