from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mastering_sounds import speech
from numpy.typing import NDArray

from audio import ffmpeg
from audio.measuring.kweighting import ROWS, KWeighting, sections
from audio.measuring.loudness import Loudness, LoudnessMeter, integrated_lufs, range_lu
from audio.measuring.truepeak import PHASES, TruePeak

Samples = NDArray[np.float32]


def heard(samples: Samples, rate: int, channels: int = 1) -> Loudness:
    meter = LoudnessMeter(rate, channels)
    meter.add(samples)
    return meter.loudness()


def sine(amplitude: float, hz: float, seconds: float, rate: int = 48000) -> Samples:
    phase = 2 * np.pi * hz * np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(phase)).astype(np.float32)


def story(rate: int, level_db: float, seconds: float = 10.0) -> Samples:
    """Speech-like sound that grows louder in the middle, so that it has a range."""
    sound = speech(seconds, rate, level_db=level_db).astype(np.float32) / 32768
    sound *= np.interp(np.arange(sound.size), (0, sound.size / 2), (0.3, 1)).astype(np.float32)
    return sound


def by_ffmpeg(samples: Samples, rate: int, channels: int) -> Loudness:
    """ffmpeg's ebur128 on the same samples: written by others, independent of ours."""
    arguments = ["-loglevel", "info", "-f", "f32le", "-ar", str(rate), "-ac", str(channels)]
    arguments += ["-i", "pipe:0", "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    output = ffmpeg.run(arguments, timeout_s=60, stdin=samples.astype("<f4").tobytes())
    summary = output.stderr.rpartition("Summary:")[2]
    patterns = (r"I:\s+(\S+) LUFS", r"LRA:\s+(\S+) LU\b", r"Peak:\s+(\S+) dBFS")
    numbers = [re.search(pattern, summary) for pattern in patterns]
    return Loudness(*(float(number[1]) for number in numbers if number))


@pytest.mark.parametrize(
    ("rate", "channels", "level_db"),
    [(24000, 1, -20), (44100, 1, -8), (44100, 2, -30), (48000, 1, -48), (48000, 2, -18)],
)
def test_ffmpeg_hears_the_same(rate: int, channels: int, level_db: float) -> None:
    sound = story(rate, level_db)
    if channels == 2:
        sound = np.stack((sound, 0.4 * np.roll(sound, 777)), axis=1).ravel()
    ours, theirs = heard(sound, rate, channels), by_ffmpeg(sound, rate, channels)
    assert ours.lufs == pytest.approx(theirs.lufs, abs=0.1)
    assert ours.true_peak_db == pytest.approx(theirs.true_peak_db, abs=0.1)
    assert ours.range_lu == pytest.approx(theirs.range_lu, abs=0.3)
    assert theirs.range_lu > 2


def test_the_filter_has_the_standards_own_coefficients_at_48_khz() -> None:
    shelf, high_pass = sections(48000)
    assert shelf.b == pytest.approx((1.53512485958697, -2.69169618940638, 1.19839281085285))
    assert (shelf.a1, shelf.a2) == pytest.approx((-1.69065929318241, 0.73248077421585))
    assert high_pass.b == pytest.approx((1.0, -2.0, 1.0))
    assert (high_pass.a1, high_pass.a2) == pytest.approx((-1.99004745483398, 0.99007225036621))


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 96000, 192000])
def test_the_standards_tone_reads_the_same_at_every_rate(rate: int) -> None:
    """BS.1770: 997 Hz at full scale in one channel is -3.01 LUFS."""
    assert heard(sine(1.0, 997, 2, rate), rate).lufs == pytest.approx(-3.01, abs=0.06)


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_blocks_of_products_are_the_plain_recursion(rate: int) -> None:
    sound = np.random.default_rng(3).normal(0, 0.1, ROWS * 40 * 3).astype(np.float32)
    sound += np.float32(0.5)  # a constant would show what single precision loses
    plain = sound.astype(np.float64)
    for section in sections(rate):
        (b0, b1, b2), out = section.b, np.empty(plain.size)
        x1 = x2 = y1 = y2 = 0.0
        for i, x in enumerate(plain):
            out[i] = y = b0 * x + b1 * x1 + b2 * x2 - section.a1 * y1 - section.a2 * y2
            x1, x2, y1, y2 = x, x1, y, y1
        plain = out
    weighting = KWeighting(rate, 40)
    blocks = sound.reshape(-1, 40)
    first, state = weighting.run(blocks[:ROWS], weighting.start)
    second, _ = weighting.run(blocks[ROWS:], state)
    found = np.concatenate((first, second)).ravel()
    assert np.abs(found - plain).max() < 5e-6  # -106 dB


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 700_000), max_size=6),
    seconds=st.floats(0.01, 7.5),
    channels=st.integers(1, 2),
)
def test_portions_do_not_matter(cuts: list[int], seconds: float, channels: int) -> None:
    sound = np.repeat(story(44100, -20, 7.5)[: round(seconds * 44100)], channels)
    meter = LoudnessMeter(44100, channels)
    buffer = np.empty_like(sound)
    for part in np.split(sound, sorted(min(cut * channels, sound.size) for cut in cuts)):
        buffer[: part.size] = part
        meter.add(buffer[: part.size])  # the same array again and again
    assert meter.loudness() == heard(sound, 44100, channels)


