"""Other rates and paces for sound that is still coming: no seams, whatever the chunks."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.streaming.resampling import resample
from audio.streaming.tempo import change_tempo, steps

PCM = (np.sin(np.arange(20_000) * 2 * np.pi * 330 / 22050) * 9000).astype(np.int16)
CUTS = st.lists(st.integers(0, len(PCM)), max_size=6)


def parts(cuts: list[int]) -> list[np.ndarray]:
    return [PCM[a:b] for a, b in pairwise(sorted([0, *cuts, len(PCM)]))]


@given(CUTS, st.sampled_from([16000, 24000, 44100, 48000]))
@settings(max_examples=25, deadline=None)
def test_chunks_leave_no_seam_in_another_rate(cuts: list[int], wanted: int) -> None:
    whole = np.concatenate(list(resample([PCM], 22050, wanted)))
    found = np.concatenate(list(resample(parts(cuts), 22050, wanted)))
    np.testing.assert_array_equal(found, whole)
    assert abs(len(whole) - len(PCM) * wanted / 22050) <= 1


def test_the_rate_it_has_costs_nothing() -> None:
    assert next(resample([PCM], 24000, 24000)) is PCM
    assert list(resample([], 24000, 48000)) == []


@given(CUTS, st.sampled_from([0.25, 0.8, 1.7, 4.0]))
@settings(max_examples=12, deadline=None)
def test_chunks_leave_no_seam_in_another_tempo(cuts: list[int], speed: float) -> None:
    whole = np.concatenate(list(change_tempo([PCM], 22050, speed)))
    found = np.concatenate(list(change_tempo(parts(cuts), 22050, speed)))
    np.testing.assert_array_equal(found, whole)
    assert len(whole) == pytest.approx(len(PCM) / speed, rel=0.05)


def test_the_pitch_stays() -> None:
    fast = np.concatenate(list(change_tempo([PCM], 22050, 1.5)))[2000:10000].astype(float)
    spectrum = np.abs(np.fft.rfft(fast * np.hanning(len(fast))))
    assert np.argmax(spectrum) * 22050 / len(fast) == pytest.approx(330, abs=5)


@given(st.floats(0.25, 4.0))
def test_no_filter_is_asked_for_more_than_it_can(speed: float) -> None:
    found = steps(speed)
    assert math.prod(found) == pytest.approx(speed)
    assert all(0.5 <= factor <= 2.0 for factor in found)


def test_silence_in_the_line_and_nothing_at_all() -> None:
    assert list(change_tempo([], 24000, 2.0)) == []
    assert list(change_tempo([PCM[:0]], 24000, 2.0)) == []
    assert next(change_tempo([PCM], 24000, 1.0)) is PCM
