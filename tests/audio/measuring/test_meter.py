from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio.measuring.meter import NOTHING_DB, Levels, Meter, decibels

RATE = 8000


def metered(
    samples: NDArray[np.float64], pieces: list[int] | None = None, channels: int = 1
) -> Levels:
    meter = Meter(RATE, channels)
    flat = samples.astype(np.float32)
    start = 0
    for size in pieces or []:
        meter.add(flat[start : start + size * channels])
        start += size * channels
    meter.add(flat[start:])
    return meter.levels()


def noise(seconds: float, level_db: float, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 10 ** (level_db / 20), round(seconds * RATE))


def floor_by_definition(samples: NDArray[np.float64]) -> float:
    """The slow way: every window of 0.4 s, stepped by 0.1 s."""
    step = RATE // 10
    starts = range(0, len(samples) - 4 * step + 1, step)
    return min(float(np.sqrt(np.mean(samples[s : s + 4 * step] ** 2))) for s in starts)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_energy_of_16_bit_samples_is_exact(seed: int) -> None:
    """Any order of adding gives the same RMS, so that every machine finds the same gain."""
    samples = np.random.default_rng(seed).integers(-32768, 32768, 3210)
    exact = math.sqrt(sum(int(s) ** 2 for s in samples) / 3210) / 32768
    assert metered(samples / 32768).rms_db == decibels(exact)
    assert metered(samples[::-1] / 32768).rms_db == decibels(exact)


def test_a_sine_has_the_levels_of_the_book() -> None:
    sine = np.sin(2 * np.pi * 100 * np.arange(RATE * 2) / RATE)
    levels = metered(sine * 0.5)
    assert levels.rms_db == pytest.approx(-9.03, abs=0.011)
    assert levels.peak_db == pytest.approx(-6.02, abs=0.011)
    assert levels.floor_db == pytest.approx(-9.03, abs=0.011)
    assert (levels.frames, levels.duration_s) == (2 * RATE, 2.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 1700), max_size=25), st.integers(0, 3))
def test_the_size_of_the_blocks_changes_nothing(pieces: list[int], seed: int) -> None:
    sound = np.concatenate(
        (noise(0.5, -70), noise(1.03, -10, seed), np.zeros(4001), [1.0, 1.0, 1.0])
    )
    assert metered(sound, pieces) == metered(sound)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(0.05, 0.8), st.floats(-80, -10)), min_size=2, max_size=8))
def test_the_floor_is_the_quietest_window(parts: list[tuple[float, float]]) -> None:
    sound = np.concatenate([noise(max(s, 0.2), db, i) for i, (s, db) in enumerate(parts)])
    sound = np.concatenate((sound, noise(0.4, -20, 99)))
    wanted = 20 * math.log10(floor_by_definition(sound))
    assert metered(sound).floor_db == pytest.approx(wanted, abs=0.02)


def test_audio_shorter_than_a_window_is_one_window() -> None:
    levels = metered(noise(0.03, -20))
    assert levels.floor_db == levels.rms_db
    assert levels.frames == 240


def test_nothing_and_silence_have_no_minus_infinity() -> None:
    for sound in (np.zeros(0), np.zeros(5 * RATE)):
        levels = metered(sound)
        assert levels.rms_db == levels.peak_db == levels.floor_db == NOTHING_DB
    assert levels.head_s == levels.tail_s == 5.0
    assert levels.dead_s == 5.0


def test_head_and_tail_are_where_the_sound_is() -> None:
    bed = noise(6.0, -72)
    bed[round(0.75 * RATE) : round(3.55 * RATE)] += noise(2.8, -20, 1)
    levels = metered(bed)
    assert levels.head_s == pytest.approx(0.75, abs=0.011)
    assert levels.tail_s == pytest.approx(2.45, abs=0.011)
    assert levels.dead_s == 0


def test_sound_that_ends_in_the_last_part_of_a_step_has_no_tail() -> None:
    sound = np.concatenate((np.zeros(RATE), noise(0.05, -20)))
    levels = metered(sound)
    assert levels.head_s == 1.0
    assert levels.tail_s == 0.0


def test_dead_silence_is_the_longest_stretch() -> None:
    parts = [noise(1, -20), np.zeros(RATE), noise(1, -20), np.zeros(3 * RATE), noise(1, -20)]
    assert metered(np.concatenate(parts)).dead_s == pytest.approx(3.0, abs=0.11)


@pytest.mark.parametrize(("run", "clips"), [(2, 0), (3, 1), (40, 1)])
def test_a_clip_is_three_full_samples(run: int, clips: int) -> None:
    sound = np.zeros(1000)
    sound[500 : 500 + run] = -1.0
    assert metered(sound).clips == clips
    assert metered(sound, [501]).clips == clips
    assert metered(sound, [501, 1, 1]).clips == clips


def test_channels_are_not_mixed_up() -> None:
    stereo = np.zeros((RATE, 2))
    stereo[::1, 0] = 1.0  # one channel full, the other silent: one long clip
    levels = metered(stereo.ravel(), channels=2)
    assert levels.clips == 1
    assert levels.frames == RATE
    assert levels.rms_db == pytest.approx(-3.01, abs=0.011)


def test_a_rate_without_whole_centiseconds() -> None:
    meter = Meter(22050)
    meter.add(np.random.default_rng(0).normal(0, 0.1, 22050 * 3).astype(np.float32))
    assert meter.levels().rms_db == pytest.approx(-20, abs=0.1)


def test_decibels() -> None:
    assert decibels(1.0) == 0.0
    assert decibels(0.0) == NOTHING_DB
    assert decibels(random.Random(1).uniform(1e-9, 1e-7)) == NOTHING_DB
