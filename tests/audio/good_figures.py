"""The figures of a file that keeps to ACX's rules: what tests change one of."""

from __future__ import annotations

from audio.measuring.measure import Measured

GOOD = Measured(
    format="mp3",
    codec="mp3",
    rate=44100,
    channels=1,
    bitrate_kbps=192,
    constant_bitrate=True,
    frames=44100 * 600,
    duration_s=600.0,
    promised_s=600.03,
    errors=0,
    rms_db=-20.6,
    peak_db=-3.7,
    true_peak_db=-3.6,
    floor_db=-71.0,
    lufs=-20.2,
    loudness_range_lu=4.0,
    head_s=0.8,
    tail_s=2.5,
    dead_s=0.0,
    clips=0,
    chapters=0,
)
