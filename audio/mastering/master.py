"""A stitched chapter to its master: one gain, a limiter, and room tone; the length untouched.

Gain and limiter instead of ``loudnorm``: its two-pass linear mode falls back to a
compressor on real chapters (docs/measurements.md), which rides every syllable. The gain is
rounded to 0.1 dB, so that a meter's last digit never changes a master; what limiting takes
from the level is known before a sample is rendered (``limiter.py``), and made up for. Room tone
is added behind the limiter, from the first frame to the last, so that a master holds no
digital silence. It is measured as it is written, and its end is read back.

Promises: as many frames as came in; the same samples for the same input, profile and key, on
every machine; 40 MB of memory for an hour; an interrupted call leaves the old file whole.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.mastering.gain import (
    SPEECH_MIN_DB,
    corrected_gain_db,
    first_gain_db,
    rendering_gain_db,
    target_of,
)
from audio.mastering.gauge import Gauge
from audio.mastering.limiter import Limiter, Outline
from audio.mastering.roomtone import RoomTone
from audio.pcm import FULL_SCALE, Pcm
from audio.profiles import Profile
from castbook import files
from castbook.errors import BrokenPromise, StorageError

STAGE_VERSION: Final = 3  # raise it when the same input shall give other samples
_BLOCK: Final = 1 << 17  # frames of a stitched chapter that is measured here
_STEPS: Final = 2048  # of the limiter, rendered at once: 2 s, which stay in the cache
_LOOK_FRAMES: Final = 1 << 16  # more than the longest frame of a FLAC


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
    return Gauge(rate, loudness=profile.lufs_target is not None, outline=True)


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
    levels, outline = before.levels(), before.outline
    if levels.frames == 0:
        raise BrokenPromise(f"{stitched}: a chapter without a single sample")
    if outline is None:
        raise BrokenPromise(f"{stitched}: gauged without the outline that its limiter needs")
    level, target = _level(before, profile), target_of(profile)
    gain = first = first_gain_db(levels.rms_db, level, profile)
    speaks = levels.rms_db >= SPEECH_MIN_DB
    if speaks:
        gain = rendering_gain_db(
            first, level, target, lambda db: Limiter(outline, db, profile.peak_db).loss_db()
        )
    level_db = profile.room_tone_db
    tone = None if level_db is None else RoomTone(key, before.rate, level_db)
    chain = _Chain(stitched, profile.peak_db, tone, outline, before.rate, levels.frames)
    with files.temporary_beside(destination) as temporary:
        report = chain.render(temporary, gain)
        again = corrected_gain_db(gain, _reached(report, profile), target, first)
        if speaks and again != gain:  # loudness is not foretold to the tenth
            report = chain.render(temporary, again)
        files.replace(temporary, destination)
    return report


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
    outline: Outline
    rate: int
    frames: int

    def render(self, temporary: Path, gain_db: float) -> MasterReport:
        """One pass: raised, limited, room tone added, measured and stored."""
        import soundfile

        limiter, gauge, sha256 = self._limiter(gain_db), Gauge(self.rate), hashlib.sha256()
        try:
            with (
                soundfile.SoundFile(self.stitched) as source,
                soundfile.SoundFile(
                    temporary, "w", self.rate, channels=1, format="FLAC", subtype="PCM_16"
                ) as out,
            ):
                frames = 0
                for block in source.blocks(_STEPS * limiter.size, dtype="int16"):
                    finished = self._toned(limiter.run(frames, block), frames)
                    out.write(finished)
                    sha256.update(finished.astype("<i2", copy=False).data)
                    gauge.add(finished)
                    frames += len(finished)
            if frames != self.frames:
                raise BrokenPromise(
                    f"{self.stitched}: mastering made {frames} of {self.frames} frames"
                )
            _look(temporary, self.frames)
        except (soundfile.LibsndfileError, AssertionError) as error:
            # soundfile asserts that every frame was taken: on a full disk some are not
            raise StorageError(
                f"{temporary.parent}: the master cannot be written ({error}): is the disk full? "
                "Free some space and run the same command again"
            ) from error
        levels, loudness = gauge.levels(), gauge.loudness()
        if loudness is None:
            raise BrokenPromise("a master is measured with its loudness")
        return MasterReport(
            frames=levels.frames,
            rate=levels.rate,
            rms_db=levels.rms_db,
            peak_db=levels.peak_db,
            true_peak_db=loudness.true_peak_db,
            lufs=loudness.lufs,
            floor_db=levels.floor_db,
            gain_db=gain_db,
            pcm_sha256=sha256.hexdigest(),
            range_lu=loudness.range_lu,
            course_db=gauge.course_db(),
        )

    def _limiter(self, gain_db: float) -> Limiter:
        return Limiter(self.outline, gain_db, self.peak_db)

    def _toned(self, block: NDArray[np.int32], start: int) -> Pcm:
        """The block that begins at frame ``start``, above room tone, under the ceiling."""
        if self.tone is not None:
            block += self.tone.frames(start, len(block))
        ceiling = math.floor(FULL_SCALE * 10 ** (self.peak_db / 20))
        np.clip(block, -ceiling, min(ceiling, 32767), out=block)
        return block.astype(np.int16)


def _look(path: Path, frames: int) -> None:
    """Returns when the finished file tells ``frames`` frames and ends with the last of them.

    A disk that was full in the middle has made itself known; at the very end, closing the file,
    it has not. Everything between is looked at by whoever encodes the master: every frame of a
    FLAC bears a checksum.

    Raises:
        LibsndfileError: the end cannot be read.
        AssertionError: it is another one.
    """
    import soundfile

    with soundfile.SoundFile(path) as finished:
        last = max(0, frames - _LOOK_FRAMES)
        finished.seek(last)
        found = len(finished.read(dtype="int16"))
        if (finished.frames, last + found) != (frames, frames):
            raise AssertionError(f"{last + found} of {frames} frames are there")
