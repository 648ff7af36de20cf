"""The limiter: its ceiling, its slopes, and what it foretells of the level."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mastering_sounds import speech

from audio.mastering.limiter import Limiter, Outline
from audio.pcm import Pcm

RATE = 8000  # 8 frames a step


def limiter(samples: Pcm, gain_db: float, peak_db: float, rate: int = RATE) -> Limiter:
    outline = Outline(rate)
    outline.add(samples)
    return Limiter(outline, gain_db, peak_db)


sounds = st.lists(
    st.tuples(st.integers(1, 200), st.sampled_from([0, 40, 3000, 20000, 32768])), max_size=8
).map(lambda parts: noise(parts))


def noise(parts: list[tuple[int, int]]) -> Pcm:
    generator = np.random.default_rng(len(parts))
    pieces = [generator.integers(-high, high, size) for size, high in parts if high]
    joined: Pcm = np.concatenate([*pieces, np.zeros(1)]).astype(np.int16)
    return joined


@settings(max_examples=60, deadline=None)
@given(sounds, st.floats(-20, 40), st.sampled_from([-0.1, -3.6, -20.0]))
def test_nothing_is_above_the_ceiling(sound: Pcm, gain_db: float, peak_db: float) -> None:
    made = limiter(sound, gain_db, peak_db).run(0, sound)
    assert len(made) == len(sound)
    assert np.abs(made).max() <= math.floor(32768 * 10 ** (peak_db / 20))


@settings(max_examples=40, deadline=None)
@given(sounds, st.lists(st.integers(0, 200), max_size=4))
def test_portions_do_not_matter(sound: Pcm, cuts: list[int]) -> None:
    whole = limiter(sound, 6.0, -3.6)
    outline = Outline(RATE)
    for part in np.split(sound, sorted(min(cut, len(sound)) for cut in cuts)):
        outline.add(part)
    again = Limiter(outline, 6.0, -3.6)
    places = [0, *sorted({min(cut * 8, len(sound) // 8 * 8) for cut in cuts}), len(sound)]
    parts = [again.run(a, sound[a:b]) for a, b in itertools.pairwise(places)]
    assert np.array_equal(np.concatenate(parts), whole.run(0, sound))


def test_slopes_around_a_peak() -> None:
    """A gain of one half at the peak, reached over 5 ms before it, left over 50 ms behind it."""
    sound = np.full(44100, 1000, np.int16)
    sound[20000:20010] = 32000
    made = limiter(sound, 0.0, 20 * math.log10(16000 / 32768), 44100).run(0, sound)
    gain = made / sound
    step = 44
    assert gain[20000:20010].max() <= 0.5 and gain[20000:20010].min() > 0.49
    assert np.array_equal(made[: 20000 - 7 * step], sound[: 20000 - 7 * step])
    assert np.array_equal(made[20010 + 53 * step :], sound[20010 + 53 * step :])
    # no click: it falls by at most 0.5 in 5 ms, 0.0023 a frame, and rounding adds half a step
    assert np.abs(np.diff(gain)).max() < 0.0023 + 0.0011
    behind = gain[20010 + 2 * step : 20010 + 50 * step]
    assert np.all(np.diff(behind) >= -0.0011) and behind[-1] > 0.95


def test_the_level_that_is_left_is_foretold() -> None:
    sound = speech(6, level_db=-24.0)
    for gain_db in (0.0, 6.0, 12.0, 20.0):
        one = limiter(sound, gain_db, -3.6, 44100)
        made = one.run(0, sound).astype(np.float64)
        raised = sound.astype(np.float64) * 10 ** (gain_db / 20)
        lost = 10 * np.log10((made**2).mean() / (raised**2).mean())
        assert one.loss_db() == pytest.approx(lost, abs=0.1), gain_db
    assert one.loss_db() < -1
    assert limiter(np.zeros(900, np.int16), 40.0, -3.6).loss_db() == 0.0


def test_the_loudest_sample_there_is() -> None:
    sound = np.full(80, -32768, np.int16)
    assert limiter(sound, 0.0, 0.0).run(0, sound).min() >= -32768
    assert limiter(sound, 6.0, -6.0).run(0, sound).min() >= -16423
