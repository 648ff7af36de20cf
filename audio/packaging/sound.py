"""What an encoder is fed: a stretch of finished sound with a title.

A chapter is a whole master; other sounds (a sample, a part of a long chapter) are made of
stretches of masters. All are mono 16-bit PCM at the masters' rate.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from audio import ffmpeg
from castbook.errors import BrokenPromise, CastbookError, EnvironmentFault, StorageError

if TYPE_CHECKING:
    import soundfile

_BLOCK_FRAMES: Final = 1 << 16
# ffmpeg 5 and 6 take 8 packets from each of several inputs, then sleep for 10 ms: without a
# longer queue, a long stream beside tags and a cover took minutes there (5.1.9, 2026-11-21).
QUEUE: Final = ("-thread_queue_size", "512")
_CHECKED: Final = (
    *("-xerror", "-err_detect", "crccheck+explode"),
    *("-threads", "1", "-f", "flac"),  # more threads decode no faster, and cost a second an hour
)


def pcm_input(rate: int) -> list[str]:
    """ffmpeg's input options for the samples of sounds on stdin."""
    return [*QUEUE, "-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", "pipe:0"]


def encode(sounds: Sequence[Sound], output: Sequence[str]) -> None:
    """Has ffmpeg encode all samples of ``sounds``, one after the other.

    A whole master goes to ffmpeg as the file that it is: the samples are the same, and
    reading it here first to hand them over costs 2.5 CPU s per hour of sound more (2026-11-21).
    Its frames carry checksums, at which ffmpeg is told to stop.

    Args:
        output: ffmpeg's arguments behind the input.

    Raises:
        StorageError: the disk is full, or a master is damaged or gone.
        BrokenPromise: different rates, no samples, or a master of another length or form.
    """
    rate = common_rate(sounds)
    deadline_s = ffmpeg.deadline_s(sum(sound.frames for sound in sounds) / rate)
    if len(sounds) != 1 or not isinstance(sounds[0], ChapterFile):
        blocks = all_pcm(sounds)
        ffmpeg.run([*pcm_input(rate), *output], timeout_s=deadline_s, stdin=blocks)
        return
    master = sounds[0]
    with master.opened():
        pass  # its form and length are those that were promised
    try:
        ffmpeg.run([*_CHECKED, "-i", ffmpeg.url(master.path), *output], timeout_s=deadline_s)
    except CastbookError as error:
        if not isinstance(error, EnvironmentFault):
            for _ in master.pcm():
                pass  # says so if the master was to blame
        raise


def gain_filter(gain_db: float) -> list[str]:
    """ffmpeg's arguments for a gain in floating point: none where there is nothing to do."""
    return ["-af", f"volume={gain_db:.2f}dB:precision=float"] if round(gain_db, 2) else []


def common_rate(sounds: Sequence[Sound]) -> int:
    """The one rate of all of a book's chapters, in Hz.

    Raises:
        BrokenPromise: there are none, one is empty, or they differ.
    """
    rates = {sound.rate for sound in sounds}
    if len(rates) != 1:
        raise BrokenPromise(f"a book of {len(sounds)} chapters with the rates {sorted(rates)}")
    empty = [sound.title for sound in sounds if sound.frames <= 0]
    if empty:
        raise BrokenPromise(f"chapters without a sample: {', '.join(empty)}")
    return rates.pop()


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
        return self.stretch(0, self.frames)

    def stretch(self, start: int, end: int) -> Iterator[bytes]:
        """The samples of the frames [start, end), as ``pcm``.

        Raises:
            StorageError, BrokenPromise: as ``pcm``.
        """
        with self.opened() as master:
            if start:
                master.seek(start)
            while start < end:
                block = master.read(min(_BLOCK_FRAMES, end - start), dtype="int16")
                if len(block) == 0:
                    raise self._damaged(f"it ends at frame {start}")
                start += len(block)
                yield block.astype("<i2", copy=False).tobytes()

    @contextlib.contextmanager
    def opened(self) -> Iterator[soundfile.SoundFile]:
        """The master for reading, of the promised form and length.

        Raises:
            StorageError, BrokenPromise: as ``pcm``, also for what goes wrong inside.
        """
        import soundfile

        try:
            with soundfile.SoundFile(self.path) as master:
                if (master.samplerate, master.channels) != (self.rate, 1):
                    raise BrokenPromise(
                        f"{self.path}: {master.samplerate} Hz with {master.channels} channels "
                        f"where a mono master of {self.rate} Hz was promised"
                    )
                if master.frames != self.frames:
                    raise BrokenPromise(
                        f"{self.path}: {master.frames} frames where {self.frames} were promised"
                    )
                yield master
        except soundfile.LibsndfileError as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, why: str) -> StorageError:
        return StorageError(
            f"{self.path}: the master cannot be read ({why}); delete it and run the same "
            "command again"
        )


def all_pcm(sounds: Sequence[Sound]) -> Iterator[bytes]:
    """The samples of one sound after the other."""
    for sound in sounds:
        yield from sound.pcm()
