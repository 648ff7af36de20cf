"""The whole book as one M4B: chapters, cover, names.

One encode over all masters: encoding chapters apart and joining the AAC adds 23 ms of
priming every three chapters (docs/measurements.md). Chapter times are sums of frames. Both
chapter forms are written: the QuickTime text track, which has no limit, and Nero's list,
which ends at 255 chapters for players that read only that.

Promises: the same bytes for the same masters, metadata, cover and ffmpeg; an interrupted
call leaves the old file whole; constant memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from audio import ffmpeg
from audio.packaging.cover import input_arguments
from audio.packaging.metadata import BookMetadata, book_tags, ffmetadata
from audio.packaging.sound import ChapterFile
from audio.profiles import Profile
from castbook import files
from castbook.errors import BrokenPromise

STAGE_VERSION: Final = 1  # raise it when equal masters shall give another file


def write_m4b(
    destination: Path,
    chapters: Sequence[ChapterFile],
    metadata: BookMetadata,
    *,
    cover: Path | None,
    profile: Profile,
) -> None:
    """Encodes ``chapters`` in order into ``destination``.

    Raises:
        ProjectError: the cover is no whole JPEG or PNG.
        StorageError: the disk is full, or a master is damaged.
        BrokenPromise: no chapters, an empty one, or different rates.
    """
    rate = common_rate(chapters)
    seconds = sum(chapter.frames for chapter in chapters) / rate
    with (
        files.temporary_beside(destination) as temporary,
        files.temporary_beside(destination.parent / "tags.ffmetadata") as tags,
    ):
        tags.write_text(ffmetadata(book_tags(metadata), chapters, rate), "utf-8", newline="\n")
        ffmpeg.run(
            arguments(temporary, rate, tags, metadata, cover=cover, profile=profile),
            timeout_s=ffmpeg.deadline_s(seconds),
            stdin=_pcm(chapters),
        )
        files.replace(temporary, destination)


def arguments(
    destination: Path,
    rate: int,
    tags: Path,
    metadata: BookMetadata,
    *,
    cover: Path | None,
    profile: Profile,
) -> list[str]:
    """ffmpeg's arguments; the samples come on stdin.

    Never ``-movflags use_metadata_tags``: it drops cover and all iTunes tags.
    """
    command = ["-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", "pipe:0"]
    command += ["-f", "ffmetadata", "-i", ffmpeg.url(tags)]
    if cover is not None:
        command += [*input_arguments(cover), "-i", ffmpeg.url(cover)]
    command += ["-map", "0:a", "-map_metadata", "1", "-map_chapters", "1"]
    command += ["-c:a", "aac", "-aac_coder", profile.aac_coder, "-b:a", f"{profile.m4b_kbps}k"]
    command += ["-metadata:s:a:0", f"language={metadata.language3}"]
    if cover is not None:
        command += ["-map", "2:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"]
    command += ["-fflags", "+bitexact", "-flags:a", "+bitexact"]
    return [*command, "-movflags", "+faststart", "-f", "ipod", "-y", ffmpeg.url(destination)]


def common_rate(chapters: Sequence[ChapterFile]) -> int:
    """The one rate of all chapters, in Hz.

    Raises:
        BrokenPromise: there are none, one is empty, or they differ.
    """
    rates = {chapter.rate for chapter in chapters}
    if len(rates) != 1:
        raise BrokenPromise(f"a book of {len(chapters)} chapters with the rates {sorted(rates)}")
    empty = [chapter.title for chapter in chapters if chapter.frames <= 0]
    if empty:
        raise BrokenPromise(f"chapters without a sample: {', '.join(empty)}")
    return rates.pop()


def _pcm(chapters: Sequence[ChapterFile]) -> Iterator[bytes]:
    for chapter in chapters:
        yield from chapter.pcm()
