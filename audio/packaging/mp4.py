"""An MP4 file of AAC packets, after ISO/IEC 14496-12 and -14 and QuickTime's file format.

Written here and not by ffmpeg, which holds 140 MB for the packets of ten hours, writes the
file twice to have its tables in front, and takes two CPU seconds per hour of sound to hand
packets from thread to thread (2026-11-21). Tables first: a book plays before it is all there.
Whoever writes a file has it read back by ``audio/packaging/contents.py``.

The first packet only primes the decoder, and an edit list leaves it out. Titles of chapters are
written twice: as a text track (QuickTime's form, without a limit) and as Nero's list, which
counts to 255. All times are in frames. Files over 4 GB have a 64-bit ``mdat`` and ``co64``; at
64 kbit/s that is after 149 hours.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.packaging.aac import BLOCK, Stream

NERO_MOST: Final = 255  # chapters: the list counts in one byte
TEXT, NUMBER, JPEG, PNG = 1, 21, 13, 14  # kinds of items
_CHUNK: Final = 128  # packets between two places in the table, 3 s at 44.1 kHz
_WIDE: Final = 1 << 32
_SOUND, _TITLES = 1, 2  # numbers of the tracks
_MATRIX: Final = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_UTF8: Final = struct.pack(">I4sI", 12, b"encd", 0x100)  # behind a title: how it is written


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of the file."""

    title: str
    frames: int


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of iTunes' list."""

    name: str  # four letters, © where it begins with one
    kind: int  # TEXT, NUMBER (one byte), JPEG, PNG
    content: bytes


def write_mp4(
    destination: Path,
    stream: Stream,
    *,
    rate: int,
    language: str = "und",
    chapters: Sequence[Chapter] = (),
    items: Sequence[Item] = (),
) -> None:
    """Writes the packets of ``stream`` as one track.

    Args:
        rate: Hz.
        language: three letters, ISO 639-2.
        chapters: one after the other, from the first frame to the last; none: no titles.

    Raises:
        OSError: the file cannot be written.
        StorageError: an encoded chapter is damaged.
    """
    tables = _Tables(stream, rate, language, tuple(chapters), tuple(items))
    size = sum(map(len, tables.titles)) + int(stream.sizes.sum())
    wide = size >= _WIDE - (1 << 28)  # what lies before the last chunk counts, too
    kind = _box("ftyp", b"M4A ", struct.pack(">I", 512), b"M4A isomiso2")
    start = len(kind) + len(tables.movie(0, wide)) + (16 if wide else 8)
    with destination.open("wb") as file:
        file.write(kind)
        file.write(tables.movie(start, wide))
        if wide:
            file.write(struct.pack(">I4sQ", 1, b"mdat", size + 16))
        else:
            file.write(struct.pack(">I4s", size + 8, b"mdat"))
        file.writelines(tables.titles)
        file.writelines(stream.bodies())


