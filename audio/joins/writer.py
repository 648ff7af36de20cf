"""The file of a stitched chapter, written in blocks, each heard by whoever measures.

RF64, a WAV whose header counts beyond 4 GB (13.5 hours at 44.1 kHz): mono, 16 bit, whatever
the suffix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from audio.pcm import Pcm
from castbook.errors import StorageError

_BLOCK: Final = 1 << 17  # frames written, and heard, at once


class ChapterWriter:
    """The file being written. After a clean exit it holds exactly ``frames`` frames.

    Args:
        destination: a temporary file of the caller's.
        rate: Hz.
        heard: is given all samples in order: a block of int16 (n,), overwritten after the call.
    """

    def __init__(
        self, destination: Path, rate: int, heard: Callable[[Pcm], None] | None = None
    ) -> None:
        self._destination = destination
        self._rate = rate
        self._heard = heard
        self._block = np.empty(_BLOCK, np.int16)
        self._filled = 0
        self.frames = 0

    def __enter__(self) -> ChapterWriter:
        import soundfile

        self._error = soundfile.LibsndfileError
        try:
            self._file = soundfile.SoundFile(
                self._destination, "w", self._rate, channels=1, subtype="PCM_16", format="RF64"
            )
        except soundfile.LibsndfileError as error:
            raise self._unwritable(str(error)) from error
        return self

    def write(self, pcm: Pcm) -> None:
        """The next samples, int16 (n,)."""
        at = 0
        for room in self._rooms(len(pcm)):
            room[:] = pcm[at : at + len(room)]
            at += len(room)

    def silence(self, count: int) -> None:
        """``count`` frames of digital silence."""
        for room in self._rooms(count):
            room[:] = 0

    def pause(self, milliseconds: int) -> None:
        """So much of it, to the nearest frame."""
        self.silence(round(milliseconds * self._rate / 1000))

    def _rooms(self, count: int) -> Iterator[Pcm]:
        """Parts of the block, to be filled, that are ``count`` frames together."""
        self.frames += count
        while count:
            if self._filled == _BLOCK:
                self._flush()
            size = min(count, _BLOCK - self._filled)
            yield self._block[self._filled : self._filled + size]
            self._filled += size
            count -= size

    def _flush(self) -> None:
        block, self._filled = self._block[: self._filled], 0
        try:
            self._file.write(block)
        except (self._error, AssertionError) as error:
            # soundfile asserts that every frame was taken: on a full disk some are not
            raise self._unwritable(str(error)) from error
        if self._heard is not None:
            self._heard(block)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._file.close()
        size = self._destination.stat().st_size
        if kind is None and size < 2 * self.frames:
            raise self._unwritable(f"{size} bytes are there, {2 * self.frames} were written")

    def _unwritable(self, why: str) -> StorageError:
        return StorageError(
            f"{self._destination.parent}: the chapter cannot be written ({why or 'cut short'}): is "
            "the disk full? Free some space and run the same command again: finished work is kept"
        )
