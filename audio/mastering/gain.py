"""How much a chapter is raised before the limiter: the policy, without a sound."""

from __future__ import annotations

from typing import Final

from audio.profiles import Profile

SPEECH_MIN_DB: Final = -60.0  # RMS below which there is nothing to bring to a level
_GAIN_LIMITS_DB: Final = (-40.0, 40.0)
_MISSED_DB: Final = 0.3  # a level missed by more is corrected, once
_CORRECTION_LIMIT_DB: Final = 6.0  # more would only feed the limiter


def target_of(profile: Profile) -> float:
    """LUFS where the profile speaks of loudness, else dB RMS."""
    return profile.rms_target_db if profile.lufs_target is None else profile.lufs_target


def first_gain_db(rms_db: float, level_db: float, profile: Profile) -> float:
    """The gain that brings ``level_db`` to the profile's target; 0 for near-silence."""
    if rms_db < SPEECH_MIN_DB:
        return 0.0
    return _rounded(target_of(profile) - level_db)


def corrected_gain_db(gain_db: float, reached_db: float, target_db: float) -> float:
    """The gain for the second try: limiting takes energy, so the first may fall short.

    The same gain when it missed the target by no more than ``_MISSED_DB``.
    """
    missed = target_db - reached_db
    if abs(missed) <= _MISSED_DB:
        return gain_db
    return _rounded(gain_db + max(-_CORRECTION_LIMIT_DB, min(_CORRECTION_LIMIT_DB, missed)))


def _rounded(gain_db: float) -> float:
    low, high = _GAIN_LIMITS_DB
    return round(max(low, min(high, gain_db)), 1) + 0.0  # never -0.0
