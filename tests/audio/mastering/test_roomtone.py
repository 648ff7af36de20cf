"""The bed under a master: its level, its colour, and that it never repeats or depends on blocks."""

from __future__ import annotations

import hashlib
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.mastering.roomtone import RoomTone, tone_key

KEY = tone_key("The Lamp", "A. Writer", 42)


@pytest.fixture(scope="module")
def minute() -> np.ndarray:
    return RoomTone(KEY, 44100, -72.0).frames(0, 60 * 44100)


def rms_db(pcm: np.ndarray) -> float:
    return 20 * math.log10(float(np.sqrt(np.mean((pcm / 32768) ** 2))))


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("level", [-80.0, -72.0, -60.0, -40.0])
def test_its_level_is_its_level(rate: int, level: float) -> None:
    bed = RoomTone(KEY, rate, level).frames(0, 10 * rate)
    assert rms_db(bed) == pytest.approx(level, abs=0.2)


def test_every_window_of_it_is_as_loud_as_the_next(minute: np.ndarray) -> None:
    windows = minute[: minute.size // 17640 * 17640].reshape(-1, 17640)  # 0.4 s: ACX's floor
    levels = [rms_db(window) for window in windows]
    assert min(levels) > -73 and max(levels) < -71
    # nowhere a tenth of a second that a player could take for nothing at all
    assert all(np.abs(part).max() >= 8 for part in minute[: 600 * 4410].reshape(-1, 4410))


@settings(max_examples=25, deadline=None)
@given(
    start=st.integers(0, 10**9),
    sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=6),
    rate=st.sampled_from([8000, 24000, 44100]),
)
def test_blocks_of_any_size_fit_together(start: int, sizes: list[int], rate: int) -> None:
    tone = RoomTone(KEY, rate, -60.0)
    parts, at = [], start
    for size in sizes:
        parts.append(tone.frames(at, size))
        at += size
    assert np.array_equal(np.concatenate(parts), tone.frames(start, sum(sizes)))


def test_the_same_samples_on_every_machine() -> None:
    """Integers only: a change of this digest changes every master (raise STAGE_VERSION)."""
    bed = RoomTone(KEY, 44100, -72.0).frames(123_456_789, 100_000)
    assert hashlib.sha256(bed.astype("<i2").tobytes()).hexdigest() == (
        "6bba40072ca2aa272cacde8e09a4f91a618802d186e7e56eba5406556abaf2ae"
    )


def test_no_offset_and_no_period(minute: np.ndarray) -> None:
    assert abs(minute.mean()) < 0.01
    part = minute[: 1 << 19]  # 12 s
    likeness = np.fft.irfft(np.abs(np.fft.rfft(part, 1 << 20)) ** 2)[: part.size // 2]
    likeness /= likeness[0]
    # beyond the 12 ms that the moving sums reach back there is chance alone: 0.06 was never
    # reached by ten other keys, a period of any length up to 6 s would show 0.5 and more
    assert np.abs(likeness[600:]).max() < 0.06


def test_it_falls_as_a_quiet_room_does(minute: np.ndarray) -> None:
    size = 8192
    parts = minute[: minute.size // size * size].reshape(-1, size) * np.hanning(size)
    power = (np.abs(np.fft.rfft(parts)) ** 2).mean(0)
    hertz = np.fft.rfftfreq(size, 1 / 44100)

    def octave(low: float) -> float:
        return 10 * math.log10(float(power[(hertz >= low) & (hertz < 2 * low)].mean()))

    levels = [octave(low) for low in (88, 177, 354, 707, 1414, 2828, 5657, 11314)]
    assert all(before > after for before, after in itertools.pairwise(levels))
    assert 20 < levels[0] - levels[-1] < 35
    assert octave(5) < octave(88) - 10  # no rumble


def test_every_book_has_its_own(minute: np.ndarray) -> None:
    keys = {tone_key("a", "bc", 1), tone_key("ab", "c", 1), tone_key("a", "bc", 2), KEY}
    assert len(keys) == 4
    other = RoomTone(tone_key("a", "bc", 1), 44100, -72.0).frames(0, 1 << 18)
    assert abs(np.corrcoef(minute[: 1 << 18], other)[0, 1]) < 0.02


def test_nothing_asked_nothing_given() -> None:
    assert RoomTone(KEY, 44100, -72.0).frames(5, 0).size == 0