def test_a_peak_between_the_samples() -> None:
    """A sine of a quarter of the rate, sampled 45 degrees off its tops: 3 dB above the samples."""
    phase = np.pi / 2 * np.arange(9000) + np.pi / 4
    sound = (0.5 * np.sin(phase)).astype(np.float32)
    assert np.abs(sound).max() == pytest.approx(0.3536, abs=1e-4)
    assert heard(sound, 48000).true_peak_db == pytest.approx(20 * math.log10(0.5), abs=0.1)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), loud=st.floats(0.01, 1.0))
def test_what_true_peak_leaves_out_could_not_matter(seed: int, loud: float) -> None:
    """Against every interpolated value of the whole sound."""
    rng = np.random.default_rng(seed)
    sound = rng.normal(0, 0.05, (ROWS, 40)) * rng.choice([0.1, loud, 3 * loud], (ROWS, 1))
    blocks = sound.astype(np.float32)
    peak = TruePeak(40)
    peak.add(blocks[:9], np.zeros(40, np.float32))
    peak.add(blocks[9:], blocks[8])
    peak.add(np.zeros((1, 40), np.float32), blocks[-1])
    phases = [*PHASES, *(phase[::-1] for phase in PHASES)]
    every = max(np.abs(np.convolve(blocks.ravel(), phase)).max() for phase in phases)
    assert peak.peak == pytest.approx(max(float(every), float(np.abs(blocks).max())), rel=1e-5)


def test_the_gates() -> None:
    """Blocks 10 LU below the rest count for loudness, 20 LU below for the range: neither."""

    def power(lufs: float) -> float:
        return float(10 ** ((lufs + 0.691) / 10))

    loud, soft, silent = (np.full(600, power(level)) for level in (-20, -45, -80))
    assert integrated_lufs(loud) == -20
    # the eight blocks that hold a bit of both stand between
    assert integrated_lufs(np.concatenate((loud, soft, silent))) == pytest.approx(-20, abs=0.02)
    half = np.concatenate((loud, np.full(600, power(-26))))
    assert integrated_lufs(half) == pytest.approx(-22.04, abs=0.01)
    assert range_lu(half) == pytest.approx(6, abs=0.01)
    assert range_lu(np.concatenate((loud, soft, silent))) < 0.5
    assert range_lu(loud[:29]) == 0


def test_silence_and_sounds_too_short_for_a_block() -> None:
    assert heard(np.zeros(48000, np.float32), 48000) == Loudness(-70.0, 0.0, -120.0)
    assert LoudnessMeter(44100).loudness() == Loudness(-70.0, 0.0, -120.0)
    assert heard(sine(0.1, 997, 0.25), 48000).lufs == pytest.approx(-23.0, abs=0.1)
