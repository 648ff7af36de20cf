"""The whole book as one M4B: chapters, cover, names.

Nothing is encoded here: the chapters' AAC packets (``audio/packaging/aac.py``) are copied into
one track, so a book of ten hours is written in seconds. Chapter times are sums of frames.
Both chapter forms are written: the QuickTime text track, which has no limit, and Nero's list,
which ends at 255 chapters for players that read only that (``short_list``).

Files over 4 GB: nothing has to be done. ffmpeg's muxer takes ``co64`` for places and a 64-bit
``mdat`` where 32 bits do not reach (4.5 GB written and read back, 2026-11-21). At 64 kbit/s
that is after 149 hours, at 256 kbit/s after 37.

Promises: the same bytes for the same chapters, metadata, cover and ffmpeg; an interrupted
call leaves the old file whole; constant memory here, in ffmpeg about 70 bytes a packet.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from audio import ffmpeg
from audio.packaging import aac
from audio.packaging.boxes import tracks
from audio.packaging.cover import input_arguments
from audio.packaging.metadata import BookMetadata, book_tags, ffmetadata
from audio.packaging.sound import Sound, common_rate
from castbook import files
from castbook.errors import BrokenPromise, StorageError

STAGE_VERSION: Final = 2  # raise it when equal masters shall give another file
NERO_MOST: Final = 255  # chapters: the list counts in one byte


def write_m4b(
    destination: Path,
    chapters: Sequence[Sound],
    encoded: Sequence[Path],
    metadata: BookMetadata,
    *,
    cover: Path | None,
) -> None:
    """Joins the encoded ``chapters`` in order into ``destination``.

    Args:
        encoded: ``encode_aac``'s file of each chapter.

    Raises:
        ProjectError: the cover is no whole JPEG or PNG.
        StorageError: the disk is full, or an encoded chapter is damaged.
        BrokenPromise: no chapters, an empty one, different rates, or other counts.
    """
    rate = common_rate(chapters)
    if len(encoded) != len(chapters):
        raise BrokenPromise(f"{len(encoded)} encoded files for {len(chapters)} chapters")
    frames = sum(chapter.frames for chapter in chapters)
    with (
        files.temporary_beside(destination) as temporary,
        files.temporary_beside(destination.parent / "tags.ffmetadata") as tags,
    ):
        tags.write_text(ffmetadata(book_tags(metadata), chapters, rate), "utf-8", newline="\n")
        ffmpeg.run(
            arguments(temporary, rate, tags, metadata, cover=cover),
            timeout_s=ffmpeg.deadline_s(frames / rate),
            stdin=aac.joined(encoded),
        )
        _check(temporary, chapters, encoded)
        files.replace(temporary, destination)


def arguments(
    destination: Path,
    rate: int,
    tags: Path,
    metadata: BookMetadata,
    *,
    cover: Path | None,
) -> list[str]:
    """ffmpeg's arguments; the packets come on stdin.

    Never ``-movflags use_metadata_tags``: it drops cover and all iTunes tags.
    """
    command = [*aac.input_arguments(rate), "-f", "ffmetadata", "-i", ffmpeg.url(tags)]
    if cover is not None:
        command += [*input_arguments(cover), "-i", ffmpeg.url(cover)]
    command += ["-map", "0:a", "-map_metadata", "1", "-map_chapters", "1"]
    command += ["-metadata:s:a:0", f"language={metadata.language3}"]
    if cover is not None:
        command += ["-map", "2:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"]
    return [*command, *aac.output_arguments(destination, rate)]


def short_list(chapters: int) -> str | None:
    """What a listener should know about a book of so many chapters, or None."""
    if chapters <= NERO_MOST:
        return None
    return (
        f"the M4B has {chapters} chapters; players that read only Nero's chapter list show the "
        f"first {NERO_MOST} of them, all others show every one"
    )


def _check(path: Path, chapters: Sequence[Sound], encoded: Sequence[Path]) -> None:
    """Every packet is there, and a track with every chapter's title.

    Raises:
        StorageError: an encoded chapter does not hold its frames.
        BrokenPromise: ffmpeg wrote something else than it was given.
    """
    found = {track.identity: track for track in tracks(path)}
    sound = next(iter(found.values()), None)
    wanted = aac.packets(sum(chapter.frames for chapter in chapters))
    if sound is None or sound.packets != wanted:
        raise _culprit(chapters, encoded)
    titles = found.get(sound.chapters)
    if titles is None or titles.packets != len(chapters):
        raise BrokenPromise("ffmpeg wrote no QuickTime chapter track; is this another ffmpeg?")


def _culprit(chapters: Sequence[Sound], encoded: Sequence[Path]) -> StorageError | BrokenPromise:
    """The encoded chapter that does not hold its frames."""
    for chapter, path in zip(chapters, encoded, strict=True):
        found, wanted = aac.count(path), aac.packets(chapter.frames)
        if found != wanted:
            return StorageError(
                f"{path}: {found} AAC packets where {chapter.title} has {wanted}; delete the "
                "file and run the same command again"
            )
    return BrokenPromise("the joined book has another length than its chapters")
