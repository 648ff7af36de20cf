"""One edited take: nothing lost, nothing clipped, nothing clicking."""

from __future__ import annotations

import numpy as np
import pytest
from audio_takes import RATE, babble, silence, with_edges
from hypothesis import given
from hypothesis import strategies as st

from audio.joins.edit import edit_take
from castbook.errors import BrokenPromise

RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000]


def noise(count: int, level: int = 8000, seed: int = 0) -> np.ndarray:
    """Without a constant offset: every other sample is the one before it, turned round."""
    half = np.random.default_rng(seed).integers(-level, level, count - count // 2)
    return np.stack((half, -half), axis=1).reshape(-1)[:count].astype(np.int16)


@given(
    rate=st.sampled_from(RATES),
    count=st.integers(1, 9000),
    gain=st.sampled_from([-12.0, -0.5, 0.0, 3.5, 12.0]),
    fade=st.integers(0, 30),
)
def test_sound_from_edge_to_edge_keeps_every_frame(
    rate: int, count: int, gain: float, fade: int
) -> None:
    edited = edit_take(noise(count), rate, gain_db=gain, fade_ms=fade)
    assert len(edited.pcm) == count and edited.head == 0
    assert edited.pcm.dtype == np.int16


@given(
    rate=st.sampled_from(RATES),
    before=st.integers(0, 20000),
    after=st.integers(0, 20000),
    keep=st.integers(0, 100),
)
def test_silence_is_cut_to_the_kept_margin(rate: int, before: int, after: int, keep: int) -> None:
    sound = noise(rate // 2)
    take = np.concatenate((np.zeros(before, np.int16), sound, np.zeros(after, np.int16)))
    edited = edit_take(take, rate, gain_db=0, keep_ms=keep, fade_ms=0)
    margin, frame = keep * rate // 1000, rate // 100
    assert before - margin - frame < max(edited.head, 1)
    assert edited.head <= max(0, before - margin)
    # what is left is the take's own samples, where the head says
    assert np.array_equal(edited.pcm, take[edited.head : edited.head + len(edited.pcm)])
    end = edited.head + len(edited.pcm)
    last = before + len(sound)
    # a few samples of sound in an otherwise silent frame of 10 ms are no sound
    assert min(last + margin - frame, len(take)) <= end <= min(last + margin + frame, len(take))


@pytest.mark.parametrize("level", [0, 20])
def test_a_take_without_sound_is_never_trimmed_to_nothing(level: int) -> None:
    take = np.full(5000, level // 4, np.int16)
    edited = edit_take(take, RATE, gain_db=3)
    assert len(edited.pcm) == 5000 and edited.head == 0


def test_an_empty_take_is_our_own_mistake() -> None:
    with pytest.raises(BrokenPromise, match="without a single sample"):
        edit_take(np.zeros(0, np.int16), RATE, gain_db=0)


def test_a_click_between_two_frames_of_the_grid_is_kept() -> None:
    take = silence(1.0)
    take[12345] = 20000
    edited = edit_take(take, RATE, gain_db=0)
    assert edited.pcm[12345 - edited.head] == 20000
    assert 0.04 * RATE <= 12345 - edited.head < 0.05 * RATE


@pytest.mark.parametrize("gain", [-6.0, 6.0])
def test_the_gain_is_the_gain(gain: float) -> None:
    take = babble(1.0, level=0.1)
    edited = edit_take(take, RATE, gain_db=gain, fade_ms=0)
    expected = take[edited.head : edited.head + len(edited.pcm)] * 10 ** (gain / 20)
    assert np.abs(edited.pcm - expected).max() <= 1  # one step of 16 bits


def test_a_gain_never_clips_and_never_turns_into_a_cut() -> None:
    loud = babble(1.0, level=0.8)
    edited = edit_take(loud, RATE, gain_db=12)
    assert 0.9 < np.abs(edited.pcm).max() / 32768 < 10 ** (-0.49 / 20)
    full = babble(1.0, level=1.0)
    assert np.abs(edit_take(full, RATE, gain_db=12).pcm).max() == np.abs(full).max()


def test_fades_reach_silence_and_leave_the_middle_alone() -> None:
    take = np.full(RATE, 10000, np.int16)
    take[::2] *= -1
    edited = edit_take(take, RATE, gain_db=0, fade_ms=8)
    fade = 8 * RATE // 1000
    heights = np.abs(edited.pcm.astype(int))
    assert heights[0] <= 1 and heights[-1] <= 10000 / fade + 1
    assert np.all(np.abs(np.diff(heights[:fade])) <= 10000 / fade + 2)
    assert np.array_equal(edited.pcm[fade:-fade], take[fade:-fade])


def test_a_constant_offset_goes_and_silence_stays_zero() -> None:
    take = with_edges(babble(1.0, level=0.2))
    plain = edit_take(take, RATE, gain_db=0)
    moved = edit_take((take + 700).astype(np.int16), RATE, gain_db=0)
    assert moved.head == plain.head > 0  # the offset did not pass for sound
    assert np.array_equal(moved.pcm, plain.pcm)
    small = edit_take((take + 3).astype(np.int16), RATE, gain_db=0, fade_ms=0)
    assert small.pcm[0] == 3  # not worth touching


def test_an_offset_under_noise_goes_too() -> None:
    """A voice cloned from a noisy clip has no frame below −60 dBFS: its quietest ones tell."""
    noise = np.random.default_rng(1).normal(0, 110, 33600)
    noisy = with_edges(babble(1.0, level=0.9)) + noise
    edited = edit_take(np.rint(noisy + 900).astype(np.int16), RATE, gain_db=0)
    assert abs(edited.pcm[:800].mean()) < 25
    assert edited.head > 0.1 * RATE


def test_sound_that_leans_to_one_side_is_no_offset() -> None:
    """Voiced espeak sound has a mean; its silence has none and is still trimmed."""
    leaning = np.abs(babble(1.0, level=0.2))
    edited = edit_take(with_edges(leaning), RATE, gain_db=0, fade_ms=0)
    assert edited.head > 0.1 * RATE
    assert edited.pcm[0] == 0


def test_a_quiet_hum_and_a_last_sample_are_no_offset() -> None:
    time = np.arange(RATE + 1) / RATE
    hum = np.rint(60 * np.sin(2 * np.pi * 20 * time)).astype(np.int16)  # leans for 25 ms at once
    hum[:4800] += babble(0.2)
    hum[-1] = 900
    edited = edit_take(hum, RATE, gain_db=0, trim_db=-90, fade_ms=0)
    assert np.array_equal(edited.pcm, hum)


def test_the_trim_is_of_the_levelled_take() -> None:
    """A whisper 46 dB down is speech in a voice that is raised by 12 dB."""
    whisper = with_edges(noise(RATE, level=160))
    assert len(edit_take(whisper, RATE, gain_db=-12).pcm) == len(whisper)  # nothing left: whole
    raised = edit_take(whisper, RATE, gain_db=12)
    assert RATE <= len(raised.pcm) < 1.1 * RATE


def test_sound_in_the_unfinished_last_frame_is_kept() -> None:
    take = np.zeros(1000, np.int16)
    take[-3:] = [30000, -30000, 30000]
    edited = edit_take(take, RATE, gain_db=0, keep_ms=0, fade_ms=0)
    assert edited.head == 960 and len(edited.pcm) == 40


def test_equal_takes_give_equal_bytes() -> None:
    take = with_edges(babble(2.0, seed=3))
    one, two = (edit_take(take.copy(), RATE, gain_db=2.5) for _ in range(2))
    assert one.pcm.tobytes() == two.pcm.tobytes()