@dataclass(frozen=True)
class _Tables:
    """What a player reads before the first packet."""

    stream: Stream
    rate: int
    language: str
    chapters: tuple[Chapter, ...]
    items: tuple[Item, ...]

    @property
    def frames(self) -> int:
        """Those that are played: all but the priming packet's."""
        return (len(self.stream.sizes) - 1) * BLOCK

    @property
    def titles(self) -> list[bytes]:
        """The packets of the text track."""
        texts = (_cut(chapter.title, 0xFFFF) for chapter in self.chapters)
        return [struct.pack(">H", len(text)) + text + _UTF8 for text in texts]

    def movie(self, start: int, wide: bool) -> bytes:
        """The ``moov`` box of a file whose titles, and behind them packets, begin at ``start``."""
        tracks = [self._sound(start + sum(map(len, self.titles)), wide)]
        if self.chapters:
            tracks.append(self._names(start, wide))
        version, times = _times(self.rate, self.frames)
        speed = struct.pack(">IH10x", 1 << 16, 1 << 8)
        following = struct.pack(">I", len(tracks) + 1)
        head = _full("mvhd", version, 0, times, speed, _MATRIX, bytes(24), following)
        return _box("moov", head, *tracks, self._about())

    def _sound(self, start: int, wide: bool) -> bytes:
        sizes = self.stream.sizes
        packets = len(sizes)
        whole, rest = divmod(packets, _CHUNK)
        runs = [(1, _CHUNK)] * (whole > 0) + [(whole + 1, rest)] * (rest > 0)
        ends = np.cumsum(sizes, dtype=np.int64)
        places = start + np.concatenate(([0], ends[_CHUNK - 1 : -1 : _CHUNK]))
        table = _box(
            "stbl",
            _full("stsd", 0, 0, struct.pack(">I", 1), self._decoder()),
            _full("stts", 0, 0, struct.pack(">3I", 1, packets, BLOCK)),
            _runs(runs),
            _full("stsz", 0, 0, struct.pack(">2I", 0, packets), sizes.astype(">u4").tobytes()),
            _places(places, wide),
            # a decoder that begins at a packet has to be given the one before it
            _full("sgpd", 1, 0, struct.pack(">4s2Ih", b"roll", 2, 1, -1)),
            _full("sbgp", 0, 0, struct.pack(">4s3I", b"roll", 1, packets, 1)),
        )
        names = _box("tref", _box("chap", struct.pack(">I", _TITLES))) if self.chapters else b""
        media = self._media("soun", packets * BLOCK, _full("smhd", 0, 0, bytes(4)), table)
        return _box("trak", self._head(_SOUND, 3, 1 << 8), self._edit(BLOCK), names, media)

    def _names(self, start: int, wide: bool) -> bytes:
        sizes = [len(title) for title in self.titles]
        alike = itertools.groupby(chapter.frames for chapter in self.chapters)
        lengths = [(len(list(same)), frames) for frames, same in alike]
        # plain text, left, black on white, no font of its own
        look = struct.pack(">6xH2I6x8x8x2H3x6xB", 1, 1, 0, 0, 0, 0)
        table = _box(
            "stbl",
            _full("stsd", 0, 0, struct.pack(">I", 1), _box("text", look)),
            _full("stts", 0, 0, _pairs(lengths)),
            _runs([(1, len(sizes))]),
            _full("stsz", 0, 0, struct.pack(f">{len(sizes) + 2}I", 0, len(sizes), *sizes)),
            _places(np.array([start]), wide),
        )
        plain = _full("gmin", 0, 0, struct.pack(">4H4x", 0x40, 0x8000, 0x8000, 0x8000))
        head = _box("gmhd", plain, _box("text", _MATRIX))
        media = self._media("text", self.frames, head, table)
        return _box("trak", self._head(_TITLES, 2, 0), self._edit(0), media)

    def _head(self, number: int, flags: int, volume: int) -> bytes:
        version, times = _times(number, self.frames, gap=4)
        sound = struct.pack(">10x2H2x", number, volume)
        return _full("tkhd", version, flags, times, sound, _MATRIX, bytes(8))

    def _edit(self, skipped: int) -> bytes:
        wide = self.frames >= _WIDE
        entry = struct.pack(">IQqI" if wide else ">IIiI", 1, self.frames, skipped, 1 << 16)
        return _box("edts", _full("elst", int(wide), 0, entry))

    def _media(self, kind: str, length: int, head: bytes, table: bytes) -> bytes:
        version, times = _times(self.rate, length)
        letters = [ord(letter) - 0x60 for letter in self.language]
        language = letters[0] << 10 | letters[1] << 5 | letters[2]
        here = _full("dref", 0, 0, struct.pack(">I", 1), _full("url ", 0, 1))
        return _box(
            "mdia",
            _full("mdhd", version, 0, times, struct.pack(">H2x", language)),
            _full("hdlr", 0, 0, struct.pack(">4x4s12x", kind.encode()), b"\0"),
            _box("minf", head, _box("dinf", here), table),
        )

    def _decoder(self) -> bytes:
        """How the packets are to be decoded: AAC, as their headers said."""
        per_second = round(int(self.stream.sizes.sum()) * 8 * self.rate / max(1, self.frames))
        most = int(self.stream.sizes.max())
        config = _tagged(5, self.stream.config)
        aac = struct.pack(">BB3s2I", 0x40, 0x15, most.to_bytes(3, "big"), per_second, per_second)
        described = _tagged(
            3, struct.pack(">HB", _SOUND, 0), _tagged(4, aac, config), _tagged(6, b"\2")
        )
        rate = self.rate << 16 if self.rate < 1 << 16 else 0  # the decoder's own says it then
        entry = struct.pack(">6xH8x2H4xI", 1, self.stream.channels, 16, rate)
        return _box("mp4a", entry, _full("esds", 0, 0, described))

    def _about(self) -> bytes:
        """Names, cover, and Nero's list of chapters."""
        parts = []
        if self.items:
            boxes = [
                _box(item.name, _box("data", struct.pack(">2I", item.kind, 0), item.content))
                for item in self.items
            ]
            kind = _full("hdlr", 0, 0, struct.pack(">4x4s4s9x", b"mdir", b"appl"))
            parts.append(_full("meta", 0, 0, kind, _box("ilst", *boxes)))
        if self.chapters:
            parts.append(self._nero())
        return _box("udta", *parts) if parts else b""

    def _nero(self) -> bytes:
        shown = self.chapters[:NERO_MOST]
        starts = itertools.accumulate((chapter.frames for chapter in shown), initial=0)
        rows = []
        for chapter, start in zip(shown, starts, strict=False):
            title = _cut(chapter.title, 255)
            rows.append(struct.pack(">QB", start * 10_000_000 // self.rate, len(title)) + title)
        return _full("chpl", 1, 0, struct.pack(">IB", 0, len(shown)), *rows)


def _box(name: str, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, name.encode("latin-1")) + content


def _full(name: str, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(name, struct.pack(">I", version << 24 | flags), *parts)


def _tagged(tag: int, *parts: bytes) -> bytes:
    """A descriptor of MPEG-4 systems, its length in four bytes."""
    content = b"".join(parts)
    length = len(content)
    return (
        bytes([tag, *(0x80 | length >> shift & 0x7F for shift in (21, 14, 7)), length & 0x7F])
        + content
    )


def _times(number: int, length: int, gap: int = 0) -> tuple[int, bytes]:
    """(version, no time of making or change, ``number``, a gap of so many bytes, ``length``)."""
    wide = length >= _WIDE
    return int(wide), struct.pack(
        f">{16 if wide else 8}xI{gap}x{'Q' if wide else 'I'}", number, length
    )


def _pairs(rows: Sequence[tuple[int, int]]) -> bytes:
    return struct.pack(">I", len(rows)) + b"".join(struct.pack(">2I", *row) for row in rows)


def _runs(runs: Sequence[tuple[int, int]]) -> bytes:
    """Which chunk on has how many packets, all of the one description."""
    rows = b"".join(struct.pack(">3I", first, packets, 1) for first, packets in runs)
    return _full("stsc", 0, 0, struct.pack(">I", len(runs)), rows)


def _places(places: NDArray[np.int64], wide: bool) -> bytes:
    content = places.astype(">u8" if wide else ">u4").tobytes()
    return _full("co64" if wide else "stco", 0, 0, struct.pack(">I", len(places)), content)


def _cut(text: str, most: int) -> bytes:
    """UTF-8 of at most so many bytes, no character cut in two."""
    return text.encode()[:most].decode(errors="ignore").encode()
