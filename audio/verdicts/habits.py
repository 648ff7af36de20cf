"""The habits of a voice: what its takes are like, measured from its calibration takes.

Every voice and style speaks the same few sentences of the language before anything else.
They show its pace, its pauses, its level, how it ends and how its noise sounds, so that a
take is judged by the voice's own measure; hard bounds that must hold for every voice see
half as much. Habits depend on those takes alone, never on other takes of the book.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from audio.pcm import Pcm
from audio.verdicts.clipping import clipped
from audio.verdicts.contour import trace
from audio.verdicts.echoes import echoes, evidence
from audio.verdicts.mains import usual
from audio.verdicts.noises import ceilings, flatness, fullness, quietest
from audio.verdicts.spectrum import picture
from audio.verdicts.texts import articulation_seconds

FEWEST: Final = 3  # sentences; fewer say nothing about how much a voice varies


@dataclass(frozen=True, slots=True)
class Spoken:
    """A calibration take and its text."""

    pcm: Pcm  # int16 (n,), mono
    rate: int
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Habits:
    """How a voice speaks. Levels in dB; "most" and "least" are over the sentences."""

    pace: float  # seconds of sound for each second that the text's measure says
    pace_spread: float  # most relative difference of a sentence from that
    gap_s: float  # longest pause inside a sentence
    level_db: float  # dBFS, mean of the sounding frames
    level_spread_db: float  # most difference of a sentence from that
    step_db: float  # most difference of level inside a sentence
    end_db: float  # loudest ending, against the take's loud frames
    fall_db: float  # the least fall before the end
    last_db: float  # the last 10 ms, against the take's loud frames, on average
    quiet_s: float  # the longest silence at the end
    quiet_spread_s: float  # how much longer than the shortest
    reach_db: tuple[float, ...]  # how loud each band gets (audio/verdicts/noises.py)
    fullness_db: float  # how near all bands came to that together
    flatness_db: float  # how like white noise that was
    ground_db: tuple[float, ...]  # how quiet each band gets at least (24,)
    echo: float  # how like itself a take is by chance, on average (audio/verdicts/echoes.py)
    mains_db: float  # how steady mains lines are in a second (audio/verdicts/mains.py)
    clipped: float  # share of samples at full scale (audio/verdicts/clipping.py)


def learn(spoken: Sequence[Spoken]) -> Habits | None:
    """The habits that these takes show; None when fewer than three of them sound."""
    traced = [(take, trace(take.pcm, take.rate)) for take in spoken]
    sounding = [(take, contour) for take, contour in traced if contour is not None]
    if len(sounding) < FEWEST:
        return None
    contours = [contour for _, contour in sounding]
    paces = [c.articulation_s / articulation_seconds(t.text, t.language) for t, c in sounding]
    pace = sum(paces) / len(paces)
    levels = [contour.level_db for contour in contours]
    level = sum(levels) / len(levels)
    quiets = [contour.quiet_s for contour in contours]
    pictures = [picture(take.pcm, take.rate) for take, _ in sounding]
    reach = ceilings(np.concatenate(pictures))
    return Habits(
        pace=pace,
        pace_spread=max(abs(one / pace - 1) for one in paces),
        gap_s=max(contour.longest_gap_s for contour in contours),
        level_db=level,
        level_spread_db=max(abs(one - level) for one in levels),
        step_db=max(contour.step_db for contour in contours),
        end_db=max(contour.end_db - contour.loud_db for contour in contours),
        fall_db=max(contour.fall_db for contour in contours),
        last_db=sum(contour.last_db - contour.loud_db for contour in contours) / len(contours),
        quiet_s=max(quiets),
        quiet_spread_s=max(quiets) - min(quiets),
        reach_db=tuple(float(band) for band in reach),
        fullness_db=max(fullness(one, reach) for one in pictures),
        flatness_db=max(flatness(p, t.rate) for p, (t, _) in zip(pictures, sounding, strict=True)),
        ground_db=tuple(float(band) for band in np.max([*map(quietest, pictures)], axis=0)),
        echo=sum(evidence(echoes(one)) for one in pictures) / len(pictures),
        mains_db=max(usual(take.pcm, take.rate) for take, _ in sounding),
        clipped=max(clipped(take.pcm) for take, _ in sounding),
    )
