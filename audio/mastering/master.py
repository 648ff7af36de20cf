"""A stitched chapter to its master: one gain and a limiter, the length untouched.

Gain and limiter instead of ``loudnorm``: its two-pass linear mode falls back to a
compressor on real chapters (docs/measurements.md), which rides every syllable. The gain is
rounded to 0.1 dB, so that a meter's last digit never changes a master. The finished file
is read back and measured; what the report says is what lies on the disk.

Promises: as many frames as came in; the same bytes for the same input, profile and ffmpeg;
constant memory; an interrupted call leaves the old file whole.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from audio import ffmpeg
from audio.measuring.loudness import METER, loudness
from audio.measuring.meter import Levels, Meter
from audio.profiles import Profile
from castbook import files
from castbook.errors import BrokenPromise, StorageError

STAGE_VERSION: Final = 1  # raise it when the same input shall give other samples
SPEECH_MIN_DB: Final = -60.0  # RMS below which there is nothing to bring to a level
_GAIN_LIMITS_DB: Final = (-40.0, 40.0)
_MISSED_DB: Final = 0.3  # a level missed by more is corrected, once
_CORRECTION_LIMIT_DB: Final = 6.0  # more would only feed the limiter
_BLOCK: Final = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class MasterReport:
    """A master in figures, measured on the finished samples. Decibels rounded to 0.01."""

    frames: int
    rate: int  # Hz
    rms_db: float
    peak_db: float  # sample peak
    true_peak_db: float
    lufs: float
    floor_db: float
    gain_db: float  # before the limiter
    pcm_sha256: str  # of the samples, little-endian 16 bit


def master(stitched: Path, destination: Path, profile: Profile) -> MasterReport:
    """Masters ``stitched`` (mono) into ``destination`` (16-bit FLAC at the same rate).

    Raises:
        StorageError: the disk is full, or ``stitched`` is damaged.
        BrokenPromise: other channels than one, no samples, or the length changed.
    """
    before = _measure(stitched)
    gain = first_gain_db(before.rms_db, _level(stitched, before, profile), profile)
    with files.temporary_beside(destination) as temporary:
        report = _render(stitched, temporary, profile, gain, before)
        again = corrected_gain_db(gain, _reached(report, profile), _target(profile))
        if before.rms_db >= SPEECH_MIN_DB and again != gain:
            report = _render(stitched, temporary, profile, again, before)
        files.replace(temporary, destination)
    return report


def first_gain_db(rms_db: float, level_db: float, profile: Profile) -> float:
    """The gain that brings ``level_db`` to the profile's target; 0 for near-silence."""
    if rms_db < SPEECH_MIN_DB:
        return 0.0
    return _rounded(_target(profile) - level_db)


def corrected_gain_db(gain_db: float, reached_db: float, target_db: float) -> float:
    """The gain for the second try: limiting takes energy, so the first may fall short.

    The same gain when it missed the target by no more than ``_MISSED_DB``.
    """
    missed = target_db - reached_db
    if abs(missed) <= _MISSED_DB:
        return gain_db
    return _rounded(gain_db + max(-_CORRECTION_LIMIT_DB, min(_CORRECTION_LIMIT_DB, missed)))


def filters(gain_db: float, peak_db: float) -> str:
    """The chain: gain, limiter, 16 bit, and a loudness meter that changes nothing.

    ``level=false`` (or the limiter raises everything to its ceiling), ``latency=true``
    (or the audio comes 5 ms late).
    """
    ceiling = 10 ** (peak_db / 20)
    return (
        f"volume={gain_db:.1f}dB,"
        f"alimiter=limit={ceiling:.6f}:attack=5:release=50:level=false:latency=true,"
        f"aformat=sample_fmts=s16,{METER}"
    )


def _target(profile: Profile) -> float:
    return profile.rms_target_db if profile.lufs_target is None else profile.lufs_target


def _reached(report: MasterReport, profile: Profile) -> float:
    return report.rms_db if profile.lufs_target is None else report.lufs


