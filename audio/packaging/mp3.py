"""Chapters, or the whole book, as MP3 at a constant bitrate.

The tag in front is our own (``audio/packaging/id3.py``): ffmpeg leaves room for it as padding of
its empty tag, because the file's information frame, which it writes last, must stand behind.

Promises: the same bytes for the same sound, tags, cover and ffmpeg; an interrupted call
leaves the old file whole; constant memory. Files may be written in parallel.

The format knows no largest file: only the information frame counts bytes in 32 bits, which a
book passes after 49 hours at 192 kbit/s; at a constant bitrate players need that field for
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from audio import ffmpeg
from audio.packaging import id3
from audio.packaging.cover import picture_type
from audio.packaging.metadata import BookMetadata, id3_comments, id3_texts
from audio.packaging.sound import Sound, common_rate, encode, gain_filter
from audio.profiles import Profile
from castbook import files
from castbook.errors import BrokenPromise

STAGE_VERSION: Final = 2  # raise it when an equal master shall give another file
_MPEG2_MOST_KBPS: Final = 160  # the format's limit below 32 kHz
_HEADER: Final = 10  # bytes of an ID3 tag before its frames


def write_mp3(
    destination: Path,
    sound: Sound,
    metadata: BookMetadata,
    *,
    track: int,
    tracks: int,
    cover: Path | None,
    profile: Profile,
    gain_db: float = 0.0,
) -> None:
    """Encodes one chapter; ``track`` of ``tracks`` counts from 1. Its only mark is itself.

    Args:
        gain_db: applied before encoding, in floating point.

    Raises:
        ProjectError: the cover is no whole JPEG or PNG.
        StorageError: the disk is full, or the master is damaged.
        BrokenPromise: it has no samples.
    """
    _write(
        destination,
        [sound],
        id3_texts(metadata, sound.title, place=f"{track}/{tracks}"),
        metadata,
        [id3.Span(sound.title, 0, _ms(sound.frames, sound.rate))],
        cover=cover,
        profile=profile,
        gain_db=gain_db,
    )


def write_mp3_book(
    destination: Path,
    chapters: Sequence[Sound],
    metadata: BookMetadata,
    *,
    cover: Path | None,
    profile: Profile,
    gain_db: float = 0.0,
) -> None:
    """Encodes the whole book as one file with a chapter mark per chapter.

    Raises:
        ProjectError, StorageError: as ``write_mp3``.
        BrokenPromise: no chapters, an empty one, or different rates.
    """
    places, done = [], 0
    rate = common_rate(chapters)
    for chapter in chapters:
        end = done + chapter.frames
        places.append(id3.Span(chapter.title, _ms(done, rate), _ms(end, rate)))
        done = end
    _write(
        destination,
        chapters,
        id3_texts(metadata, metadata.title, place="1/1"),
        metadata,
        places,
        cover=cover,
        profile=profile,
        gain_db=gain_db,
    )


def _ms(frame: int, rate: int) -> int:
    """The nearest millisecond, in whole numbers."""
    return (frame * 2000 + rate) // (2 * rate)


def _write(
    destination: Path,
    sounds: Sequence[Sound],
    texts: Mapping[str, str],
    metadata: BookMetadata,
    places: Sequence[id3.Span],
    *,
    cover: Path | None,
    profile: Profile,
    gain_db: float,
) -> None:
    rate = common_rate(sounds)
    picture = None
    if cover is not None:
        picture = id3.Picture(f"image/{picture_type(cover)}", cover.read_bytes())
    tag = id3.tag(
        texts,
        comments=id3_comments(metadata),
        language=metadata.language3,
        spans=places,
        picture=picture,
    )
    with files.temporary_beside(destination) as temporary:
        encode(sounds, arguments(temporary, rate, profile=profile, room=len(tag), gain_db=gain_db))
        _fill(temporary, tag)
        files.replace(temporary, destination)


def arguments(
    destination: Path, rate: int, *, profile: Profile, room: int, gain_db: float = 0.0
) -> list[str]:
    """ffmpeg's arguments behind its input.

    Args:
        room: bytes of the tag that will be written over the one ffmpeg leaves.
    """
    kbps = profile.mp3_kbps if rate >= 32000 else min(profile.mp3_kbps, _MPEG2_MOST_KBPS)
    command = [*gain_filter(gain_db), "-map", "0:a", "-map_metadata", "-1"]
    command += ["-c:a", "libmp3lame", "-b:a", f"{kbps}k"]
    command += ["-compression_level", str(profile.mp3_quality)]
    command += ["-fflags", "+bitexact", "-flags:a", "+bitexact"]
    command += ["-id3v2_version", "3", "-metadata_header_padding", str(room - _HEADER)]
    return [*command, "-f", "mp3", "-y", ffmpeg.url(destination)]


def _fill(path: Path, tag: bytes) -> None:
    """Writes the tag over the empty one of the same size.

    Raises:
        BrokenPromise: ffmpeg left another room than it was told to.
    """
    with path.open("r+b") as file:
        # the first ten bytes of a tag of equal length are equal: name, version, flags, size
        if file.read(_HEADER) != tag[:_HEADER]:
            raise BrokenPromise(f"{path}: ffmpeg left no room of {len(tag)} bytes for the tag")
        file.seek(0)
        file.write(tag)
