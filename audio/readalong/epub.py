"""A read-along EPUB 3: the text, and each sentence lights up while it is spoken.

Every chapter's sound is an M4A of its own, encoded from the master; the pages come from
``audio/readalong/overlays.py``. Promises: the same bytes for the same masters, words, metadata,
cover and ffmpeg (nothing is deflated, so not even zlib's version matters); an interrupted call
leaves the old file whole; at most one chapter's audio lies on the disk beside the book.
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

from audio import ffmpeg
from audio.packaging.cover import picture_type
from audio.packaging.m4b import common_rate
from audio.packaging.metadata import BookMetadata
from audio.packaging.sound import ChapterFile
from audio.profiles import Profile
from audio.readalong import overlays
from audio.readalong.overlays import Names, ReadAlong
from castbook import files
from castbook.canonical import digest

STAGE_VERSION: Final = 1  # raise it when equal masters shall give another file
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
    metadata: BookMetadata,
    *,
    cover: Path | None,
    profile: Profile,
) -> None:
    """Writes the book with its sound.

    Raises:
        ProjectError: the cover is no whole JPEG or PNG.
        StorageError: the disk is full, or a master is damaged.
        BrokenPromise: no chapters, other rates, or cues outside their chapter.
    """
    common_rate([reading.chapter for reading in chapters])
    cues = [reading.read() for reading in chapters]
    picture = None
    if cover is not None:
        picture = "cover.png" if picture_type(cover) == "png" else "cover.jpg"
    content = hashlib.sha256()
    with files.temporary_beside(destination) as temporary:
        with zipfile.ZipFile(temporary, "w", allowZip64=True) as book:
            _add(book, "mimetype", "application/epub+zip")
            _add(book, "META-INF/container.xml", _CONTAINER)
            pages = {"style.css": overlays.STYLE}
            lengths = []
            for number, (reading, spoken) in enumerate(zip(chapters, cues, strict=True), 1):
                names, one = Names(number), reading.chapter
                pages[names.text] = overlays.page(metadata, one.title, spoken)
                pages[names.overlay] = overlays.overlay(names, spoken, one.frames, one.rate)
                lengths.append(one.frames * 1000 // one.rate)
                with files.temporary_beside(destination.parent / "chapter.m4a") as sound:
                    _encode(one, sound, profile)
                    content.update(_add_file(book, names.audio, sound))
            if picture is not None and cover is not None:
                pages["cover.xhtml"] = overlays.cover_page(metadata, picture)
                content.update(_add_file(book, picture, cover))
            pages["nav.xhtml"] = overlays.contents(metadata, [r.chapter.title for r in chapters])
            for text in pages.values():
                content.update(text.encode("utf-8"))
            pages["package.opf"] = overlays.package(
                metadata,
                lengths,
                identifier=identity(metadata),
                modified=modified(content.digest()),
                picture=picture,
            )
            for name, text in pages.items():
                _add(book, f"EPUB/{name}", text)
        files.replace(temporary, destination)


def identity(book: BookMetadata) -> str:
    """A URN that stays the same when the book is made again, so that readers keep the place."""
    who = digest([book.title, book.subtitle, book.author, book.language, book.isbn])
    return uuid.UUID(bytes=bytes.fromhex(who)[:16], version=5).urn


def modified(content: bytes) -> str:
    """EPUB asks for a time of change; ours follows from the content and from no clock."""
    seconds = int.from_bytes(content[:8], "big") % _TWENTY_YEARS_S
    moment = _FIRST_DAY + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _encode(chapter: ChapterFile, destination: Path, profile: Profile) -> None:
    command = ["-f", "s16le", "-ar", str(chapter.rate), "-ac", "1", "-i", "pipe:0"]
    command += ["-c:a", "aac", "-aac_coder", profile.aac_coder, "-b:a", f"{profile.m4b_kbps}k"]
    command += ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart"]
    ffmpeg.run(
        [*command, "-f", "ipod", "-y", ffmpeg.url(destination)],
        timeout_s=ffmpeg.deadline_s(chapter.frames / chapter.rate),
        stdin=chapter.pcm(),
    )


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