def _rounded(gain_db: float) -> float:
    low, high = _GAIN_LIMITS_DB
    return round(max(low, min(high, gain_db)), 1) + 0.0  # never -0.0


def _level(stitched: Path, before: Levels, profile: Profile) -> float:
    """What the stitched chapter has of the quantity that the profile sets a target for."""
    if profile.lufs_target is None or before.rms_db < SPEECH_MIN_DB:
        return before.rms_db
    arguments = ["-loglevel", "info", "-i", ffmpeg.url(stitched), "-map", "0:a:0"]
    arguments += ["-af", METER, "-f", "s16le", "pipe:1"]  # a pipe: it ends when we do
    with ffmpeg.decoding(arguments, timeout_s=ffmpeg.deadline_s(before.duration_s)) as decoded:
        for _ in decoded.blocks(_BLOCK):
            pass
    return loudness(decoded.stderr).lufs


def _measure(path: Path) -> Levels:
    import soundfile

    try:
        with soundfile.SoundFile(path) as source:
            if source.channels != 1:
                raise BrokenPromise(f"{path}: a chapter is mono, this has {source.channels}")
            meter = Meter(source.samplerate)
            for block in source.blocks(_BLOCK, dtype="float32"):
                meter.add(block)
    except soundfile.LibsndfileError as error:
        raise StorageError(
            f"{path}: the stitched chapter cannot be read ({error}); delete it and run the same "
            "command again"
        ) from error
    levels = meter.levels()
    if levels.frames == 0:
        raise BrokenPromise(f"{path}: a chapter without a single sample")
    return levels


def _render(
    stitched: Path, temporary: Path, profile: Profile, gain_db: float, before: Levels
) -> MasterReport:
    """One pass: ffmpeg decodes, raises and limits; the samples are stored here, then measured."""
    import soundfile

    arguments = ["-loglevel", "info", "-i", ffmpeg.url(stitched), "-map", "0:a:0"]
    arguments += ["-af", filters(gain_db, profile.peak_db)]
    arguments += ["-c:a", "pcm_s16le", "-fflags", "+bitexact", "-f", "s16le", "pipe:1"]
    try:
        with (
            ffmpeg.decoding(arguments, timeout_s=ffmpeg.deadline_s(before.duration_s)) as decoded,
            soundfile.SoundFile(
                temporary, "w", before.rate, channels=1, format="FLAC", subtype="PCM_16"
            ) as out,
        ):
            for block in decoded.blocks(_BLOCK):
                # half a sample means a dying ffmpeg: its own error follows the last block
                out.write(np.frombuffer(block[: len(block) & ~1], "<i2"))
        levels, pcm_sha256 = _read_back(temporary)
    except soundfile.LibsndfileError as error:
        raise StorageError(
            f"{temporary.parent}: the master cannot be written ({error}): is the disk full? "
            "Free some space and run the same command again"
        ) from error
    if levels.frames != before.frames:
        raise BrokenPromise(f"{stitched}: mastering made {levels.frames} of {before.frames} frames")
    measured = loudness(decoded.stderr)
    return MasterReport(
        frames=levels.frames,
        rate=levels.rate,
        rms_db=levels.rms_db,
        peak_db=levels.peak_db,
        true_peak_db=measured.true_peak_db,
        lufs=measured.lufs,
        floor_db=levels.floor_db,
        gain_db=gain_db,
        pcm_sha256=pcm_sha256,
    )


def _read_back(path: Path) -> tuple[Levels, str]:
    """Levels and hash of what really lies on the disk: a full disk can cut the last block."""
    import soundfile

    sha256 = hashlib.sha256()
    with soundfile.SoundFile(path) as finished:
        meter = Meter(finished.samplerate)
        for block in finished.blocks(_BLOCK, dtype="int16"):
            sha256.update(block.astype("<i2", copy=False).tobytes())
            meter.add(block.astype(np.float32) / np.float32(32768))
    return meter.levels(), sha256.hexdigest()
