"""Whether a take is as long as its text: words missing, or too many.

Hard bounds hold for every voice. The voice's own pace is narrower: its articulation (sound
without pauses) is compared with what the text's measure and the voice's calibration takes
say. Pauses are left out because voices place them freely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from audio.verdicts.contour import Contour
from audio.verdicts.findings import Finding, finding
from audio.verdicts.habits import Habits
from audio.verdicts.texts import articulation_seconds, length_bounds, measure

# Relative standard error of the prediction: a part that stays however long the text is, and
# one that averages out. espeak's: 9 % at one second, 6 % at three, 4 % at ten. A voice whose
# calibration sentences differ more from each other than espeak's do (by 8 %) gets more room.
_ERROR: Final = 0.035
_ERROR_OF_A_SECOND: Final = 0.085
_ORDINARY_SPREAD: Final = 0.09
# What is not known: whether "http" or "NASA" is spelt; all letters of a text alike.
_DOUBT_OF_A_NAME_S: Final = 0.1
_DOUBT_OF_A_WIDE_S: Final = 0.4
_SHORT_ERRORS: Final = 3.0  # standard errors: longer for a "no" is said more slowly than fast
_LONG_ERRORS: Final = 4.2
_SHORT_SLACK_S: Final = 0.15  # what a voice may not draw out at the end of a text
_SHORT_SLACK_OF_A_MARK_S: Final = 0.03  # nor before an inner mark: “阿！闰土哥，…”
_LONG_SLACK_S: Final = 0.25
_OTHER_SCRIPTS: Final = ("zh", "cmn", "yue", "ja", "ko")  # their calibration has Han, kana, hangul


@dataclass(frozen=True, slots=True)
class Expected:
    """How long the sounds of a text take a voice, pauses left out."""

    seconds: float
    error_s: float  # standard

    def errors_short(self, articulation_s: float) -> float:
        """By how many standard errors a take is shorter; negative when it is longer."""
        return (self.seconds - articulation_s) / self.error_s


def expect(text: str, language: str, habits: Habits) -> Expected | None:
    """What is expected of a voice; None where that is not known: no letter in the text, or
    Han or kana in a language whose calibration sentences had none (a Chinese heading in an
    English book)."""
    counted = measure(text, language)
    if counted.han + counted.kana and not language.lower().startswith(_OTHER_SCRIPTS):
        return None
    seconds = habits.pace * articulation_seconds(text, language)
    if not seconds:
        return None
    own = max(1.0, habits.pace_spread / _ORDINARY_SPREAD)
    relative = math.hypot(_ERROR, _ERROR_OF_A_SECOND / math.sqrt(max(seconds, 0.1)))
    doubt = habits.pace * (_DOUBT_OF_A_NAME_S * counted.spelt + _DOUBT_OF_A_WIDE_S * counted.wide)
    return Expected(seconds, math.hypot(own * relative * seconds, doubt))


def length_findings(
    contour: Contour, text: str, language: str, habits: Habits | None
) -> list[Finding]:
    """Too short or too long, if it is either."""
    least, most = length_bounds(text, language)
    if contour.seconds < least:
        return [_short(contour.seconds, least)]
    if contour.seconds > most:
        return [_long(contour.seconds, most)]
    if habits is None:
        return []
    expected = expect(text, language, habits)
    if expected is None:
        return []
    slack = _SHORT_SLACK_S + _SHORT_SLACK_OF_A_MARK_S * measure(text, language).inner_marks
    least = expected.seconds - _SHORT_ERRORS * expected.error_s - slack
    most = expected.seconds + _LONG_ERRORS * expected.error_s + _LONG_SLACK_S
    if contour.articulation_s < least:
        return [_short(contour.articulation_s, least, habits)]
    if contour.articulation_s > most:
        return [_long(contour.articulation_s, most, habits)]
    return []


def _short(seconds: float, least: float, habits: Habits | None = None) -> Finding:
    words = f"too short for its text ({seconds:.1f} s{_of(habits)}, at least {least:.1f} s)"
    return finding("short", words, 1 - seconds / least)


def _long(seconds: float, most: float, habits: Habits | None = None) -> Finding:
    words = f"too long for its text ({seconds:.1f} s{_of(habits)}, at most {most:.1f} s)"
    return finding("long", words, 1 - most / seconds)


def _of(habits: Habits | None) -> str:
    return "" if habits is None else " of sound at this voice's pace"
