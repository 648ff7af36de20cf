"""The best clips of a long recording: what they hold, where they are cut, what is no clip."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_takes import babble, silence

from audio import ffmpeg
from audio.recordings.course import Course, read_stretches, trace_course
from audio.recordings.proposals import propose_clips
from castbook.errors import VoiceError

RATE = 16000
SENTENCES = [2.1, 1.4, 3.2, 2.6, 1.1, 4.0, 1.9, 2.8]


def reading(seed: int = 0, *, level: float = 0.2, noise: float = 3.0) -> np.ndarray:
    """About 23 s: sentences with a pause after each, over a quiet room."""
    parts = []
    for number, seconds in enumerate(SENTENCES):
        parts += [babble(seconds, RATE, seed=seed + number, level=level), silence(0.5, RATE)]
    whole = np.concatenate(parts).astype(float)
    whole += np.random.default_rng(seed).normal(0, noise, len(whole))
    return np.clip(np.rint(whole), -32768, 32767).astype(np.int16)


GOOD = reading()


def course_of(samples: np.ndarray, folder: Path) -> Course:
    path = folder / "recording.wav"
    soundfile.write(path, samples, RATE)
    return trace_course(path)


def test_three_clips_cut_in_pauses(tmp_path: Path) -> None:
    course = course_of(GOOD, tmp_path)
    clips = propose_clips(course)
    assert len(clips) == 3
    assert [clip.points for clip in clips] == sorted(clip.points for clip in clips)
    for clip in clips:
        assert 3.0 <= clip.seconds <= 10.0
        sound = GOOD[clip.start : clip.end].astype(float)
        for edge in (sound[: RATE // 20], sound[-RATE // 20 :]):
            assert np.abs(edge).max() < 30  # the room only
        assert clip.speech_share > 0.6 and clip.clipped == 0.0
    spans = sorted((clip.start, clip.end) for clip in clips)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert propose_clips(course) == clips


@pytest.mark.parametrize(
    "bad",
    [
        reading(20, noise=900.0),
        np.clip(reading(20).astype(int) * 9, -32768, 32767).astype(np.int16),
        reading(20, level=0.015),
    ],
    ids=["noisy", "overdriven", "far away"],
)
@pytest.mark.parametrize("first", [True, False])
def test_the_good_part_is_found(bad: np.ndarray, first: bool, tmp_path: Path) -> None:
    parts = (bad, GOOD) if first else (GOOD, bad)
    clips = propose_clips(course_of(np.concatenate(parts), tmp_path))
    begin = len(bad) if first else 0
    assert len(clips) == 3
    assert all(begin - RATE // 4 <= c.start and c.end <= begin + len(GOOD) for c in clips)


def test_a_short_recording_is_taken_whole(tmp_path: Path) -> None:
    (clip,) = propose_clips(course_of(GOOD[: 5 * RATE + 7], tmp_path))
    assert (clip.start, clip.end) == (0, 5 * RATE + 7)


def test_words_are_cut_apart_only_where_nothing_better_is(tmp_path: Path) -> None:
    """A hurried reader who pauses for a tenth of a second: clips are found all the same."""
    hurried = np.concatenate(
        [np.concatenate((babble(1.3, RATE, seed=n), silence(0.12, RATE))) for n in range(14)]
    )
    clips = propose_clips(course_of(hurried, tmp_path))
    assert clips
    for clip in clips:
        assert np.abs(hurried[clip.start : clip.start + 80].astype(int)).max() < 300


TIME = np.arange(12 * RATE) / RATE


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(12 * RATE),
        np.random.default_rng(1).normal(0, 3000, 12 * RATE),
        9000 * np.sin(2 * np.pi * 300 * TIME),
        3000 * np.sin(2 * np.pi * 50 * TIME),
        9000 * np.sin(2 * np.pi * 800 * TIME) * (TIME % 2 < 1),
        30000.0 * (np.arange(12 * RATE) % RATE == 0),
        np.zeros(0),
        np.ones(40),
    ],
    ids=["silence", "noise", "tone", "hum", "beeps", "clicks", "nothing", "shorter than a frame"],
)
def test_what_is_no_speech_offers_nothing(samples: np.ndarray, tmp_path: Path) -> None:
    assert propose_clips(course_of(samples.astype(np.int16), tmp_path)) == ()


def test_samples_come_from_the_very_place_in_any_format(tmp_path: Path) -> None:
    stretches = [(RATE, 4 * RATE), (2 * RATE + 13, 2 * RATE + 14), (len(GOOD) - 5, len(GOOD) + 9)]
    for suffix in ("wav", "flac"):
        path = tmp_path / f"r.{suffix}"
        soundfile.write(path, np.stack((GOOD, GOOD), 1), RATE)
        for found, (start, end) in zip(read_stretches(path, stretches), stretches, strict=True):
            assert np.array_equal(found, GOOD[start:end])


def test_containers_go_through_ffmpeg(tmp_path: Path) -> None:
    source, out = tmp_path / "r.wav", tmp_path / "r.m4a"
    soundfile.write(source, GOOD, RATE)
    ffmpeg.run(["-i", ffmpeg.url(source), "-c:a", "aac", ffmpeg.url(out)], timeout_s=60)
    course = trace_course(out)
    assert course.rate == RATE and course.seconds == pytest.approx(len(GOOD) / RATE, abs=0.2)
    assert len(propose_clips(course)) == 3
    out.write_bytes(out.read_bytes()[:300])
    with pytest.raises(VoiceError, match="damaged or not really audio"):
        trace_course(out)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be opened: No such file"),
        (b"", "not audio castbook can read"),
        (b"Come at once if convenient.", "not audio castbook can read"),
        (b"fLaC" + b"\xff" * 500, "damaged or not really audio"),
        (b"\0\0\0 ftypM4A #EXTM3U\nfile:///etc/hostname\n", "damaged or not really audio"),
    ],
)
def test_what_is_no_recording_is_one_clear_line(
    content: bytes | None, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "recording.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VoiceError) as caught:
        trace_course(path)
    assert says in str(caught.value) and str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
