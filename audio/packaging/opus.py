"""The whole book as one Opus file: small, with chapters, names and cover.

The chapters are ``CHAPTERxxx`` comments of our own: ffmpeg 9.0.2 rounds where it should cut
and writes every second chapter up to 1 s late. Three digits hold 999 chapters; of a longer
book the first 999 are marked (``short_list``). Opus knows 48 kHz only, so the sound goes
through soxr. The cover is a ``METADATA_BLOCK_PICTURE`` comment, FLAC's picture in base64.

Promises: the same bytes for the same masters, metadata, cover and ffmpeg (bit-exact mode
fixes the Ogg serial); an interrupted call leaves the old file whole; constant memory.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from audio import ffmpeg
from audio.packaging.cover import picture_type
from audio.packaging.metadata import BookMetadata, ffmetadata, vorbis_tags
from audio.packaging.sound import Sound, all_pcm, common_rate, gain_filter, pcm_input
from audio.profiles import Profile
from castbook import files

STAGE_VERSION: Final = 1  # raise it when equal masters shall give another file
MOST_CHAPTERS: Final = 999  # CHAPTER001 … CHAPTER999
_FRONT_COVER: Final = 3


def write_opus(
    destination: Path,
    chapters: Sequence[Sound],
    metadata: BookMetadata,
    *,
    cover: Path | None,
    profile: Profile,
    gain_db: float = 0.0,
) -> None:
    """Encodes ``chapters`` in order at ``profile.opus_kbps``.

    Raises:
        ProjectError: the cover is no whole JPEG or PNG.
        StorageError: the disk is full, or a master is damaged.
        BrokenPromise: no chapters, an empty one, or different rates.
    """
    rate = common_rate(chapters)
    words = vorbis_tags(metadata, metadata.title) | chapter_tags(chapters, rate)
    if cover is not None:
        words["METADATA_BLOCK_PICTURE"] = picture_block(cover)
    with (
        files.temporary_beside(destination) as temporary,
        files.temporary_beside(destination.parent / "tags.ffmetadata") as tags,
    ):
        tags.write_text(ffmetadata(words), "utf-8", newline="\n")
        ffmpeg.run(
            arguments(temporary, rate, tags, profile=profile, gain_db=gain_db),
            timeout_s=ffmpeg.deadline_s(sum(chapter.frames for chapter in chapters) / rate),
            stdin=all_pcm(chapters),
        )
        files.replace(temporary, destination)


def chapter_tags(chapters: Sequence[Sound], rate: int) -> dict[str, str]:
    """``CHAPTER001=00:00:00.000`` and ``CHAPTER001NAME`` of up to 999 chapters."""
    tags, done = {}, 0
    for number, chapter in enumerate(chapters[:MOST_CHAPTERS], 1):
        milliseconds = (done * 2000 + rate) // (2 * rate)
        seconds, thousandths = divmod(milliseconds, 1000)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        name = f"CHAPTER{number:03d}"
        tags[name] = f"{hour:02d}:{minute:02d}:{second:02d}.{thousandths:03d}"
        tags[f"{name}NAME"] = chapter.title
        done += chapter.frames
    return tags


def short_list(chapters: int) -> str | None:
    """What a listener should know about a book of so many chapters, or None."""
    if chapters <= MOST_CHAPTERS:
        return None
    return (
        f"the Opus file marks the first {MOST_CHAPTERS} of {chapters} chapters: its format has "
        "three digits for them"
    )


def picture_block(cover: Path) -> str:
    """FLAC's picture block of a checked cover in base64; its size in pixels is left out."""
    mime = f"image/{picture_type(cover)}".encode("ascii")
    content = cover.read_bytes()
    block = struct.pack(">II", _FRONT_COVER, len(mime)) + mime
    block += struct.pack(">IIIIII", 0, 0, 0, 0, 0, len(content)) + content
    return base64.b64encode(block).decode("ascii")


def arguments(
    destination: Path, rate: int, tags: Path, *, profile: Profile, gain_db: float = 0.0
) -> list[str]:
    """ffmpeg's arguments; the samples come on stdin."""
    command = [*pcm_input(rate), "-f", "ffmetadata", "-i", ffmpeg.url(tags)]
    # as floats: 16-bit samples get soxr's dither, which is seeded by the time of day
    filters = ["aformat=sample_fmts=flt", *gain_filter(gain_db)[1:]]
    filters.append("aresample=48000:resampler=soxr:precision=28")
    command += ["-map", "0:a", "-map_metadata", "1", "-af", ",".join(filters)]
    command += ["-c:a", "libopus", "-b:a", f"{profile.opus_kbps}k", "-application", "audio"]
    command += ["-fflags", "+bitexact", "-flags:a", "+bitexact"]
    return [*command, "-f", "opus", "-y", ffmpeg.url(destination)]
