"""Files that hold one chapter or a part of it: MP3, FLAC, the retail sample, lyrics.

Tracks are numbered over the whole book, a chapter that is still missing counted as one file:
finishing it changes no tags of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audio.packaging import flac, mp3
from audio.packaging.sound import ChapterFile
from tasks.assemble import ChapterFiles
from tasks.publication.bookfiles import Blueprint, BookFile
from tasks.publication.sections import Section, sample_of, sections_of
from tasks.readalong import chapter_lyrics

_FLAC_SHARE = 0.75  # of the samples' size, at most: speech takes a half
Track = tuple[int, int]  # (number from 1, of how many)


def mp3_files(book: Blueprint) -> Iterator[BookFile]:
    """One for each chapter, or for each part of one too long for the shop; the sample."""
    for section, track in tracks(book):
        yield _mp3(book, "mp3", section, track)
    if not book.layout.complete:
        return
    sample = sample_of(book.chapters, book.plans, book.profile, book.metadata.title)
    if sample is not None:
        yield _mp3(book, "sample", sample, (1, 1))


def tracks(book: Blueprint) -> tuple[tuple[Section, Track], ...]:
    """Every MP3 of the book that can be made now, and its place among all."""
    parts = [
        (number, section)
        for number in sorted(book.plans)
        for section in _sections(book, number) or (None,)
    ]
    total = len(parts)
    return tuple(
        (section, (place, total))
        for place, (_, section) in enumerate(parts, 1)
        if section is not None
    )


def _sections(book: Blueprint, number: int) -> tuple[Section, ...]:
    finished = [c for c in book.chapters if c.number == number]
    return tuple(s for c in finished for s in sections_of(c, book.plans[number], book.profile))


def _mp3(book: Blueprint, output: str, section: Section, track: Track) -> BookFile:
    files, sound = section.files, section.sound
    extra = [sound.title, *track, *section.place]
    key = book.key(output, mp3.STAGE_VERSION, [files.master_key], extra)

    def make(path: Path, gain_db: float) -> None:
        mp3.write_mp3(
            path,
            sound,
            book.metadata,
            track=track[0],
            tracks=track[1],
            cover=book.picture,
            profile=book.profile,
            gain_db=gain_db,
        )

    chapter = None if output == "sample" else files.number
    place = book.layout.sample("mp3")
    if chapter is not None:
        place = book.layout.chapter("mp3", files.number, sound.title, "mp3")
    return book.file(
        output,
        place,
        key,
        make,
        kbps=book.profile.mp3_kbps,
        of=files,
        chapter=chapter,
        frames=sound.frames,
    )


def flac_files(book: Blueprint) -> Iterator[BookFile]:
    """The masters with tags and cover: for archives and for other encoders."""
    numbers = sorted(book.plans)
    for files, sound in zip(book.chapters, book.sounds, strict=True):
        yield _flac(book, files, sound, (numbers.index(files.number) + 1, len(numbers)))


def _flac(book: Blueprint, files: ChapterFiles, sound: ChapterFile, track: Track) -> BookFile:
    key = book.key("flac", flac.STAGE_VERSION, [files.master_key], [files.title, *track])

    def make(path: Path, gain_db: float) -> None:
        flac.write_flac(
            path,
            sound,
            book.metadata,
            track=track[0],
            tracks=track[1],
            cover=book.picture,
        )

    return book.file(
        "flac",
        book.layout.chapter("flac", files.number, files.title, "flac"),
        key,
        make,
        kbps=_FLAC_SHARE * files.rate * 16 / 1000,
        of=files,
        chapter=files.number,
        corrected=False,
    )


def lyric_files(book: Blueprint) -> Iterator[BookFile]:
    """LRC beside each MP3, which is where players look for it."""
    for section, _ in tracks(book) if "mp3" in book.outputs else ():
        text = chapter_lyrics(
            section.files,
            title=section.sound.title,
            artist=book.metadata.author,
            album=book.metadata.title,
            disclosure=book.metadata.disclosure,
            start=section.start,
            end=section.end,
            head=section.head,
            tail=section.tail,
        )
        name = book.layout.chapter("mp3", section.files.number, section.sound.title, "lrc")
        yield book.words(name, text)
