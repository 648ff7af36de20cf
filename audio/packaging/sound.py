"""What an encoder is fed: a stretch of finished sound with a title.

A chapter is a whole master; other sounds (a sample, a part of a long chapter) are made of
stretches of masters. All are mono 16-bit PCM at the masters' rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from castbook.errors import BrokenPromise, StorageError

_BLOCK_FRAMES: Final = 1 << 16


class Sound(Protocol):
    """A titled stretch of samples."""

    @property
    def title(self) -> str: ...

    @property
    def frames(self) -> int: ...

    @property
    def rate(self) -> int:
        """Hz."""

    def pcm(self) -> Iterator[bytes]:
        """All ``frames`` samples as little-endian 16-bit blocks.

        Raises:
            StorageError: a master is damaged or gone.
            BrokenPromise: it has another length or form than it should.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChapterFile:
    """A finished chapter: its master and what it is called."""

    path: Path  # mono 16-bit FLAC
    title: str
    frames: int
    rate: int  # Hz

    def pcm(self) -> Iterator[bytes]:
        """The samples as little-endian 16-bit blocks.

        Raises:
            StorageError: the master is damaged or gone.
            BrokenPromise: it has another length or form than it should.
        """
        import soundfile

        seen = 0
        try:
            with soundfile.SoundFile(self.path) as master:
                if (master.samplerate, master.channels) != (self.rate, 1):
                    raise BrokenPromise(
                        f"{self.path}: {master.samplerate} Hz with {master.channels} channels "
                        f"where a mono master of {self.rate} Hz was promised"
                    )
                for block in master.blocks(_BLOCK_FRAMES, dtype="int16"):
                    seen += len(block)
                    yield block.astype("<i2", copy=False).tobytes()
        except soundfile.LibsndfileError as error:
            raise StorageError(
                f"{self.path}: the master cannot be read ({error}); delete it and run the same "
                "command again"
            ) from error
        if seen != self.frames:
            raise BrokenPromise(f"{self.path}: {seen} frames where {self.frames} were promised")
