"""Whether a read-along book really holds the sound that was decoded and measured.

The chapters' AAC was proven before it was packed (``tasks/publication/encodings.py``), and so
was each M4A when it was written (``audio/packaging/contents.py``). This reads the finished EPUB
back, and compares the packets of every chapter, byte for byte. It costs a read of the file
instead of a second decode of the whole book, and a wrong byte anywhere is found.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from audio.packaging.aac import Stream
from castbook.errors import BrokenPromise

_BLOCK: Final = 1 << 20


def compare_packets(package: Path, encoded: Sequence[Path]) -> None:
    """Returns when every chapter's packets are in the EPUB, in order, and nothing else is.

    Raises:
        BrokenPromise: they are not; the chapter is named by its number from 1.
    """
    try:
        with zipfile.ZipFile(package) as book:
            bad = book.testzip()
            names = sorted(n for n in book.namelist() if n.endswith(".m4a"))
            if bad is not None or len(names) != len(encoded):
                raise BrokenPromise(
                    f"{package}: {bad or len(names)} where {len(encoded)} whole chapters of sound"
                    " were packed"
                )
            for number, (name, source) in enumerate(zip(names, encoded, strict=True), 1):
                with book.open(name) as member:
                    if _digest(_packed(member)) != _digest(Stream.of([source]).bodies()):
                        raise BrokenPromise(
                            f"{package}: the sound of chapter {number} is not what was measured"
                        )
    except (zipfile.BadZipFile, EOFError) as error:
        raise BrokenPromise(f"{package}: cannot be read back: {error}") from error


def _packed(member: IO[bytes]) -> Iterator[bytes]:
    """What the ``mdat`` box of an MP4 file holds: all packets, one behind the other."""
    while len(head := member.read(8)) == 8:
        size, kind, seen = int.from_bytes(head[:4], "big"), head[4:], 8
        if size == 1:
            size, seen = int.from_bytes(member.read(8), "big"), 16
        while seen < size and (block := member.read(min(_BLOCK, size - seen))):
            seen += len(block)
            if kind == b"mdat":
                yield block


def _digest(blocks: Iterator[bytes]) -> bytes:
    found = hashlib.sha256()
    for block in blocks:
        found.update(block)
    return found.digest()
