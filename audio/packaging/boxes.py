"""The boxes of an MP4 file, read far enough to check what a writer wrote."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from castbook.errors import BrokenPromise

_TABLES: Final = (b"mdia", b"minf", b"stbl")


@dataclass(frozen=True, slots=True)
class Track:
    """A track as its tables describe it: what a player goes by."""

    identity: int
    packets: int
    chapters: int  # identity of the track that holds its chapters' titles; 0: none
    clock: int  # units of its times in a second
    skipped: int  # units at its start that are not played
    played: int  # units of the *movie's* clock that are
    lengths: tuple[tuple[int, int], ...]  # (packets, units of each) in a row
    sizes: NDArray[np.uint32]  # bytes of each packet
    chunks: tuple[tuple[int, int], ...]  # (place in the file, bytes): packets in a row


@dataclass(frozen=True, slots=True)
class Movie:
    """An MP4 file as its tables describe it."""

    clock: int  # units of its tracks' ``played`` in a second
    tracks: tuple[Track, ...]

    def track(self, identity: int) -> Track | None:
        """The track of that number."""
        return next((track for track in self.tracks if track.identity == identity), None)


def movie(path: Path) -> Movie:
    """What the tables of ``path`` say; no tracks when it is no whole MP4 file."""
    with path.open("rb") as file:
        place = next(_named(file, 0, path.stat().st_size, b"moov"), None)
        if place is None:
            return Movie(0, ())
        heads = list(_named(file, *place, b"mvhd"))
        clock = (
            _number(file, heads[0][0] + (20 if _long(file, heads[0][0]) else 12)) if heads else 0
        )
        return Movie(clock, tuple(_track(file, *trak) for trak in _named(file, *place, b"trak")))


def payload(path: Path, track: Track) -> Iterator[bytes]:
    """The packets of a track, chunk by chunk, where its tables say that they lie.

    Raises:
        BrokenPromise: the file ends before one of them does.
    """
    with path.open("rb") as file:
        for place, size in track.chunks:
            file.seek(place)
            content = file.read(size)
            if len(content) != size:
                raise BrokenPromise(f"{path}: its tables point behind its end")
            yield content


def _track(file: BinaryIO, start: int, end: int) -> Track:
    def one(*names: bytes) -> int | None:
        """Where the content of a box begins."""
        return next((at for at, _ in _named(file, start, end, *names)), None)

    identity = chapters = clock = skipped = played = 0
    if (at := one(b"tkhd")) is not None:
        identity = _number(file, at + (20 if _long(file, at) else 12))
    if (at := one(b"tref", b"chap")) is not None:
        chapters = _number(file, at)
    if (at := one(b"mdia", b"mdhd")) is not None:
        clock = _number(file, at + (20 if _long(file, at) else 12))
    if (at := one(b"edts", b"elst")) is not None and _number(file, at + 4) == 1:
        wide = _long(file, at)
        played = int(_numbers(file, at + 8, ">u8" if wide else ">u4", 1)[0])
        skipped = int(_numbers(file, at + (16 if wide else 12), ">i8" if wide else ">i4", 1)[0])
    sizes = np.empty(0, np.uint32)
    if (at := one(*_TABLES, b"stsz")) is not None:
        same, count = (int(n) for n in _numbers(file, at + 4, ">u4", 2))
        sizes = np.full(count, same, np.uint32)
        if not same:
            sizes = _numbers(file, at + 12, ">u4", count).astype(np.uint32)
    lengths: tuple[tuple[int, int], ...] = ()
    if (at := one(*_TABLES, b"stts")) is not None:
        pairs = _numbers(file, at + 8, ">u4", 2 * _number(file, at + 4)).reshape(-1, 2)
        lengths = tuple((int(count), int(units)) for count, units in pairs)
    return Track(
        identity=identity,
        packets=len(sizes),
        chapters=chapters,
        clock=clock,
        skipped=skipped,
        played=played,
        lengths=lengths,
        sizes=sizes,
        chunks=_chunks(file, sizes, *(one(*_TABLES, name) for name in (b"stco", b"co64", b"stsc"))),
    )


def _chunks(
    file: BinaryIO, sizes: NDArray[np.uint32], short: int | None, long: int | None, runs: int | None
) -> tuple[tuple[int, int], ...]:
    """(place, bytes) of every chunk, from the tables of places and of packets in a chunk."""
    at = long if short is None else short
    if at is None or runs is None:
        return ()
    places = _numbers(file, at + 8, ">u8" if short is None else ">u4", _number(file, at + 4))
    rows = _numbers(file, runs + 8, ">u4", 3 * _number(file, runs + 4)).reshape(-1, 3)
    firsts = [int(first) - 1 for first, *_ in rows]
    counts = np.zeros(len(places), np.int64)
    for first, (_, packets, _) in zip(firsts, rows, strict=True):
        counts[first:] = packets
    ends = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    after = np.minimum(np.cumsum(counts), len(sizes))
    sums = np.diff(ends[after], prepend=0)
    return tuple(zip(places.tolist(), sums.tolist(), strict=True))


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


def _long(file: BinaryIO, place: int) -> bool:
    """Whether a box is of version 1, which has 64-bit times."""
    file.seek(place)
    return file.read(1) == b"\1"


def _number(file: BinaryIO, place: int) -> int:
    file.seek(place)
    return int.from_bytes(file.read(4), "big")


def _numbers(file: BinaryIO, place: int, kind: str, count: int) -> NDArray[np.int64]:
    """``count`` numbers of a table; fewer where the file ends."""
    file.seek(place)
    size = np.dtype(kind).itemsize
    content = file.read(size * count)
    return np.frombuffer(content[: len(content) // size * size], kind).astype(np.int64)
