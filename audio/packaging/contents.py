"""Whether an MP4 file holds the packets and chapters that it was made of.

The packets were decoded and measured before they were packed. What a container can still get
wrong is where its tables say that they lie, how long each lasts, how much at the start is not
played, and where chapters begin: all of it is read back here, as a player reads it. That costs
a read of the file instead of a second decode of the whole book.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from audio.packaging.aac import BLOCK, Stream
from audio.packaging.boxes import Movie, Track, movie, payload
from castbook.errors import BrokenPromise


def prove(path: Path, stream: Stream, rate: int, chapters: Sequence[tuple[str, int]] = ()) -> None:
    """Returns when a player of ``path`` plays ``stream`` and shows ``chapters``.

    Args:
        rate: Hz.
        chapters: (title, frames) of each in order; none: the file has no titles.

    Raises:
        BrokenPromise: it would play or show something else.
    """
    found = movie(path)
    if not found.tracks:
        raise BrokenPromise(f"{path}: this is no whole MP4 file")
    sound = found.tracks[0]
    frames = (len(stream.sizes) - 1) * BLOCK
    if (found.clock, sound.clock, sound.skipped, sound.played, sound.lengths) != (
        *(rate, rate, BLOCK, frames),
        ((len(stream.sizes), BLOCK),),
    ):
        raise BrokenPromise(f"{path}: its tables do not play {frames} frames at {rate} Hz")
    if not np.array_equal(sound.sizes, stream.sizes) or _digest(payload(path, sound)) != _digest(
        stream.bodies()
    ):
        raise BrokenPromise(f"{path}: its packets are not those that were measured")
    starts = itertools.accumulate((length for _, length in chapters), initial=0)
    wanted = [(start, title) for (title, _), start in zip(chapters, starts, strict=False)]
    if titles(path, found, sound) != wanted:
        raise BrokenPromise(f"{path}: its chapters are not those of the book")


def titles(path: Path, found: Movie, sound: Track) -> list[tuple[int, str]]:
    """(start in units of the text track's clock, title) of every chapter of a sound."""
    names = found.track(sound.chapters) if sound.chapters else None
    if names is None:
        return []
    lengths = [units for count, units in names.lengths for _ in range(count)]
    content = b"".join(payload(path, names))
    starts = [0, *itertools.accumulate(lengths)]
    places = [0, *itertools.accumulate(names.sizes.tolist())]
    texts = []
    for at in places[:-1]:
        size = int.from_bytes(content[at : at + 2], "big")
        texts.append(content[at + 2 : at + 2 + size].decode("utf-8", "replace"))
    return list(zip(starts, texts, strict=False))


def _digest(blocks: Iterable[bytes]) -> bytes:
    found = hashlib.sha256()
    for block in blocks:
        found.update(block)
    return found.digest()
