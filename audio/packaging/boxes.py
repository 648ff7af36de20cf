"""The boxes of an MP4 file, read far enough to check what a writer wrote."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Track:
    """A track as its tables describe it."""

    identity: int
    packets: int
    chapters: int  # identity of the track that holds its chapters' titles; 0: none


def tracks(path: Path) -> list[Track]:
    """All tracks of a file, in order; empty when it is no whole MP4 file."""
    with path.open("rb") as file:
        movie = next(_named(file, 0, path.stat().st_size, b"moov"), None)
        return [_track(file, *place) for place in _named(file, *movie, b"trak")] if movie else []


def _track(file: BinaryIO, start: int, end: int) -> Track:
    identity = packets = chapters = 0
    for at, _ in _named(file, start, end, b"tkhd"):
        file.seek(at)
        long = file.read(1) == b"\1"  # version 1 has 64-bit times before the number
        identity = _number(file, at + (20 if long else 12))
    for at, _ in _named(file, start, end, b"mdia", b"minf", b"stbl", b"stsz"):
        packets = _number(file, at + 8)
    for at, _ in _named(file, start, end, b"tref", b"chap"):
        chapters = _number(file, at)
    return Track(identity, packets, chapters)


def _named(file: BinaryIO, start: int, end: int, *names: bytes) -> Iterator[tuple[int, int]]:
    """Where the contents of the boxes under this path of names begin and end."""
    while start + 8 <= end:
        file.seek(start)
        header = file.read(16)
        size, length = struct.unpack_from(">I", header)[0], 8
        if size == 1:  # the 64-bit form, for boxes over 4 GB
            size, length = struct.unpack_from(">Q", header, 8)[0], 16
        if size < length:
            return
        if header[4:8] == names[0]:
            inner = (start + length, min(start + size, end))
            if len(names) == 1:
                yield inner
            else:
                yield from _named(file, *inner, *names[1:])
        start += size


def _number(file: BinaryIO, place: int) -> int:
    file.seek(place)
    return int.from_bytes(file.read(4), "big")
