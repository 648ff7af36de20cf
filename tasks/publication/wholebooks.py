"""Files that hold the whole book: M4B, read-along EPUB, MP3, Opus, captions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audio.packaging import m4b, mp3, opus
from audio.readalong import epub
from tasks.publication.bookfiles import Blueprint, BookFile
from tasks.readalong import book_captions, read_along

_PAGE_BYTES = 1000  # of page and overlay for each segment, generously
_OPUS_SPREAD = 1.2  # its bitrate is a mean, and speech may need more


def m4b_file(book: Blueprint) -> Iterator[BookFile]:
    """The book for players, of the encoded chapters."""
    key = book.key("m4b", m4b.STAGE_VERSION, book.encoded_keys(), book.titles)

    def make(path: Path, gain_db: float) -> None:
        encoded = [book.encodings.encode(c).path for c in book.chapters]
        m4b.write_m4b(path, book.sounds, encoded, book.metadata, cover=book.picture)

    place = book.layout.book("m4b")
    yield book.file("m4b", place, key, make, kbps=book.profile.m4b_kbps, joined=True)


def epub_file(book: Blueprint) -> Iterator[BookFile]:
    """The read-along book: text and sound of the finished chapters."""
    language = book.metadata.language
    readings = tuple(read_along(c, book.plans[c.number].lines, language) for c in book.chapters)
    words = [[r.chapter.title, [[*cue] for cue in r.cues]] for r in readings]
    key = book.key("epub", epub.STAGE_VERSION, book.encoded_keys(), words)

    def make(path: Path, gain_db: float) -> None:
        encoded = [book.encodings.encode(c).path for c in book.chapters]
        epub.write_epub(path, readings, encoded, book.metadata, cover=book.picture)

    place, kbps = book.layout.book("epub"), book.profile.m4b_kbps
    pages = _PAGE_BYTES * sum(len(r.cues) for r in readings)
    yield book.file("epub", place, key, make, kbps=kbps, joined=True, extra=pages)


def mp3_book_file(book: Blueprint) -> Iterator[BookFile]:
    """The whole book as one MP3 with chapters."""
    masters = [c.master_key for c in book.chapters]
    key = book.key("mp3-book", mp3.STAGE_VERSION, masters, book.titles)

    def make(path: Path, gain_db: float) -> None:
        mp3.write_mp3_book(
            path,
            book.sounds,
            book.metadata,
            cover=book.picture,
            profile=book.profile,
            gain_db=gain_db,
        )

    place, frames = book.layout.whole("mp3-book", "mp3"), sum(c.frames for c in book.chapters)
    yield book.file("mp3-book", place, key, make, kbps=book.profile.mp3_kbps, frames=frames)


def opus_file(book: Blueprint) -> Iterator[BookFile]:
    """The whole book as Opus with chapters."""
    masters = [c.master_key for c in book.chapters]
    key = book.key("opus", opus.STAGE_VERSION, masters, book.titles)

    def make(path: Path, gain_db: float) -> None:
        opus.write_opus(
            path,
            book.sounds,
            book.metadata,
            cover=book.picture,
            profile=book.profile,
            gain_db=gain_db,
        )

    place = book.layout.whole("opus", "opus")
    yield book.file("opus", place, key, make, kbps=book.profile.opus_kbps * _OPUS_SPREAD)


def caption_files(book: Blueprint) -> Iterator[BookFile]:
    """Captions of the whole book, beside the file that they belong to."""
    texts = book_captions(book.chapters, book.metadata.title, disclosure=book.metadata.disclosure)
    for suffix, text in texts.items():
        yield book.words(book.layout.book(suffix), text)
