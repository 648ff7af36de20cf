"""A read-along EPUB 3: the text, and each sentence lights up while it is spoken.

Every chapter's sound is an M4A of its own, the same AAC that the M4B plays
(``audio/packaging/aac.py``), copied and not encoded again; the texts are pure functions of the
rooms' other modules. Promises: the same bytes for the same encoded chapters, words, metadata
and cover (nothing is deflated, so not even zlib's version matters); an interrupted call leaves
the old file whole; at most one chapter's audio lies on the disk beside the book.
"""

from __future__ import annotations

import datetime
import hashlib
import shutil
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from audio.packaging.cover import picture_type
from audio.packaging.m4a import write_m4a
from audio.packaging.metadata import BookMetadata
from audio.packaging.sound import ChapterFile, common_rate
from audio.readalong.overlays import Names, overlay
from audio.readalong.package import package
from audio.readalong.pages import contents, cover_page, page
from audio.readalong.passages import Cue, ReadAlong, divisions
from audio.readalong.styles import character_classes, style_sheet
from castbook import files
from castbook.canonical import digest

STAGE_VERSION: Final = 3  # raise it when equal masters shall give another file
_CONTAINER: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<container version="1.0" '
    'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
    'full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>\n"
)
_FIRST_DAY: Final = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
_TWENTY_YEARS_S: Final = 20 * 365 * 24 * 3600


def write_epub(
    destination: Path,
    chapters: Sequence[ReadAlong],
    encoded: Sequence[Path],
    metadata: BookMetadata,
    *,
    cover: Path | None,
) -> None:
    """Writes the book with its sound.

    Args:
        encoded: each chapter as ``audio/packaging/aac.py`` encodes it.

    Raises:
        ProjectError: the cover is no whole JPEG or PNG.
        StorageError: the disk is full, or an encoded chapter is damaged.
        BrokenPromise: no chapters, other rates, or cues outside their chapter.
    """
    common_rate([reading.chapter for reading in chapters])
    cues = [reading.read() for reading in chapters]
    picture = None
    if cover is not None:
        picture = "cover.png" if picture_type(cover) == "png" else "cover.jpg"
    content = hashlib.sha256()
    lengths = [one.chapter.frames * 1000 // one.chapter.rate for one in chapters]
    with files.temporary_beside(destination) as temporary:
        with zipfile.ZipFile(temporary, "w", allowZip64=True) as book:
            _add(book, "mimetype", "application/epub+zip")
            _add(book, "META-INF/container.xml", _CONTAINER)
            for number, (reading, sound) in enumerate(zip(chapters, encoded, strict=True), 1):
                with files.temporary_beside(destination.parent / "chapter.m4a") as chapter:
                    write_m4a(chapter, [sound], rate=reading.chapter.rate)
                    content.update(_add_file(book, Names(number).audio, chapter))
            if cover is not None and picture is not None:
                content.update(_add_file(book, picture, cover))
            pages = texts([one.chapter for one in chapters], cues, metadata, picture)
            for text in pages.values():
                content.update(text.encode("utf-8"))
            pages["package.opf"] = package(
                metadata,
                lengths,
                identifier=identity(metadata),
                modified=modified(content.digest()),
                picture=picture,
            )
            for name, text in pages.items():
                _add(book, f"EPUB/{name}", text)
        files.replace(temporary, destination)


def texts(
    chapters: Sequence[ChapterFile],
    cues: Sequence[Sequence[Cue]],
    metadata: BookMetadata,
    picture: str | None,
) -> dict[str, str]:
    """Every page, overlay and style sheet by its name; pure."""
    classes = character_classes(cue for chapter in cues for cue in chapter)
    parts = divisions(cues)
    pages = {"style.css": style_sheet(classes)}
    for number, (one, spoken, part) in enumerate(zip(chapters, cues, parts, strict=True), 1):
        names = Names(number)
        pages[names.text] = page(metadata, one.title, spoken, classes, part)
        pages[names.overlay] = overlay(names, spoken, one.frames, one.rate, part)
    if picture is not None:
        pages["cover.xhtml"] = cover_page(metadata, picture)
    titles = [one.title for one in chapters]
    pages["nav.xhtml"] = contents(metadata, titles, parts, cover=picture is not None)
    return pages


def identity(book: BookMetadata) -> str:
    """A URN that stays the same when the book is made again, so that readers keep the place."""
    who = digest([book.title, book.subtitle, book.author, book.language, book.isbn])
    return uuid.UUID(bytes=bytes.fromhex(who)[:16], version=5).urn


def modified(content: bytes) -> str:
    """EPUB asks for a time of change; ours follows from the content and from no clock."""
    seconds = int.from_bytes(content[:8], "big") % _TWENTY_YEARS_S
    moment = _FIRST_DAY + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _add(book: zipfile.ZipFile, name: str, text: str) -> None:
    book.writestr(_entry(name), text.encode("utf-8"))


def _add_file(book: zipfile.ZipFile, name: str, source: Path) -> bytes:
    """Copies a file in under ``EPUB/``; its sha256."""
    entry = _entry(f"EPUB/{name}")
    entry.file_size = source.stat().st_size
    with source.open("rb") as data:
        with book.open(entry, "w") as target:
            shutil.copyfileobj(data, target, 1 << 20)
        data.seek(0)
        return hashlib.file_digest(data, "sha256").digest()


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry without clock, user or machine."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_STORED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry
