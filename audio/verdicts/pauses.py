"""Holes and silence in a take, weighed against the marks of its text."""

from __future__ import annotations

from typing import Final

from audio.verdicts.contour import Contour
from audio.verdicts.findings import Finding, finding
from audio.verdicts.habits import Habits
from audio.verdicts.texts import measure

_LONGEST_S: Final = 1.2  # clean takes: at most 0.48
_LONGEST_BY_HABIT_S: Final = 0.85  # a second of silence where there was none is then heard
_LONGEST_OF_OWN: Final = 3.0  # times the longest pause of the calibration takes
# Clean takes: at most 0.35, but for texts that are mostly marks.
_SHARE: Final = 0.45
_SHARE_BY_HABIT: Final = 0.42
_SHARE_FROM_S: Final = 1.0  # in less, one ordinary pause is a large share
# “Stop! stop! stop!” is half silence, as it should be: every inner mark explains a pause of
# that length, and the rest of the share is counted without them.
_EXPLAINED_S: Final = 0.5


def pause_findings(
    contour: Contour, text: str, language: str, habits: Habits | None
) -> list[Finding]:
    """A pause too long, or else too much silence in all."""
    longest = _LONGEST_S
    if habits is not None:
        longest = min(longest, max(_LONGEST_BY_HABIT_S, _LONGEST_OF_OWN * habits.gap_s))
    if contour.longest_gap_s > longest:
        words = f"a pause of {contour.longest_gap_s:.1f} s inside"
        return [finding("pause", words, contour.longest_gap_s / 10)]
    most = _SHARE if habits is None else _SHARE_BY_HABIT
    if contour.seconds < _SHARE_FROM_S or contour.pause_share <= most:
        return []
    marks = measure(text, language).inner_marks
    explained = min(contour.gaps_s, _EXPLAINED_S * marks)
    silent = contour.pause_share * contour.seconds - explained
    if silent <= most * (contour.seconds - explained):
        return []
    words = f"{contour.pause_share:.0%} of it is silence"
    return [finding("silence", words, contour.pause_share)]
