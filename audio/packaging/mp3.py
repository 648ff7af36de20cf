"""One chapter as an MP3 file at a constant bitrate, and the bitrates of any MP3 file.

Promises of ``write_mp3``: the same bytes for the same master, tags, cover and ffmpeg; an
interrupted call leaves the old file whole. Chapters may be written in parallel.
"""

from __future__ import annotations

import mmap
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from audio import ffmpeg
from audio.packaging.cover import input_arguments
from audio.packaging.metadata import BookMetadata, chapter_tags, ffmetadata
from audio.packaging.sound import ChapterFile
from audio.profiles import Profile
from castbook import files

STAGE_VERSION: Final = 1  # raise it when an equal master shall give another file
_MPEG2_MOST_KBPS: Final = 160  # the format's limit below 32 kHz

_MPEG1_LAYER3: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_LAYER3: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def write_mp3(
    destination: Path,
    chapter: ChapterFile,
    metadata: BookMetadata,
    *,
    track: int,
    tracks: int,
    cover: Path | None,
    profile: Profile,
) -> None:
    """Encodes one chapter; ``track`` of ``tracks`` counts from 1.

    Raises:
        ProjectError: the cover is no whole JPEG or PNG.
        StorageError: the disk is full, or the master is damaged.
    """
    with (
        files.temporary_beside(destination) as temporary,
        files.temporary_beside(destination.parent / "tags.ffmetadata") as tags,
    ):
        words = chapter_tags(metadata, chapter.title, track=track, tracks=tracks)
        tags.write_text(ffmetadata(words), "utf-8", newline="\n")
        ffmpeg.run(
            arguments(temporary, chapter.rate, tags, cover=cover, profile=profile),
            timeout_s=ffmpeg.deadline_s(chapter.frames / chapter.rate),
            stdin=chapter.pcm(),
        )
        files.replace(temporary, destination)


def arguments(
    destination: Path, rate: int, tags: Path, *, cover: Path | None, profile: Profile
) -> list[str]:
    """ffmpeg's arguments; the samples come on stdin."""
    kbps = profile.mp3_kbps if rate >= 32000 else min(profile.mp3_kbps, _MPEG2_MOST_KBPS)
    command = ["-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", "pipe:0"]
    command += ["-f", "ffmetadata", "-i", ffmpeg.url(tags)]
    if cover is not None:
        command += [*input_arguments(cover), "-i", ffmpeg.url(cover)]
    command += ["-map", "0:a", "-map_metadata", "1", "-map_chapters", "-1"]
    command += ["-c:a", "libmp3lame", "-b:a", f"{kbps}k"]
    command += ["-compression_level", str(profile.mp3_quality)]
    if cover is not None:
        command += ["-map", "2:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"]
        command += ["-metadata:s:v", "title=Cover", "-metadata:s:v", "comment=Cover (front)"]
    command += ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-id3v2_version", "3"]
    return [*command, "-f", "mp3", "-y", ffmpeg.url(destination)]


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
