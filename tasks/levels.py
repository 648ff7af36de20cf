"""Levels: one gain per voice and style, from its calibration takes.

No take of the book moves another chapter: the gain depends on a few fixed sentences of the
language, spoken once with ordinary keyed takes, and on the project's own ``gain_db``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audio.joins.level import calibrated_gain, measure_loudness, missing_gain
from audio.pcm import read_flac
from tasks.plan import Line

VoiceStyle = tuple[str, str]  # key of voices, style
NOTICED_LU = 1.0  # what a voice may be off before a person is told: listeners hardly hear less


@dataclass(frozen=True, slots=True)
class Level:
    """How a voice is levelled."""

    loudness: float | None  # LUFS of the calibration takes; None when there is none usable
    gain_db: float  # to apply, the project's own gain included
    missing_db: float = 0.0  # what it lacks still, over 12 dB; negative: it stays too loud


def measure_levels(calibration: Iterable[Line]) -> Mapping[VoiceStyle, Level]:
    """The level of every voice and style whose calibration lines all have takes.

    A voice with an open calibration line is missing from the result: its chapters wait.
    """
    groups: dict[VoiceStyle, list[Line]] = {}
    for line in calibration:
        groups.setdefault((line.speaker.voice_name, line.speaker.style), []).append(line)
    levels = {}
    for voice, lines in groups.items():
        takes = [line.take for line in lines if line.take is not None]
        if len(takes) < len(lines):
            continue
        loudness = measure_loudness([read_flac(take.audio)[0] for take in takes], takes[0].rate)
        own = lines[0].speaker.gain_db
        missing = missing_gain(loudness)
        levels[voice] = Level(
            loudness=loudness,
            gain_db=calibrated_gain(loudness) + own,
            missing_db=round(missing - own, 1) + 0.0 if missing else 0.0,
        )
    return levels


def level_warning(voice: VoiceStyle, level: Level) -> str | None:
    """What a person should know of a voice that one gain does not bring to the others."""
    if abs(level.missing_db) < NOTICED_LU or level.loudness is None:
        return None
    name, style = voice
    said = f"{name!r} ({style})" if style else repr(name)
    soft = level.missing_db > 0
    own = (
        f"raise its gain_db by {level.missing_db:g}"
        if soft
        else (f"lower its gain_db by {-level.missing_db:g}")
    )
    return (
        f"voice {said} stays {abs(level.missing_db):g} LU {'below' if soft else 'above'} the other "
        f"voices: it speaks at {level.loudness:.1f} LUFS and is brought nearer by 12 dB at most; "
        f"use a {'louder' if soft else 'softer'} clip or another voice, or {own}"
    )


def level_warnings(levels: Mapping[VoiceStyle, Level]) -> tuple[str, ...]:
    """All of them, in the order of the voices' names."""
    found = (level_warning(voice, levels[voice]) for voice in sorted(levels))
    return tuple(warning for warning in found if warning is not None)
