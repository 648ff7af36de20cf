"""The whole book as one M4B: chapters, cover, names.

Nothing is encoded here: the chapters' AAC packets (``audio/packaging/aac.py``) are copied into
one track, so a book of ten hours is written in seconds. Chapter times are sums of frames.
Both chapter forms are written: the QuickTime text track, which has no limit, and Nero's list,
which ends at 255 chapters for players that read only that (``short_list``).

Files over 4 GB: nothing has to be done. ffmpeg's muxer counts bytes in 64 bits and takes
``co64`` for places and a 64-bit ``mdat`` where 32 bits do not reach; at 64 kbit/s that is
after 149 hours, at 256 kbit/s after 37.

Promises: the same bytes for the same chapters, metadata, cover and ffmpeg; an interrupted
call leaves the old file whole; constant memory here, in ffmpeg about 130 bytes a packet.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from audio import ffmpeg
from audio.packaging import aac
from audio.packaging.cover import input_arguments
from audio.packaging.metadata import BookMetadata, book_tags, ffmetadata
from audio.packaging.sound import Sound, common_rate
from audio.profiles import Profile
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
    profile: Profile,
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
        if packets_of(temporary) != aac.packets(frames):
            raise _culprit(chapters, encoded)
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
    return [*command, *aac.COPY_ARGUMENTS, "-f", "ipod", "-y", ffmpeg.url(destination)]


def short_list(chapters: int) -> str | None:
    """What a listener should know about a book of so many chapters, or None."""
    if chapters <= NERO_MOST:
        return None
    return (
        f"the M4B has {chapters} chapters; players that read only Nero's chapter list show the "
        f"first {NERO_MOST} of them, all others show every one"
    )


def packets_of(path: Path) -> int:
    """How many packets the first track of an MP4 file has, from its sample table.

    Raises:
        BrokenPromise: the file is not what ffmpeg writes.
    """
    with path.open("rb") as file:
        end = path.stat().st_size
        place = 0
        for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsz"):
            while place + 8 <= end:
                file.seek(place)
                header = file.read(16)
                size, header_size = struct.unpack_from(">I", header)[0], 8
                if size == 1:
                    size, header_size = struct.unpack_from(">Q", header, 8)[0], 16
                if header[4:8] == name or size < header_size:
                    break
                place += size
            if place + 8 > end or header[4:8] != name:
                raise BrokenPromise(f"{path}: no {name.decode()} box where MP4 has one")
            place, end = place + header_size, place + size
        file.seek(place)
        _, _, found = struct.unpack(">III", file.read(12))
    return int(found)


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
