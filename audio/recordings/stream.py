"""A recording of any length, block by block, in constant memory.

Under the same distrust as ``audio/reference.py``: the type is read from the first bytes, the
decoder may open that type only, and what the header promises is not believed.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from audio.reference import CONTAINERS, RATES, sniff
from castbook.errors import CastbookError, EnvironmentFault, MissingDependency, VoiceError

if TYPE_CHECKING:
    from audio.ffmpeg import Decoded

LONGEST_S: Final = 12 * 3600.0
MOST_CHANNELS: Final = 8
_READABLE: Final = "a WAV, FLAC, Ogg, MP3, M4A or WebM recording of one person speaking"
_BLOCK_S: Final = 1.0
_HEAD: Final = 64  # bytes that tell the type
_AU: Final = struct.Struct(">4s5I")  # magic, offset of the samples, size, coding, rate, channels

Block = NDArray[np.float32]  # (n, channels), full scale is 1


@dataclass(frozen=True, slots=True)
class Stream:
    """An open recording."""

    rate: int  # Hz
    channels: int
    blocks: Iterator[Block]  # once, in order


@contextlib.contextmanager
def open_recording(path: Path) -> Iterator[Stream]:
    """Opens a recording for one pass.

    Raises:
        VoiceError: it is missing, no audio we read, damaged, of an odd rate, or longer than
            12 hours; while the blocks are read, too.
        EnvironmentFault: ffmpeg is needed and cannot work here.
    """
    kind = sniff(_head(path))
    if kind is None:
        raise VoiceError(
            "this is not audio castbook can read",
            path=path,
            expected=_READABLE,
            hint="convert it to WAV, for example with ffmpeg or Audacity",
        )
    opened = _through_ffmpeg(path) if kind in CONTAINERS else _through_libsndfile(path)
    with opened as stream:
        yield stream


def _head(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # opening a pipe would wait for a writer
        raise VoiceError("this is no file", path=path, expected=_READABLE)
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise VoiceError(
            f"the recording cannot be opened: {error.strerror or error}", path=path
        ) from error


@contextlib.contextmanager
def _through_libsndfile(path: Path) -> Iterator[Stream]:
    import soundfile

    try:
        file = soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        raise _damaged(path, str(error)) from error
    with file:
        rate, channels = int(file.samplerate), int(file.channels)
        _check_form(path, rate, channels)

        def blocks() -> Iterator[Block]:
            left = round(LONGEST_S * rate)
            while True:
                try:
                    block: Block = file.read(
                        round(_BLOCK_S * rate), dtype="float32", always_2d=True
                    )
                except soundfile.LibsndfileError as error:
                    raise _damaged(path, str(error)) from error
                if not len(block):
                    return
                left -= len(block)
                _check_length(path, left)
                yield np.nan_to_num(block, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)

        yield Stream(rate, channels, blocks())


@contextlib.contextmanager
def _through_ffmpeg(path: Path) -> Iterator[Stream]:
    from audio import ffmpeg

    arguments = ["-format_whitelist", "mov,matroska", "-protocol_whitelist", "file,pipe"]
    arguments += ["-i", ffmpeg.url(path), "-map", "0:a:0", "-vn", "-sn"]
    arguments += ["-c:a", "pcm_s16be", "-f", "au", "pipe:1"]
    try:
        with ffmpeg.decoding(arguments, timeout_s=ffmpeg.deadline_s(LONGEST_S)) as decoded:
            yield _au_stream(path, decoded)
    except MissingDependency as error:
        raise VoiceError(
            f"this kind of recording needs ffmpeg ({error})",
            path=path,
            expected=_READABLE,
            hint="convert it to WAV",
        ) from error
    except (VoiceError, EnvironmentFault):
        raise
    except CastbookError as error:
        raise _damaged(path, str(error)) from error


def _au_stream(path: Path, decoded: Decoded) -> Stream:
    """Sun's audio format, which says rate and channels before the samples."""
    pieces = decoded.blocks()
    start = b""
    while len(start) < _AU.size or len(start) < _AU.unpack_from(start)[1]:
        piece = next(pieces, b"")
        if not piece:
            raise _damaged(path, "it has no audio")
        start += piece
    _, offset, _, _, rate, channels = _AU.unpack_from(start)
    _check_form(path, rate, channels)

    def blocks() -> Iterator[Block]:
        left = round(LONGEST_S * rate)
        rest = start[offset:]
        for piece in pieces:
            whole = len(rest) // (2 * channels) * 2 * channels
            if whole:
                yield _from_au(rest[:whole], channels)
                left -= whole // (2 * channels)
                _check_length(path, left)
            rest = rest[whole:] + piece
        whole = len(rest) // (2 * channels) * 2 * channels
        if whole:
            yield _from_au(rest[:whole], channels)

    return Stream(rate, channels, blocks())


def _from_au(content: bytes, channels: int) -> Block:
    whole = np.frombuffer(content, ">i2").reshape(-1, channels)
    return whole.astype(np.float32) / np.float32(32768.0)


def _check_form(path: Path, rate: int, channels: int) -> None:
    if not RATES[0] <= rate <= RATES[1] or not 1 <= channels <= MOST_CHANNELS:
        raise VoiceError(
            f"{channels} channels at {rate} Hz",
            path=path,
            expected=f"up to {MOST_CHANNELS} channels at {RATES[0]} to {RATES[1]} Hz",
            hint="convert it to a mono WAV at 24000 Hz or more",
        )


def _check_length(path: Path, left: int) -> None:
    if left < 0:
        raise VoiceError(
            f"the recording is longer than {LONGEST_S / 3600:.0f} hours",
            path=path,
            hint="cut out an hour of it",
        )


def _damaged(path: Path, why: str) -> VoiceError:
    return VoiceError(
        f"the recording is damaged or not really audio ({why})",
        path=path,
        expected=_READABLE,
        hint="convert it to WAV, for example with ffmpeg or Audacity",
    )
