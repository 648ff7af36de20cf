"""A finished audio file in figures, taken from the decoded sound.

One ffmpeg process decodes (under a format and protocol list: a text file called ``.mp3``
cannot make it open others) and meters loudness; the samples stream through ``Meter``.
Nothing of what the file says about itself is believed where the sound tells it.
Knows no profile.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from audio import ffmpeg
from audio.measuring.loudness import METER, loudness
from audio.measuring.meter import Meter
from audio.packaging.mp3 import bitrates
from castbook.errors import CastbookError, EnvironmentFault, InputError

_FORMATS: Final = "wav,w64,aiff,caf,mp3,flac,ogg,mov,matroska,aac"
_QUIET_INPUT: Final = ["-protocol_whitelist", "file,pipe", "-format_whitelist", _FORMATS]
_BLOCK_FRAMES: Final = 1 << 17
_UNKNOWN_S: Final = 24 * 3600.0  # the deadline's basis where a file does not tell its length
_PROBE_S: Final = 60.0
_READABLE: Final = "an audio file castbook can read (MP3, M4B, M4A, FLAC, WAV, Opus, Ogg)"


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything castbook knows about one audio file. Decibels relative to full scale."""

    format: str  # by content: mp3, m4b, m4a, flac, wav, opus, ogg, else ffmpeg's name
    codec: str
    rate: int  # Hz
    channels: int
    bitrate_kbps: int  # of the sound; of an MP3, its lowest frame
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
class Stream:
    """What a file says about itself, as ffmpeg prints it."""

    container: str  # ffmpeg's names for it: "mov,mp4,m4a,3gp,3g2,mj2"
    codec: str
    rate: int
    channels: int
    kbps: int | None  # in an MP4: summed from its table of samples
    seconds: float | None
    chapters: int


def measure(path: Path) -> Measured:
    """Decodes all of ``path`` and measures it.

    Raises:
        InputError: no such file, or none with sound that ffmpeg can decode.
        MissingDependency: there is no ffmpeg.
    """
    stream = probe(path)
    meter = Meter(stream.rate, stream.channels)
    arguments = ["-loglevel", "level+info", *_QUIET_INPUT, "-i", ffmpeg.url(path)]
    arguments += ["-map", "0:a:0", "-af", METER]
    arguments += ["-ar", str(stream.rate), "-ac", str(stream.channels)]
    arguments += ["-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]
    deadline = ffmpeg.deadline_s(stream.seconds or _UNKNOWN_S)
    size = stream.channels * 4
    with _readable(path), ffmpeg.decoding(arguments, timeout_s=deadline) as decoded:
        for block in decoded.blocks(_BLOCK_FRAMES * size):
            meter.add(np.frombuffer(block[: len(block) // size * size], "<f4"))
    levels = meter.levels()
    if levels.frames == 0:
        raise _unreadable(path)
    loud = loudness(decoded.stderr)
    kind = format_of(stream, path.suffix)
    speeds = bitrates(path) if kind == "mp3" else {}
    guessed = "Estimating duration from bitrate" in decoded.stderr
    return Measured(
        format=kind,
        codec=stream.codec,
        rate=stream.rate,
        channels=stream.channels,
        bitrate_kbps=min(speeds, default=stream.kbps or _average_kbps(path, levels.duration_s)),
        constant_bitrate=len(speeds) == 1 if speeds else None,
        frames=levels.frames,
        duration_s=round(levels.duration_s, 3),
        promised_s=None if guessed else stream.seconds,
        errors=complaints(decoded.stderr),
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


def probe(path: Path) -> Stream:
    """What the file says about its first sound.

    Raises:
        InputError: no such file, or none with sound.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputError(f"cannot be opened: {why}", path=path, expected=_READABLE) from error
    arguments = ["-loglevel", "level+info", *_QUIET_INPUT, "-i", ffmpeg.url(path)]
    with _readable(path):
        output = ffmpeg.run(
            [*arguments, "-map", "0:a:0", "-t", "0", "-f", "null", "-"], timeout_s=_PROBE_S
        )
    stream = described(output.stderr)
    if stream is None:
        raise _unreadable(path)
    return stream


# Titles and other tags are printed with four spaces or more before them, so that none of
# them can pass for one of these lines.
_CONTAINER: Final = re.compile(r"^\[info\] Input #0, (.+?), from '", re.MULTILINE)
_DURATION: Final = re.compile(r"^\[info\]   Duration: (\d+):(\d\d):(\d\d\.\d+)", re.MULTILINE)
_AUDIO: Final = re.compile(
    r"^\[info\]   Stream #0:\d+\S*: Audio: (\w+).*?, (\d+) Hz, ([^,\n]+)(?:.*, (\d+) kb/s)?",
    re.MULTILINE,
)
_CHAPTER: Final = re.compile(r"^\[info\]     Chapter #0:\d+: start", re.MULTILINE)
_LAYOUTS: Final = {"mono": 1, "stereo": 2, "downmix": 2, "quad": 4, "hexagonal": 6, "octagonal": 8}


def described(stderr: str) -> Stream | None:
    """ffmpeg's description of its input (printed at ``level+info``); None without sound."""
    text = stderr.partition("[info] Output #0")[0]
    container, audio = _CONTAINER.search(text), _AUDIO.search(text)
    if container is None or audio is None:
        return None
    length = _DURATION.search(text)
    seconds = None
    if length is not None:
        seconds = int(length[1]) * 3600 + int(length[2]) * 60 + float(length[3])
    return Stream(
        container=container[1],
        codec=audio[1],
        rate=int(audio[2]),
        channels=_channels(audio[3]),
        kbps=int(audio[4]) if audio[4] and "m4a" in container[1].split(",") else None,
        seconds=seconds,
        chapters=len(_CHAPTER.findall(text)),
    )


def _channels(layout: str) -> int:
    """Channels of a layout's name: ``mono``, ``5.1(side)``, ``7.1.4``, ``9 channels``."""
    numbers = re.match(r"\d+(?:\.\d+)*", layout)
    if numbers is not None:
        return sum(int(part) for part in numbers[0].split("."))
    return _LAYOUTS.get(layout.split("(")[0].strip(), 2)


def complaints(stderr: str) -> int:
    """How many lines of level ``error`` the decoder printed."""
    return len(re.findall(r"^(?:\[[^\]\n]*\] )*\[(?:error|fatal)\] ", stderr, re.MULTILINE))


def format_of(stream: Stream, suffix: str) -> str:
    """One word for the format. M4B and M4A are one format: there the name decides."""
    names = stream.container.split(",")
    if "m4a" in names:
        return "m4b" if suffix.lower() == ".m4b" else "m4a"
    return "opus" if stream.codec == "opus" else names[0]


def _average_kbps(path: Path, seconds: float) -> int:
    return round(path.stat().st_size * 8 / 1000 / seconds)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """ffmpeg's refusal of somebody's file is not a fault of castbook's."""
    try:
        yield
    except (EnvironmentFault, InputError):
        raise
    except CastbookError as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> InputError:
    return InputError(
        "there is no sound in this file, or it is damaged from the start",
        path=path,
        expected=_READABLE,
    )
