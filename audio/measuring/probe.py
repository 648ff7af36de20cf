"""What an audio file says about itself, as ffmpeg prints it, under a list of formats.

Files may be anybody's: only sound formats and plain files are opened, so that a text file
called ``.mp3`` cannot make ffmpeg open others (playlists, concat lists, addresses).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audio import ffmpeg
from castbook.errors import CastbookError, EnvironmentFault, InputError

_FORMATS: Final = "wav,w64,aiff,caf,mp3,flac,ogg,mov,matroska,aac"
INPUT: Final = ("-protocol_whitelist", "file,pipe", "-format_whitelist", _FORMATS)
_PROBE_S: Final = 60.0
_RATES: Final = range(4000, 384_001)  # Hz; what anybody records, and the meters are defined for
READABLE: Final = "an audio file castbook can read (MP3, M4B, M4A, FLAC, WAV, Opus, Ogg, EPUB)"


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


def probe(path: Path) -> Stream:
    """What the file says about its first sound.

    Raises:
        InputError: no such file, or none with sound.
        MissingDependency: there is no ffmpeg.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputError(f"cannot be opened: {why}", path=path, expected=READABLE) from error
    arguments = ["-loglevel", "level+info", *INPUT, "-i", ffmpeg.url(path)]
    with readable(path):
        output = ffmpeg.run(
            [*arguments, "-map", "0:a:0", "-t", "0", "-f", "null", "-"], timeout_s=_PROBE_S
        )
    stream = described(output.stderr)
    if stream is None:
        raise unreadable(path)
    if stream.rate not in _RATES or stream.channels < 1:
        raise InputError(
            f"its header says {stream.rate} Hz and {stream.channels} channels",
            path=path,
            expected=READABLE,
        )
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


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """ffmpeg's refusal of somebody's file is not a fault of castbook's."""
    try:
        yield
    except (EnvironmentFault, InputError):
        raise
    except CastbookError as error:
        raise unreadable(path) from error


def unreadable(path: Path) -> InputError:
    """What to raise for a file that nothing can be decoded of."""
    return InputError(
        "there is no sound in this file, or it is damaged from the start",
        path=path,
        expected=READABLE,
    )
