"""Limits of formats and players that a long book meets: said, never met in silence. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from audio.packaging import m4b, opus

_FAT_BYTES: Final = 4 * 1024**3 - 1  # the largest file of a FAT32 card, and of 32-bit readers


def remarks(outputs: Collection[str], chapters: int, sizes: Mapping[str, float]) -> tuple[str, ...]:
    """What a listener should know about the files, although they are as they should be.

    Args:
        chapters: that are marked in the files of the whole book.
        sizes: bytes of each file that holds the whole book, by its name.
    """
    lists = {"m4b": m4b.short_list, "opus": opus.short_list}
    said = [lists[name](chapters) for name in lists if name in outputs]
    return (*(text for text in said if text is not None), *_large(sizes))


def _large(sizes: Mapping[str, float]) -> Iterator[str]:
    for name, size in sizes.items():
        if size > _FAT_BYTES:
            yield (
                f"{name} has {size / 1e9:.1f} GB: FAT32 cards and some players take files of up to"
                " 4 GiB only; the files of single chapters (outputs: mp3) are smaller"
            )
