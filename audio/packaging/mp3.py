"""Chapters, or the whole book, as MP3 at a constant bitrate, and the bitrates of any MP3 file.

The tag in front is our own (``audio/packaging/id3.py``): ffmpeg leaves room for it as padding of
its empty tag, because the file's information frame, which it writes last, must stand behind.

Promises: the same bytes for the same sound, tags, cover and ffmpeg; an interrupted call
leaves the old file whole; constant memory. Files may be written in parallel.
"""

from __future__ import annotations

import mmap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audio import ffmpeg
from audio.packaging import id3
from audio.packaging.cover import picture_type
from audio.packaging.metadata import BookMetadata, id3_comments, id3_texts
from audio.packaging.sound import Sound, all_pcm, common_rate, gain_filter, pcm_input
from audio.profiles import Profile
from castbook import files
from castbook.errors import BrokenPromise

STAGE_VERSION: Final = 2  # raise it when an equal master shall give another file
_MPEG2_MOST_KBPS: Final = 160  # the format's limit below 32 kHz
_HEADER: Final = 10  # bytes of an ID3 tag before its frames

_MPEG1_LAYER3: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_LAYER3: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


@dataclass(frozen=True, slots=True)
class Mark:
    """A scene inside a chapter, in frames of the sound it belongs to."""

    title: str
    start: int
    end: int


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
    marks: Sequence[Mark] = (),
) -> None:
    """Encodes one chapter; ``track`` of ``tracks`` counts from 1.

    Args:
        gain_db: applied before encoding, in floating point.
        marks: scenes inside it; without them its only chapter mark is the chapter itself.

    Raises:
        ProjectError: the cover is no whole JPEG or PNG.
        StorageError: the disk is full, or the master is damaged.
        BrokenPromise: it has no samples, or the marks are not in order inside it.
    """
    _write(
        destination,
        [sound],
        id3_texts(metadata, sound.title, place=f"{track}/{tracks}"),
        metadata,
        spans(sound, marks),
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


def spans(sound: Sound, marks: Sequence[Mark]) -> list[id3.Span]:
    """The chapter marks of one chapter's file: its scenes, and what comes before the first.

    Raises:
        BrokenPromise: the marks are empty, overlap, or end after the sound.
    """
    at, found = 0, []
    for mark in marks:
        if not at <= mark.start < mark.end <= sound.frames:
            raise BrokenPromise(
                f"{sound.title}: the scene at {mark.start}-{mark.end} does not follow frame {at} "
                f"inside {sound.frames}"
            )
        at = mark.end
        found.append(mark)
    if not found or found[0].start > 0:
        found.insert(0, Mark(sound.title, 0, found[0].start if found else sound.frames))
    return [
        id3.Span(mark.title, _ms(mark.start, sound.rate), _ms(mark.end, sound.rate))
        for mark in found
    ]


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
        ffmpeg.run(
            arguments(temporary, rate, profile=profile, room=len(tag), gain_db=gain_db),
            timeout_s=ffmpeg.deadline_s(sum(sound.frames for sound in sounds) / rate),
            stdin=all_pcm(sounds),
        )
        _fill(temporary, tag)
        files.replace(temporary, destination)


def arguments(
    destination: Path, rate: int, *, profile: Profile, room: int, gain_db: float = 0.0
) -> list[str]:
    """ffmpeg's arguments; the samples come on stdin.

    Args:
        room: bytes of the tag that will be written over the one ffmpeg leaves.
    """
    kbps = profile.mp3_kbps if rate >= 32000 else min(profile.mp3_kbps, _MPEG2_MOST_KBPS)
    command = [*pcm_input(rate), *gain_filter(gain_db), "-map_metadata", "-1"]
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
        if _after_id3(file.read(_HEADER)) != len(tag):
            raise BrokenPromise(f"{path}: ffmpeg left no room of {len(tag)} bytes for the tag")
        file.seek(0)
        file.write(tag)


def bitrates(path: Path) -> Mapping[int, int]:
    """How many frames of an MP3 file have which bitrate (kbit/s): one key means constant.

    Read from the frame headers, because a header can promise what the frames do not keep.
    The information frame (Xing/Info), which holds no sound, is not counted. Empty when
    the file holds no MPEG layer III frames.
    """
    if path.stat().st_size == 0:
        return {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return _count(content)


def _count(content: mmap.mmap) -> Counter[int]:
    place, end = _after_id3(content[:10]), len(content)
    if content[-128:-125] == b"TAG":
        end -= 128
    found: Counter[int] = Counter()
    in_step = False  # the last frame ended where this one begins
    first = True
    while place + 4 <= end:
        header = _frame(content[place : place + 4])
        if header is not None and not in_step:  # chance makes a header: two do not lie
            after = place + header[1]
            if after + 4 <= end and _frame(content[after : after + 4]) is None:
                header = None
        if header is None:
            in_step = False
            place = content.find(b"\xff", place + 1)
            if place < 0:
                break
            continue
        kbps, length = header
        if not (first and _is_information(content[place : place + 64])):
            found[kbps] += 1
        first, in_step = False, True
        place += length
    return found


def _after_id3(header: bytes) -> int:
    """Where the sound begins, from the file's first ten bytes."""
    if header[:3] != b"ID3" or len(header) < 10:
        return 0
    size = 0
    for byte in header[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if header[5] & 0x10 else 0)


def _frame(header: bytes) -> tuple[int, int] | None:
    """(kbit/s, length in bytes) of a layer III frame header, or None."""
    word = int.from_bytes(header, "big")
    version, layer = word >> 19 & 3, word >> 17 & 3
    rate_index, speed = word >> 10 & 3, word >> 12 & 15
    if word >> 21 != 0x7FF or version == 1 or layer != 1 or rate_index == 3 or speed in (0, 15):
        return None
    kbps = (_MPEG1_LAYER3 if version == 3 else _MPEG2_LAYER3)[speed]
    samples_by_8 = 144 if version == 3 else 72
    return kbps, samples_by_8 * kbps * 1000 // _RATES[version][rate_index] + (word >> 9 & 1)


def _is_information(frame: bytes) -> bool:
    """Whether the first frame is Xing's or Fraunhofer's table and not sound."""
    return b"Xing" in frame or b"Info" in frame or b"VBRI" in frame
