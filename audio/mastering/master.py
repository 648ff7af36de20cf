"""A stitched chapter to its master: one gain, a limiter, and room tone; the length untouched.

Gain and limiter instead of ``loudnorm``: its two-pass linear mode falls back to a
compressor on real chapters (docs/measurements.md), which rides every syllable. The gain is
rounded to 0.1 dB, so that a meter's last digit never changes a master. Room tone is added
behind the limiter, from the first frame to the last, so that a master holds no digital
silence. The finished file is read back and measured; what the report says is what lies on
the disk.

Promises: as many frames as came in; the same bytes for the same input, profile, key and
ffmpeg; constant memory; an interrupted call leaves the old file whole.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from audio import ffmpeg
from audio.mastering.gain import SPEECH_MIN_DB, corrected_gain_db, first_gain_db, target_of
from audio.mastering.gauge import Gauge
from audio.mastering.roomtone import RoomTone
from audio.pcm import FULL_SCALE, Pcm
from audio.profiles import Profile
from castbook import files
from castbook.errors import BrokenPromise, StorageError

STAGE_VERSION: Final = 2  # raise it when the same input shall give other samples
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
    range_lu: float = 0.0  # loudness range, EBU Tech 3342
    course_db: tuple[float, ...] = ()  # RMS of each COURSE_S, the last one shorter; 0.1 dB


def gauge_for(profile: Profile, rate: int) -> Gauge:
    """What must be known of a chapter before it can be mastered: feed it while stitching."""
    return Gauge(rate, loudness=profile.lufs_target is not None)


def master(
    stitched: Path,
    destination: Path,
    profile: Profile,
    *,
    key: int = 0,
    before: Gauge | None = None,
) -> MasterReport:
    """Masters ``stitched`` (mono) into ``destination`` (16-bit FLAC at the same rate).

    Args:
        stitched: a WAV or FLAC file.
        destination: replaced when the master is finished.
        profile: level, ceiling and room tone.
        key: of the room tone (``roomtone.tone_key``).
        before: a ``gauge_for`` that heard all samples of ``stitched``; without it the file
            is read once more.

    Raises:
        StorageError: the disk is full, or ``stitched`` is damaged.
        BrokenPromise: other channels than one, no samples, or the length changed.
    """
    if before is None:
        before = _measure(stitched, profile)
    levels = before.levels()
    if levels.frames == 0:
        raise BrokenPromise(f"{stitched}: a chapter without a single sample")
    gain = first_gain_db(levels.rms_db, _level(before, profile), profile)
    level_db = profile.room_tone_db
    tone = None if level_db is None else RoomTone(key, before.rate, level_db)
    chain = _Chain(stitched, profile.peak_db, tone, before.rate, levels.frames)
    with files.temporary_beside(destination) as temporary:
        report = chain.render(temporary, gain)
        again = corrected_gain_db(gain, _reached(report, profile), target_of(profile))
        if levels.rms_db >= SPEECH_MIN_DB and again != gain:
            report = chain.render(temporary, again)
        files.replace(temporary, destination)
    return report


def filters(gain_db: float, peak_db: float) -> str:
    """The chain: gain, limiter, 16 bit.

    ``level=false`` (or the limiter raises everything to its ceiling), ``latency=true``
    (or the audio comes 5 ms late). In larger portions than a WAV is read in: the same samples
    for 2.5 instead of 3.3 CPU s per hour of audio; ``p=0`` leaves the last one short.
    """
    ceiling = 10 ** (peak_db / 20)
    return (
        f"asetnsamples=n=16384:p=0,volume={gain_db:.1f}dB,"
        f"alimiter=limit={ceiling:.6f}:attack=5:release=50:level=false:latency=true,"
        "aformat=sample_fmts=s16"
    )


def _reached(report: MasterReport, profile: Profile) -> float:
    return report.rms_db if profile.lufs_target is None else report.lufs


def _level(before: Gauge, profile: Profile) -> float:
    """What the chapter has of the quantity that the profile sets a target for."""
    if profile.lufs_target is None:
        return before.levels().rms_db
    loudness = before.loudness()
    if loudness is None:
        raise BrokenPromise(f"{profile.name}: a chapter gauged without the loudness it is to reach")
    return loudness.lufs


def _measure(path: Path, profile: Profile) -> Gauge:
    import soundfile

    try:
        with soundfile.SoundFile(path) as source:
            if source.channels != 1:
                raise BrokenPromise(f"{path}: a chapter is mono, this has {source.channels}")
            gauge = gauge_for(profile, source.samplerate)
            for block in source.blocks(_BLOCK, dtype="int16"):
                gauge.add(block)
    except soundfile.LibsndfileError as error:
        raise StorageError(
            f"{path}: the stitched chapter cannot be read ({error}); delete it and run the same "
            "command again"
        ) from error
    return gauge


@dataclass(frozen=True, slots=True)
class _Chain:
    """The way from a stitched chapter to a master of the same length."""

    stitched: Path
    peak_db: float
    tone: RoomTone | None
    rate: int
    frames: int

    def render(self, temporary: Path, gain_db: float) -> MasterReport:
        """One pass: ffmpeg raises and limits; here room tone is added, stored, and measured."""
        import soundfile

        try:
            with soundfile.SoundFile(
                temporary, "w", self.rate, channels=1, format="FLAC", subtype="PCM_16"
            ) as out:
                frames = 0
                for block in self._limited(gain_db):
                    out.write(self._toned(block, frames))
                    frames += len(block)
            gauge, pcm_sha256 = _read_back(temporary)
        except soundfile.LibsndfileError as error:
            raise StorageError(
                f"{temporary.parent}: the master cannot be written ({error}): is the disk full? "
                "Free some space and run the same command again"
            ) from error
        levels, loudness = gauge.levels(), gauge.loudness()
        if loudness is None:
            raise BrokenPromise("a master is read back with its loudness")
        if levels.frames != self.frames:
            raise BrokenPromise(
                f"{self.stitched}: mastering made {levels.frames} of {self.frames} frames"
            )
        return MasterReport(
            frames=levels.frames,
            rate=levels.rate,
            rms_db=levels.rms_db,
            peak_db=levels.peak_db,
            true_peak_db=loudness.true_peak_db,
            lufs=loudness.lufs,
            floor_db=levels.floor_db,
            gain_db=gain_db,
            pcm_sha256=pcm_sha256,
            range_lu=loudness.range_lu,
            course_db=gauge.course_db(),
        )

    def _limited(self, gain_db: float) -> Iterator[Pcm]:
        """The chapter raised and limited, in blocks."""
        arguments = ["-loglevel", "info", "-i", ffmpeg.url(self.stitched), "-map", "0:a:0"]
        arguments += ["-af", filters(gain_db, self.peak_db)]
        arguments += ["-c:a", "pcm_s16le", "-fflags", "+bitexact", "-f", "s16le", "pipe:1"]
        deadline_s = ffmpeg.deadline_s(self.frames / self.rate)
        with ffmpeg.decoding(arguments, timeout_s=deadline_s) as decoded:
            for block in decoded.blocks(_BLOCK):
                # half a sample means a dying ffmpeg: its own error follows the last block
                yield np.frombuffer(block[: len(block) & ~1], "<i2")

    def _toned(self, block: Pcm, start: int) -> Pcm:
        """The block that begins at frame ``start``, above room tone, under the ceiling."""
        if self.tone is None:
            return block
        ceiling = math.floor(FULL_SCALE * 10 ** (self.peak_db / 20))
        mixed = np.add(block, self.tone.frames(start, len(block)), dtype=np.int32)
        np.clip(mixed, -ceiling, min(ceiling, 32767), out=mixed)
        return mixed.astype(np.int16)


def _read_back(path: Path) -> tuple[Gauge, str]:
    """Measures and hash of what really lies on the disk: a full disk can cut the last block."""
    import soundfile

    sha256 = hashlib.sha256()
    with soundfile.SoundFile(path) as finished:
        gauge = Gauge(finished.samplerate)
        for block in finished.blocks(_BLOCK // 2, dtype="int16"):
            sha256.update(np.ascontiguousarray(block, dtype="<i2").data)
            gauge.add(block)
    return gauge, sha256.hexdigest()
