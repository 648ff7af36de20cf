"""Loudness against the streaming meter and the standard's own test signal; gains."""

from __future__ import annotations

import numpy as np
import pytest
from audio_takes import babble, silence
from hypothesis import given
from hypothesis import strategies as st

from audio.joins.level import SILENCE_LUFS, calibrated_gain, measure_loudness, missing_gain
from audio.measuring.loudness import LoudnessMeter


def sine(hertz: float, peak_db: float, seconds: float, rate: int) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return np.rint(32767 * 10 ** (peak_db / 20) * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100, 48000, 96000])
def test_the_standards_own_signal(rate: int) -> None:
    """BS.1770-4: a 0 dBFS sine at 997 Hz in one channel reads −3.01 LUFS."""
    assert measure_loudness([sine(997, 0, 5, rate)], rate) == pytest.approx(-3.01, abs=0.06)
    # EBU Tech 3341, case 1, in one channel
    assert measure_loudness([sine(1000, -23, 20, rate)], rate) == pytest.approx(-26.0, abs=0.1)


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100])
@pytest.mark.parametrize("kind", ["babble", "pauses", "rumble"])
def test_the_same_as_the_streaming_meter(rate: int, kind: str) -> None:
    take = babble(4.0, rate, seed=5, level=0.3)
    if kind == "pauses":
        quiet = (babble(3.0, rate, seed=6, level=0.3) // 20).astype(np.int16)
        take = np.concatenate((take, silence(2, rate), quiet))
    if kind == "rumble":
        take = (take + sine(30, -12, len(take) / rate, rate)[: len(take)]).astype(np.int16)
    meter = LoudnessMeter(rate)
    meter.add((take / 32768).astype(np.float32))
    assert measure_loudness([take], rate) == pytest.approx(meter.loudness().lufs, abs=0.1)


def test_takes_are_pooled_and_gated() -> None:
    loud, soft = babble(2.0, seed=1, level=0.4), babble(2.0, seed=1, level=0.01)
    alone = measure_loudness([loud], 24000)
    assert measure_loudness([loud, loud], 24000) == pytest.approx(alone, abs=0.01)
    # 32 dB softer: below the relative gate, so it does not count
    assert measure_loudness([loud, soft], 24000) == pytest.approx(alone, abs=0.05)
    assert measure_loudness([loud, silence(30)], 24000) == pytest.approx(alone, abs=0.05)


def test_very_short_takes_are_measured_by_their_sound() -> None:
    whole = measure_loudness([babble(0.39, seed=2)] * 5, 24000)
    assert -40 < whole < -10
    padded = np.concatenate((silence(0.1), babble(0.25, seed=3)))
    bare = measure_loudness([babble(0.25, seed=3)], 24000)
    assert measure_loudness([padded], 24000) == pytest.approx(bare, abs=0.7)


@pytest.mark.parametrize(
    "pcms", [[], [np.zeros(0, np.int16)], [np.zeros(100, np.int16)], [np.zeros(99999, np.int16)]]
)
def test_silence_has_a_figure_and_no_gain(pcms: list[np.ndarray]) -> None:
    assert measure_loudness(pcms, 24000) == SILENCE_LUFS
    assert calibrated_gain(SILENCE_LUFS) == missing_gain(SILENCE_LUFS) == 0.0


@given(loudness_lufs=st.floats(-69.9, 0), target=st.floats(-30, -10))
def test_gains_come_in_half_decibels_and_stay_in_bounds(
    loudness_lufs: float, target: float
) -> None:
    gain = calibrated_gain(loudness_lufs, target)
    assert gain * 2 == int(gain * 2)
    assert -12 <= gain <= 12
    assert abs(gain - (target - loudness_lufs)) <= 0.25 or abs(gain) == 12
    assert str(gain) != "-0.0"
    # gain and what is missing make the whole way, but for the rounding
    missing = missing_gain(loudness_lufs, target)
    assert abs(gain + missing - (target - loudness_lufs)) <= 0.25001
    assert (missing == 0) == (abs(target - loudness_lufs) <= 12)


def test_a_gain_reaches_the_target() -> None:
    take = babble(3.0, seed=7, level=0.25)
    gain = calibrated_gain(measure_loudness([take], 24000))
    raised = np.rint(take * 10 ** (gain / 20)).astype(np.int16)
    assert measure_loudness([raised], 24000) == pytest.approx(-23, abs=0.3)
