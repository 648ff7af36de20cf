"""A finished audio file in figures, taken from the decoded sound, in one pass.

The file is decoded once and streams through the meters; nothing of what it says about itself
is believed where the sound tells it. Who decodes: ffmpeg, in a process of its own, whatever
the file. Only an MP3 that castbook has just written itself may be decoded by libsndfile in
this process, which costs a third (2.3 against 7.5 CPU s per hour of sound); its frames must
follow each other without a gap, because libsndfile gives up where ffmpeg finds the sound
behind a damaged place. Knows no profile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio import ffmpeg
from audio.measuring.frames import Mp3Frames, mp3_frames
from audio.measuring.loudness import LoudnessMeter
from audio.measuring.meter import Meter
from audio.measuring.probe import (
    INPUT,
    Stream,
    complaints,
    format_of,
    probe,
    readable,
    unreadable,
)
from audio.measuring.spread import Spread

_BLOCK_FRAMES: Final = 1 << 17
_UNKNOWN_S: Final = 24 * 3600.0  # the deadline's basis where a file does not tell its length
_LOUDEST: Final = 1000.0  # +60 dB: float files can hold infinity, and no meter can

Feed = Callable[[NDArray[np.float32]], None]


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything castbook knows about one audio file. Decibels relative to full scale."""

    format: str  # by content: mp3, m4b, m4a, flac, wav, opus, ogg, else ffmpeg's name
    codec: str
    rate: int  # Hz
    channels: int
    bitrate_kbps: int  # of the sound, on average
    constant_bitrate: bool | None  # None: the format has no such thing
    frames: int
    duration_s: float  # of what could be decoded
    promised_s: float | None  # what the file says; None where it only guesses
    errors: int  # complaints of the decoder
    rms_db: float
    peak_db: float
    true_peak_db: float
    floor_db: float
    lufs: float
    loudness_range_lu: float
    head_s: float  # before the first sound
    tail_s: float  # after the last
    dead_s: float  # longest dead silence
    clips: int
    chapters: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A file in figures, and what is needed to put it together with others."""

    measured: Measured
    spread: Spread


def measure(path: Path, *, ours: bool = False) -> Measured:
    """The figures of ``path`` alone: see ``hear``."""
    return hear(path, ours=ours).measured


def hear(path: Path, *, ours: bool = False, skip: int = 0) -> Heard:
    """Decodes all of ``path`` and measures it.

    Args:
        ours: castbook wrote this file itself a moment ago, so that it may be decoded in this
            process. The figures are the same (tests compare them).
        skip: decoded frames before the sound begins: the priming of an encoder, where the
            file itself cannot say so. They are no part of the figures.

    Raises:
        InputError: no such file, or none with sound that ffmpeg can decode.
        MissingDependency: there is no ffmpeg.
    """
    stream = probe(path)
    kind = format_of(stream, path.suffix)
    frames = mp3_frames(path) if kind == "mp3" else Mp3Frames({}, False)
    meters = None
    if ours and frames.regular and not skip:
        meters = _Meters(stream)
        meters = meters if _by_libsndfile(path, stream, meters.add) else None
    said = ""
    if meters is None:
        meters = _Meters(stream)
        said = _by_ffmpeg(path, stream, meters.add, skip)
    levels, loud = meters.meter.levels(), meters.loudness.loudness()
    if levels.frames == 0:
        raise unreadable(path)
    measured = Measured(
        format=kind,
        codec=stream.codec,
        rate=stream.rate,
        channels=stream.channels,
        bitrate_kbps=(
            frames.average_kbps
            or stream.kbps
            or round(path.stat().st_size * 8 / 1000 / levels.duration_s)
        ),
        constant_bitrate=len(frames.bitrates) == 1 if frames.bitrates else None,
        frames=levels.frames,
        duration_s=round(levels.duration_s, 3),
        promised_s=None if "Estimating duration from bitrate" in said else stream.seconds,
        errors=complaints(said),
        rms_db=levels.rms_db,
        peak_db=levels.peak_db,
        true_peak_db=loud.true_peak_db,
        floor_db=levels.floor_db,
        lufs=loud.lufs,
        loudness_range_lu=loud.range_lu,
        head_s=levels.head_s,
        tail_s=levels.tail_s,
        dead_s=levels.dead_s,
        clips=levels.clips,
        chapters=stream.chapters,
    )
    return Heard(measured, loud.spread)


class _Meters:
    """Both meters, fed with whole frames of finite samples."""

    def __init__(self, stream: Stream) -> None:
        self.meter = Meter(stream.rate, stream.channels)
        self.loudness = LoudnessMeter(stream.rate, stream.channels)

    def add(self, samples: NDArray[np.float32]) -> None:
        with np.errstate(invalid="ignore", over="ignore"):
            total = abs(float(samples.sum()))
        if not total <= _LOUDEST * samples.size:  # NaN is not less, either
            samples = np.nan_to_num(samples, posinf=_LOUDEST, neginf=-_LOUDEST)
            samples = samples.clip(-_LOUDEST, _LOUDEST)
        self.meter.add(samples)
        self.loudness.add(samples)


def _by_ffmpeg(path: Path, stream: Stream, meter: Feed, skip: int) -> str:
    """All samples but the first ``skip`` frames to ``meter``; returns what ffmpeg said."""
    # one thread: a second one costs a tenth more and gains nothing, the meters run meanwhile
    arguments = ["-loglevel", "level+info", "-threads", "1", *INPUT, "-i", ffmpeg.url(path)]
    arguments += ["-map", "0:a:0", "-ar", str(stream.rate), "-ac", str(stream.channels)]
    # ffmpeg hands every frame from thread to thread. With AAC's 1024 samples that was most of
    # its CPU (2026-11-21: 4.2 s of system and 2.7 s of user time per hour; so 2.8 and 2.3 s)
    first = f"atrim=start_sample={skip}," if skip else ""
    arguments += ["-af", f"{first}asetnsamples=n=32768:p=0"]
    arguments += ["-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]
    deadline = ffmpeg.deadline_s(stream.seconds or _UNKNOWN_S)
    size = stream.channels * 4
    with readable(path), ffmpeg.decoding(arguments, timeout_s=deadline) as decoded:
        for block in decoded.blocks(_BLOCK_FRAMES * size):
            meter(np.frombuffer(block[: len(block) // size * size], "<f4"))
    return decoded.stderr


def _by_libsndfile(path: Path, stream: Stream, meter: Feed) -> bool:
    """All samples to ``meter``; False when ffmpeg had better decode this file."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            if (file.samplerate, file.channels) != (stream.rate, stream.channels):
                return False
            for block in file.blocks(_BLOCK_FRAMES, dtype="float32"):
                meter(block.reshape(-1))
    except soundfile.LibsndfileError:
        return False
    return True
