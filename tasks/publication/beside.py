"""What lies beside the book files: cover, metadata.json, and what Audiobookshelf must not read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from audio.packaging.metadata import metadata_json
from tasks.publication.bookfiles import Blueprint
from tasks.publication.layout import IGNORE, ignored, shown

METADATA = "metadata.json"


def files_beside(book: Blueprint, paths: Collection[Path]) -> Mapping[Path, bytes]:
    """The small files of a book whose book files lie at ``paths``, with their content.

    While a complete book stands and a new one is not finished, cover and metadata go on telling
    of the complete one: they are not among these files.

    Raises:
        ProjectError: the cover is gone, or no whole picture.
    """
    folder = book.out / book.layout.folder
    found: dict[Path, bytes] = {}
    if not book.layout.aside:
        found[folder / METADATA] = metadata_json(book.metadata, book.sounds).encode("utf-8")
        if book.cover is not None:
            found[folder / book.cover[0]] = book.cover[1]
        front = folder / shown(book.outputs)
        found |= {front / path.name: content for path, content in found.items()}
    filled = {parent for path in paths for parent in path.parents}
    for name in ignored(book.outputs):
        if folder / name in filled:
            found[folder / name / IGNORE] = b""
    return found
