"""Encoded chapters as M4A: sound without tags, for the read-along EPUB."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audio.packaging.aac import Stream
from audio.packaging.contents import prove
from audio.packaging.mp4 import write_mp4
from castbook import files


def write_m4a(destination: Path, encoded: Sequence[Path], *, rate: int) -> None:
    """The packets of ``encoded``, proven to be there: it plays exactly the masters' frames.

    Args:
        encoded: one or more files of ``encode_aac``.
        rate: Hz.

    Raises:
        StorageError: the disk is full, or an encoded chapter is damaged.
        BrokenPromise: what was written is not what was meant.
    """
    stream = Stream.of(encoded)
    with files.temporary_beside(destination) as temporary:
        write_mp4(temporary, stream, rate=rate)
        prove(temporary, stream, rate)
        files.replace(temporary, destination)
