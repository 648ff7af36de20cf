"""How much a chapter is raised before the limiter: the policy, without a sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from audio.profiles import Profile

SPEECH_MIN_DB: Final = -60.0  # RMS below which there is nothing to bring to a level
_GAIN_LIMITS_DB: Final = (-40.0, 40.0)
_MISSED_DB: Final = 0.3  # a level missed by more is corrected, once
_CORRECTION_LIMIT_DB: Final = 6.0  # more would only feed the limiter
_TRIES: Final = 20  # tenths of a decibel are met long before


def target_of(profile: Profile) -> float:
    """LUFS where the profile speaks of loudness, else dB RMS."""
    return profile.rms_target_db if profile.lufs_target is None else profile.lufs_target


def first_gain_db(rms_db: float, level_db: float, profile: Profile) -> float:
    """The gain that brings ``level_db`` to the profile's target; 0 for near-silence."""
    if rms_db < SPEECH_MIN_DB:
        return 0.0
    return _rounded(target_of(profile) - level_db)


def rendering_gain_db(
    first_db: float, level_db: float, target_db: float, loss_db: Callable[[float], float]
) -> float:
    """The gain with which the limited chapter meets its target: what peaks lose, made up for.

    Args:
        first_db: without a limiter.
        level_db: of the chapter, before any gain.
        loss_db: what the limiter would take at a gain, 0 or less.
    """
    gain = first_db
    for _ in range(_TRIES):
        missed = target_db - (level_db + gain + loss_db(gain))
        following = _rounded(min(first_db + _CORRECTION_LIMIT_DB, gain + missed))
        if following == gain:
            break
        gain = following
    return gain


def corrected_gain_db(
    gain_db: float, reached_db: float, target_db: float, first_db: float
) -> float:
    """The gain for a second try, where the first gave another level than was foretold.

    The same gain when it missed the target by no more than ``_MISSED_DB``.
    """
    missed = target_db - reached_db
    if abs(missed) <= _MISSED_DB:
        return gain_db
    wanted = gain_db + max(-_CORRECTION_LIMIT_DB, missed)
    return _rounded(min(first_db + _CORRECTION_LIMIT_DB, wanted))


def _rounded(gain_db: float) -> float:
    low, high = _GAIN_LIMITS_DB
    return round(max(low, min(high, gain_db)), 1) + 0.0  # never -0.0
