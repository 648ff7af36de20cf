"""AAC, encoded once per chapter, and joined into a book without encoding it again.

A chapter rests as ADTS: plain AAC packets of 1024 frames, each with its own header. ffmpeg's
encoder answers N blocks with N + 1 packets, the first of which only primes the decoder. A
book is therefore packets 0…N of its first chapter and packets 1…N of every other: it
decodes to exactly the sum of their frames, every sample in its place (measured on 2026-11-21
with marks in six chapters). The half block on which two chapters overlap comes from two
encodes: 12 ms of room tone are 7 dB softer there (``docs/measurements.md``). Joining whole
files instead would add 1024 frames at every chapter.

So a changed sentence encodes one chapter, and the M4B and the read-along EPUB share it.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from audio import ffmpeg
from audio.packaging.sound import QUEUE, Sound, gain_filter, pcm_input
from audio.profiles import Profile
from castbook import files
from castbook.errors import BrokenPromise, StorageError

STAGE_VERSION: Final = 1  # raise it when an equal master shall give another file
BLOCK: Final = 1024  # frames of a packet
_HEADER: Final = 7  # bytes, without the checksum, which ffmpeg does not write
_PIPE: Final = 1 << 18


def encode_aac(destination: Path, sound: Sound, profile: Profile, *, gain_db: float = 0.0) -> None:
    """Encodes ``sound`` at ``profile.m4b_kbps`` with ``profile.aac_coder`` as ADTS.

    Args:
        gain_db: applied before encoding, in floating point.

    Raises:
        StorageError: the disk is full, or a master is damaged.
        BrokenPromise: the frames are no multiple of 1024, or the encoder's packets do not
            hold them all.
    """
    if sound.frames <= 0 or sound.frames % BLOCK:
        raise BrokenPromise(
            f"{sound.title}: {sound.frames} frames are not a whole number of AAC blocks of {BLOCK}"
        )
    with files.temporary_beside(destination) as temporary:
        ffmpeg.run(
            arguments(temporary, sound.rate, profile, gain_db=gain_db),
            timeout_s=ffmpeg.deadline_s(sound.frames / sound.rate),
            stdin=sound.pcm(),
        )
        found = count(temporary)
        if found != packets(sound.frames):
            raise BrokenPromise(
                f"{sound.title}: {found} AAC packets for {sound.frames} frames where "
                f"{packets(sound.frames)} were expected; is this another ffmpeg?"
            )
        files.replace(temporary, destination)


def arguments(destination: Path, rate: int, profile: Profile, *, gain_db: float = 0.0) -> list[str]:
    """ffmpeg's arguments; the samples come on stdin."""
    command = [*pcm_input(rate), *gain_filter(gain_db)]
    command += ["-c:a", "aac", "-aac_coder", profile.aac_coder, "-b:a", f"{profile.m4b_kbps}k"]
    command += ["-fflags", "+bitexact", "-flags:a", "+bitexact"]
    return [*command, "-f", "adts", "-y", ffmpeg.url(destination)]


def packets(frames: int) -> int:
    """How many packets ffmpeg makes of ``frames`` (a multiple of 1024): the priming one too."""
    return frames // BLOCK + 1


def count(encoded: Path) -> int:
    """How many whole packets an encoded chapter holds.

    Raises:
        StorageError: it is cut short, no ADTS file, or gone.
    """
    try:
        if encoded.stat().st_size == 0:
            return 0
        with (
            encoded.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            return _count(encoded, content)
    except OSError as error:
        raise _damaged(encoded, error.strerror or str(error)) from error


def _count(path: Path, content: mmap.mmap) -> int:
    place = found = 0
    while place < len(content):
        length = _length(content[place : place + _HEADER])
        if length == 0 or place + length > len(content):
            raise _damaged(path, f"packet {found} at byte {place} is broken")
        place += length
        found += 1
    return found


def joined(encoded: Sequence[Path]) -> Iterator[bytes]:
    """The packets of a book: all of the first chapter, all but the priming one of the others.

    Raises:
        StorageError: a file does not begin with a packet, or is gone.
    """
    for number, path in enumerate(encoded):
        try:
            with path.open("rb") as file:
                if number > 0:
                    length = _length(file.read(_HEADER))
                    if length == 0:
                        raise _damaged(path, "it does not begin with an AAC packet")
                    file.seek(length)
                while block := file.read(_PIPE):
                    yield block
        except OSError as error:
            raise _damaged(path, error.strerror or str(error)) from error


def write_m4a(destination: Path, encoded: Path, *, rate: int) -> None:
    """One encoded chapter as M4A, without tags: it plays exactly the master's frames.

    Raises:
        StorageError: the disk is full, or the encoded chapter is damaged.
    """
    with files.temporary_beside(destination) as temporary:
        ffmpeg.run(
            [*input_arguments(rate), "-map", "0:a", *output_arguments(temporary, rate)],
            timeout_s=ffmpeg.deadline_s(encoded.stat().st_size / 1000),  # 8 kbit/s at least
            stdin=joined([encoded]),
        )
        files.replace(temporary, destination)


def input_arguments(rate: int) -> list[str]:
    """ffmpeg's input options for ``joined`` on stdin.

    The offset turns the priming packet into an edit list, so that players begin with the
    first frame of the master.
    """
    return [*QUEUE, "-itsoffset", f"{-BLOCK / rate:.9f}", "-f", "aac", "-i", "pipe:0"]


def output_arguments(destination: Path, rate: int) -> list[str]:
    """ffmpeg's output options for an MP4 of copied packets.

    Times of the movie count frames. Without being told, ffmpeg 9.0.2 takes the clock of ADTS
    (28,224,000 a second), in which a chapter of more than 76 s does not fit into 31 bits: the
    QuickTime chapter track was lost without a word (2026-11-21).
    """
    copy = ["-c:a", "copy", "-bsf:a", "aac_adtstoasc", "-fflags", "+bitexact"]
    clock = ["-movie_timescale", str(rate), "-movflags", "+faststart"]
    return [*copy, *clock, "-f", "ipod", "-y", ffmpeg.url(destination)]


def _length(header: bytes) -> int:
    """Bytes of the packet that begins with ``header``; 0 when none does."""
    if len(header) < _HEADER or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
        return 0
    (middle,) = struct.unpack_from(">I", header, 3)
    length: int = middle >> 13 & 0x1FFF
    return length if length > _HEADER else 0


def _damaged(path: Path, why: str) -> StorageError:
    return StorageError(
        f"{path}: the encoded chapter cannot be used ({why}); delete it and run the same "
        "command again"
    )
