"""Whether a take comes to its end.

A word that is cut is as loud as speech in its last 5 ms, or falls less before its end than its
voice falls. A take that is cut in a pause ends in more silence than its voice ends in. The last
two are signs only in a take that is short for its text, too.
"""

from __future__ import annotations

from typing import Final

from audio.verdicts.contour import Contour
from audio.verdicts.findings import Finding, finding
from audio.verdicts.habits import Habits
from audio.verdicts.lengths import expect
from audio.verdicts.texts import ending_marks

# For every voice; finds 7 in 10 of espeak's takes cut at random places.
_CUT_DB: Final = -35.0
_CUT_BELOW_DB: Final = 18.0
# By habit: louder than any of the calibration takes ended, by this much, and not below
# what can be heard as a cut. A take shorter than its text needs less.
_LOUDER_DB: Final = 14.0  # clean takes: at most 11.5
_DB_FOR_AN_ERROR: Final = 2.5  # standard error of the length (lengths.py)
_MOST_ERRORS: Final = 2.5
_INAUDIBLE_DB: Final = -65.0
# A voice in an echoing room ends louder than that, always.
_HARDLY_LOUDER_DB: Final = 14.0
# A take that falls less before its end than the calibration takes did is cut if it is short,
# too: in dB and standard errors (of 4,640 clean takes of voices that end quietly 3).
_ENOUGH: Final = 1.65
_DB_LIKE_AN_ERROR: Final = 12.0
_FALL_DB: Final = 15.0  # more than that says no more
_FALLEN_DB: Final = -26.0  # who falls so far has ended
# A voice whose calibration takes end loudly, robots and echoing rooms, has hardly fallen when it
# has ended, but it is falling: its last 20 ms are below the tenth of a second before. In a take
# that is cut they are not, its very last are louder than the voice's usually are, and it is
# short. Weights by a logistic regression, a sixth of 128 espeak voices left out at a time; of the
# 261 cut takes of 23 such voices that are not too short 182 found, by their fall 153; 14 and 15
# of 1,044 clean ones (2026-11-21).
_LOUD_END_DB: Final = -40.0  # against the loud frames
_ERRORS_OF_A_DROP: Final = 0.17  # of a dB
_MOST_DROP_DB: Final = 20.0
_ERRORS_OF_THE_LAST: Final = 0.08  # of a dB
_MOST_LAST_DB: Final = 15.0
_ENOUGH_OF_A_LOUD_END: Final = 1.7
# Pauses before a next word are 0.11 s and more. espeak ends within 0.06 s of its last sound;
# voices whose calibration takes end in silences of different length get that much more room.
# Only a take that is rather short, too, is cut: neural voices end in silence when they please.
_QUIETER_S: Final = 0.075
_QUIETER_BY_MARKS_S: Final = 0.5  # after “…).” espeak rests for up to 0.44 s
_SHORT_ERRORS: Final = 0.3  # 9 of 10 takes cut in a pause are shorter, 4 of 10 clean ones


def ending_findings(
    contour: Contour, text: str, language: str, habits: Habits | None
) -> list[Finding]:
    """Cut, if it is."""
    limit = max(_CUT_DB, contour.loud_db - _CUT_BELOW_DB)
    short = 0.0
    if habits is not None:
        expected = expect(text, language, habits)
        if expected is not None:
            short = expected.errors_short(contour.articulation_s)
        usual = contour.loud_db + habits.end_db
        louder = _LOUDER_DB - _DB_FOR_AN_ERROR * min(_MOST_ERRORS, max(0.0, short))
        limit = max(limit, usual + _HARDLY_LOUDER_DB)
        limit = min(limit, max(_INAUDIBLE_DB, usual + louder))
        if _stays(contour, short, habits):
            limit = min(limit, _INAUDIBLE_DB)
    if contour.end_db > limit:
        return [finding("cut", f"it ends in the middle of a sound ({contour.end_db:.0f} dBFS)")]
    if habits is None or short < _SHORT_ERRORS:
        return []
    longest = habits.quiet_s + max(_QUIETER_S, habits.quiet_spread_s)
    if len(ending_marks(text)) > 1:
        longest += _QUIETER_BY_MARKS_S
    if contour.quiet_s <= longest + 1e-6:
        return []
    return [finding("cut", f"it ends in {contour.quiet_s:.2f} s of silence, as in a pause")]


def _stays(contour: Contour, short: float, habits: Habits) -> bool:
    """Whether it does not fall at its end as the voice does, and is rather short."""
    short = max(-1.0, min(_MOST_ERRORS, short))
    if habits.end_db < _LOUD_END_DB:
        fall = _within(contour.fall_db - habits.fall_db, _FALL_DB)
        return short + fall / _DB_LIKE_AN_ERROR > _ENOUGH and contour.fall_db > _FALLEN_DB
    last = _within(contour.last_db - contour.loud_db - habits.last_db, _MOST_LAST_DB)
    drop = _within(contour.drop_db, _MOST_DROP_DB)
    return short + _ERRORS_OF_A_DROP * drop + _ERRORS_OF_THE_LAST * last > _ENOUGH_OF_A_LOUD_END


def _within(value: float, most: float) -> float:
    return max(-most, min(most, value))
