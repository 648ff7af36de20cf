"""The measures of ``benchmarks.aac`` on sounds whose answer is known."""

from __future__ import annotations

import numpy as np

from benchmarks.aac import RATE, Ear, compare

EAR = Ear(RATE)
T = np.arange(RATE) / RATE


def noise(low: float, high: float, power_db: float) -> np.ndarray:
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(0, 1, RATE))
    hz = np.fft.rfftfreq(RATE, 1 / RATE)
    spectrum[(hz < low) | (hz > high)] = 0
    sound = np.fft.irfft(spectrum)
    return sound * 10 ** (power_db / 20) / np.sqrt(np.mean(sound**2))


def worst(error: np.ndarray, voice: np.ndarray) -> float:
    """Median over frames of the worst band's noise to mask, dB."""
    ratio, spoken, _ = compare(voice, voice + error, EAR)
    assert spoken.all()
    return float(np.median(10 * np.log10(ratio.max(axis=1) + 1e-12)))


def test_noise_under_the_voice_is_masked_and_beside_it_is_heard() -> None:
    voice = noise(800, 1200, -20)
    under, beside = worst(noise(900, 1100, -40), voice), worst(noise(5000, 5200, -40), voice)
    assert under < -10
    assert beside > 20
    assert worst(noise(5000, 5200, -115), voice) < 0  # under the threshold of hearing
    # upwards a voice masks more than downwards
    assert worst(noise(1600, 1700, -45), voice) < worst(noise(450, 550, -45), voice) - 10


def test_equal_sounds_have_no_distance_and_a_gain_has_its_own() -> None:
    voice = noise(100, 10_000, -20)
    ratio, _, distance = compare(voice, voice, EAR)
    assert ratio.max() == 0
    assert distance.max() == 0
    _, _, distance = compare(noise(20, 20_000, -20), noise(20, 20_000, -20) / 2, EAR)
    assert np.allclose(distance, 6.02, atol=0.01)
