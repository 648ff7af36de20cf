"""The whole book as one M4B: chapters, cover, names.

Nothing is encoded here: the chapters' AAC packets (``audio/packaging/aac.py``) are copied into
one track (``mp4.py``), so a book of ten hours is written in seconds. Chapter times are sums of
frames. The finished file is read back: it holds those packets, and players find every chapter.

Promises: the same bytes for the same chapters, metadata and cover; an interrupted call leaves
the old file whole; 15 bytes of memory for a packet.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from audio.packaging import aac
from audio.packaging.contents import prove
from audio.packaging.cover import picture_type
from audio.packaging.metadata import BookMetadata, itunes_texts, printable
from audio.packaging.mp4 import JPEG, NERO_MOST, NUMBER, PNG, TEXT, Chapter, Item, write_mp4
from audio.packaging.sound import Sound, common_rate
from castbook import files
from castbook.errors import BrokenPromise, StorageError

STAGE_VERSION: Final = 3  # raise it when equal masters shall give another file
_AUDIOBOOK: Final = b"\2"  # iTunes' kinds of media


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
    items = book_items(metadata, cover)
    stream = aac.Stream.of(encoded)
    if len(stream.sizes) != aac.packets(sum(chapter.frames for chapter in chapters)):
        raise _culprit(chapters, encoded)
    marks = [Chapter(printable(chapter.title), chapter.frames) for chapter in chapters]
    with files.temporary_beside(destination) as temporary:
        write_mp4(
            temporary,
            stream,
            rate=rate,
            language=metadata.language3,
            chapters=marks,
            items=items,
        )
        prove(temporary, stream, rate, [(mark.title, mark.frames) for mark in marks])
        files.replace(temporary, destination)


def book_items(metadata: BookMetadata, cover: Path | None) -> list[Item]:
    """Names and cover, as iTunes' list has them.

    Raises:
        ProjectError: the cover is no whole JPEG or PNG.
    """
    items = [Item(name, TEXT, text.encode()) for name, text in itunes_texts(metadata).items()]
    items.append(Item("stik", NUMBER, _AUDIOBOOK))
    if cover is not None:
        kind = PNG if picture_type(cover) == "png" else JPEG
        items.append(Item("covr", kind, cover.read_bytes()))
    return items


def short_list(chapters: int) -> str | None:
    """What a listener should know about a book of so many chapters, or None."""
    if chapters <= NERO_MOST:
        return None
    return (
        f"the M4B has {chapters} chapters; players that read only Nero's chapter list show the "
        f"first {NERO_MOST} of them, all others show every one"
    )


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
