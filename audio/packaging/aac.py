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
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from audio import ffmpeg
from audio.packaging.sound import Sound, encode, gain_filter
from audio.profiles import Profile
from castbook import files
from castbook.errors import BrokenPromise, StorageError

STAGE_VERSION: Final = 1  # raise it when an equal master shall give another file
BLOCK: Final = 1024  # frames of a packet
_HEADER: Final = 7  # bytes, without the checksum, which ffmpeg does not write
_BATCH: Final = 1024  # packets handed on at once, a quarter of a megabyte


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
        encode([sound], arguments(temporary, profile, gain_db=gain_db))
        found = count(temporary)
        if found != packets(sound.frames):
            raise BrokenPromise(
                f"{sound.title}: {found} AAC packets for {sound.frames} frames where "
                f"{packets(sound.frames)} were expected; is this another ffmpeg?"
            )
        files.replace(temporary, destination)


def arguments(destination: Path, profile: Profile, *, gain_db: float = 0.0) -> list[str]:
    """ffmpeg's arguments behind its input."""
    command = [*gain_filter(gain_db), "-c:a", "aac", "-aac_coder", profile.aac_coder]
    command += ["-b:a", f"{profile.m4b_kbps}k"]
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
    return sum(map(len, _batches(encoded)))


@dataclass(frozen=True, slots=True)
class Stream:
    """Encoded chapters as one row of packets, without the headers they have as ADTS.

    All of the first chapter, and all but the priming packet of every other.
    """

    encoded: tuple[Path, ...]
    sizes: NDArray[np.uint32]  # bytes of each packet
    config: bytes  # MPEG-4's AudioSpecificConfig: what a decoder has to know
    channels: int

    @classmethod
    def of(cls, encoded: Sequence[Path]) -> Stream:
        """The packets of one or more files of ``encode_aac``.

        Raises:
            StorageError: one of them is damaged, empty or gone.
        """
        sizes = array("I")
        for number, path in enumerate(encoded):
            before = len(sizes)
            for batch in _batches(path, skip=min(number, 1)):
                sizes.extend(map(len, batch))
            if len(sizes) == before:
                raise _damaged(path, "it holds no sound")
        kind, rate, channels = _form(encoded[0])
        config = struct.pack(">H", kind << 11 | rate << 7 | channels << 3)
        return cls(tuple(encoded), np.array(sizes, np.uint32), config, channels)

    def bodies(self) -> Iterator[bytes]:
        """All packets in order, many at a time.

        Raises:
            StorageError: a file is damaged or gone.
        """
        for number, path in enumerate(self.encoded):
            for batch in _batches(path, skip=min(number, 1)):
                yield b"".join(batch)


def _batches(path: Path, skip: int = 0) -> Iterator[list[bytes]]:
    """The packets of an encoded chapter from number ``skip`` on, without their headers.

    Raises:
        StorageError: it is cut short, no ADTS file, or gone.
    """
    try:
        if path.stat().st_size == 0:
            return
        with path.open("rb") as file, _mapped(file) as content:
            place, end, number = 0, len(content), -skip
            batch: list[bytes] = []
            while place < end:
                length = _length(content[place : place + _HEADER])
                if length == 0 or place + length > end:
                    raise _damaged(path, f"packet {number + skip} at byte {place} is broken")
                if number >= 0:
                    batch.append(content[place + _HEADER : place + length])
                if len(batch) == _BATCH:
                    yield batch
                    batch = []
                place += length
                number += 1
            yield batch
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error


def _mapped(file: BinaryIO) -> mmap.mmap:
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _form(path: Path) -> tuple[int, int, int]:
    """(kind of AAC, number of the rate in MPEG-4's list, channels) of an ADTS file."""
    with path.open("rb") as file:
        word = int.from_bytes(file.read(4), "big")
    return (word >> 14 & 3) + 1, word >> 10 & 15, word >> 6 & 7


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
