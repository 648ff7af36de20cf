"""Levels: one gain per voice and style, from its calibration takes.

No take of the book moves another chapter: the gain depends on a few fixed sentences of the
language, spoken once with ordinary keyed takes, and on the project's own ``gain_db``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audio.joins.level import calibrated_gain, measure_loudness
from audio.pcm import read_flac
from tasks.plan import Line

VoiceStyle = tuple[str, str]  # key of voices, style


@dataclass(frozen=True, slots=True)
class Level:
    """How a voice is levelled."""

    loudness: float | None  # LUFS of the calibration takes; None when there is none usable
    gain_db: float  # to apply, the project's own gain included


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
        gain = calibrated_gain(loudness) + lines[0].speaker.gain_db
        levels[voice] = Level(loudness, gain)
    return levels
