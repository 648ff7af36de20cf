"""Reference clips: someone's recorded voice, taken from a file nobody vouches for.

A clip may come from anywhere, so nothing of it is believed: bytes are counted before they
are decoded, the type is read from the first bytes and never from the name, the decoder is
told which formats it may open (a text file called ``clip.wav`` makes a plain ffmpeg read
other files of the machine), and decoded seconds are capped (half a megabyte of FLAC can
hold two hours of silence). What comes out is mono 16 bit at the clip's own rate: engines
resample for themselves.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.measuring.meter import decibels
from audio.pcm import FULL_SCALE, Pcm, to_pcm
from audio.recordings.checks import Refusal, check_clip
from castbook.errors import CastbookError, EnvironmentFault, MissingDependency, VoiceError

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_S: Final = 30.0
LEAST_S: Final = 1.0

_READABLE: Final = "WAV, FLAC, Ogg, MP3, M4A or WebM audio of 3 to 10 seconds of clear speech"
RATES: Final = (8000, 192_000)  # Hz
CONTAINERS: Final = ("mp4", "webm")  # kinds that libsndfile does not read
_CHANNELS: Final = 2
_DECODE_S: Final = 30.0  # wall time; 30 s of audio decode in well under one
_FFMPEG_FORMATS: Final = "mov,matroska"


@dataclass(frozen=True, slots=True)
class Clip:
    """A decoded reference clip. Decibels relative to full scale, −120 for nothing."""

    pcm: Pcm  # int16 (n,), mono
    rate: int  # Hz, the file's own
    seconds: float
    speech_s: float  # without its long pauses
    peak: float  # 0…1, of the samples before they were mixed down
    rms_db: float
    noise_db: float  # 10th percentile of 10 ms frames: the room, if the clip has pauses
    warnings: tuple[str, ...]  # what is weak about it, for people


def read_reference(path: Path) -> Clip:
    """Decodes a reference clip.

    Raises:
        VoiceError: with the file and what to do, when it is missing, too large, no audio we
            read, too short, too long, or silent.
    """
    content = _bytes(path)
    kind = sniff(content)
    if kind is None:
        raise VoiceError(
            "this is not audio castbook can read",
            path=path,
            expected=_READABLE,
            hint="convert it to WAV, for example with ffmpeg or Audacity",
        )
    samples, rate = _through_ffmpeg(path) if kind in CONTAINERS else _decode(content, path)
    return _judged(samples, rate, path)


def sniff(content: bytes) -> str | None:
    """The kind of audio file by its first bytes, or None for anything else."""
    if content[:4] in (b"RIFF", b"RF64") and content[8:12] == b"WAVE":
        return "wav"
    if content[:4] == b"fLaC":
        return "flac"
    if content[:4] == b"OggS":
        return "ogg"
    if content[4:8] == b"ftyp":
        return "mp4"
    if content[:4] == b"\x1aE\xdf\xa3":
        return "webm"
    # an MPEG frame: 11 bits set, layer III
    frame = len(content) > 1 and content[0] == 0xFF and content[1] & 0xE6 == 0xE2
    return "mp3" if content[:3] == b"ID3" or frame else None


def _bytes(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # opening a pipe would wait for a writer
        raise VoiceError("this is no file", path=path, expected=_READABLE)
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise VoiceError(
            f"the clip cannot be opened: {error.strerror or error}",
            path=path,
            hint="check the path in project.yaml and the file's permissions",
        ) from error
    if len(content) > MOST_BYTES:
        raise VoiceError(
            f"the clip is larger than {MOST_BYTES // 1024 // 1024} MiB",
            path=path,
            expected=_READABLE,
            hint="cut out the best 3 to 10 seconds",
        )
    return content


def _decode(content: bytes, path: Path) -> tuple[NDArray[np.float32], int]:
    """float32 (n, channels) of at most a little more than MOST_S, and the rate."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            rate, channels = int(file.samplerate), int(file.channels)
            if not RATES[0] <= rate <= RATES[1] or channels > _CHANNELS:
                raise VoiceError(
                    f"{channels} channels at {rate} Hz",
                    path=path,
                    expected=f"mono or stereo at {RATES[0]} to {RATES[1]} Hz",
                    hint="convert it to a mono WAV at 24000 Hz or more",
                )
            limit = round((MOST_S + 1) * rate)
            samples: NDArray[np.float32] = file.read(limit, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise _unreadable(path, str(error)) from error
    return np.nan_to_num(samples, copy=False, nan=0.0, posinf=1.0, neginf=-1.0), rate


def _through_ffmpeg(path: Path) -> tuple[NDArray[np.float32], int]:
    """For containers libsndfile does not read. A file and not a pipe: an M4A may keep its
    index at the end."""
    from audio import ffmpeg

    arguments = ["-format_whitelist", _FFMPEG_FORMATS, "-protocol_whitelist", "file,pipe"]
    arguments += ["-t", f"{MOST_S + 1:g}", "-i", ffmpeg.url(path), "-map", "0:a:0", "-vn", "-sn"]
    arguments += ["-ac", "1", "-c:a", "pcm_s16be", "-f", "au", "pipe:1"]
    try:
        decoded = ffmpeg.run(arguments, timeout_s=_DECODE_S).stdout
    except MissingDependency as error:
        raise VoiceError(
            f"this kind of clip needs ffmpeg ({error})",
            path=path,
            expected=_READABLE,
            hint="convert it to WAV",
        ) from error
    except EnvironmentFault:
        raise
    except CastbookError as error:
        raise _unreadable(path, str(error)) from error
    return _decode(decoded, path)


def _unreadable(path: Path, why: str) -> VoiceError:
    return VoiceError(
        f"the clip is damaged or not really audio ({why})",
        path=path,
        expected=_READABLE,
        hint="convert it to WAV, for example with ffmpeg or Audacity",
    )


def _judged(samples: NDArray[np.float32], rate: int, path: Path) -> Clip:
    seconds = len(samples) / rate
    if seconds < LEAST_S:
        raise VoiceError(
            f"the clip is too short: {seconds:.2f} s", path=path, expected="3 to 10 seconds"
        )
    if seconds > MOST_S:
        raise VoiceError(
            f"the clip is longer than {MOST_S:.0f} s",
            path=path,
            expected="3 to 10 seconds",
            hint="cut out the best part, and write its words as the transcript",
        )
    pcm, _ = to_pcm(samples.mean(1))
    quality = check_clip(samples, pcm, rate)
    if isinstance(quality, Refusal):
        raise VoiceError(quality.message, path=path, expected=quality.expected, hint=quality.hint)
    return Clip(
        pcm=pcm,
        rate=rate,
        seconds=seconds,
        speech_s=quality.speech_s,
        peak=float(np.abs(samples).max()),
        rms_db=decibels(float(np.sqrt(np.mean((pcm / FULL_SCALE) ** 2)))),
        noise_db=quality.noise_db,
        warnings=quality.warnings,
    )
