"""What a listener would notice where takes meet: clicks, jumps of level, false resampling."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_takes import RATE, babble, piece, with_edges

from audio.joins.level import calibrated_gain, measure_loudness
from audio.joins.stitch import Piece, stitch
from audio.pcm import Pcm
from audio.timeline import Timeline

CHAPTER_RATE = 44100


def stitched(pieces: Sequence[Piece], folder: Path) -> tuple[np.ndarray, Timeline]:
    path = folder / "chapter.wav"
    timeline = stitch(pieces, path, rate=CHAPTER_RATE, head_ms=100, tail_ms=100)
    return soundfile.read(path, dtype="int16")[0], timeline


def rough(seed: int, offset: int) -> Pcm:
    """A take as bad as engines make them: it begins and ends in the middle of a vowel, and
    stands on a constant offset that its own silences show."""
    voiced = babble(1.2, seed=seed, level=0.25)
    loud = np.flatnonzero(np.abs(voiced) > 0.6 * np.abs(voiced).max())
    return (voiced[loud[0] : loud[-1]].astype(int) + offset).astype(np.int16)


@pytest.mark.parametrize("pause_ms", [0, 130])
@pytest.mark.parametrize("offset", [0, 900, -1500])
def test_no_click_at_a_join(tmp_path: Path, offset: int, pause_ms: int) -> None:
    takes = [rough(seed, offset) for seed in range(4)]
    assert min(abs(int(take[0]) - offset) for take in takes) > 3000  # unedited, they would click
    pieces = [piece(tmp_path, take, pause_ms=pause_ms, gain_db=2.5) for take in takes]
    samples, timeline = stitched(pieces, tmp_path)
    steps = np.abs(np.diff(samples.astype(int)))
    near = CHAPTER_RATE // 50  # 20 ms on both sides of where a take begins or ends
    joins = np.zeros(steps.size, bool)
    for cue in timeline.cues:
        for frame in (cue.start, cue.end):
            joins[max(0, frame - near) : frame + near] = True
    assert steps[joins].max() <= steps[~joins].max()
    # a click is a step alone: at the join itself there is none at all
    edges = [frame for cue in timeline.cues for frame in (cue.start, cue.end)]
    assert max(steps[frame - 2 : frame + 2].max() for frame in edges) < 0.02 * np.abs(samples).max()


def test_voices_twelve_lu_apart_end_within_one(tmp_path: Path) -> None:
    """Each has a gain of its calibration, and speaks other sentences than those."""
    levels = {"loud": 0.6, "middle": 0.3, "soft": 0.15, "softer": 0.6 * 10 ** (-12 / 20)}
    pieces, before = [], {}
    for number, (voice, level) in enumerate(levels.items()):
        calibration = [babble(2.0, seed=10 * number + n, level=level) for n in range(2)]
        before[voice] = measure_loudness(calibration, RATE)
        gain = calibrated_gain(before[voice])
        pieces += [
            piece(
                tmp_path,
                with_edges(babble(2.5, seed=10 * number + n, level=level)),
                gain_db=gain,
                anchor=voice,
            )
            for n in (5, 6)
        ]
    assert max(before.values()) - min(before.values()) > 11
    samples, timeline = stitched(pieces, tmp_path)
    after = {
        voice: measure_loudness(
            [samples[cue.start : cue.end] for cue in timeline.cues if cue.anchor == voice],
            CHAPTER_RATE,
        )
        for voice in levels
    }
    assert max(after.values()) - min(after.values()) <= 1.0, after


def test_no_two_rates_ever_meet_in_pydub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would resample without a filter, and without a word: images at −12 dB."""
    from pydub import AudioSegment

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("pydub was about to join or resample")

    for method in ("_sync", "set_frame_rate", "append", "__add__", "overlay", "silent", "empty"):
        monkeypatch.setattr(AudioSegment, method, refused)
    rates: list[int] = []
    gained = AudioSegment.apply_gain

    def noted(segment: AudioSegment, decibels: float) -> AudioSegment:
        rates.append(segment.frame_rate)
        return gained(segment, decibels)

    monkeypatch.setattr(AudioSegment, "apply_gain", noted)
    own = [16000, 22050, 24000, 32000, 44100, 48000]
    pieces = [piece(tmp_path, babble(0.3, rate), rate, gain_db=-2.0) for rate in own]
    _, timeline = stitched(pieces, tmp_path)
    assert rates == own  # each take is edited at its own rate
    lengths = [cue.end - cue.start for cue in timeline.cues]
    assert lengths == pytest.approx([0.3 * CHAPTER_RATE] * len(own), abs=0.011 * CHAPTER_RATE)
