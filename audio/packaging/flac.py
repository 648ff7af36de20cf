"""One chapter as FLAC with names and cover: the master's samples, bit for bit.

Promises: the same bytes for the same sound, tags, cover and ffmpeg; an interrupted call
leaves the old file whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from audio import ffmpeg
from audio.packaging.cover import input_arguments
from audio.packaging.metadata import BookMetadata, ffmetadata, vorbis_tags
from audio.packaging.sound import Sound, common_rate, pcm_input
from castbook import files

STAGE_VERSION: Final = 1  # raise it when an equal master shall give another file


def write_flac(
    destination: Path,
    sound: Sound,
    metadata: BookMetadata,
    *,
    track: int,
    tracks: int,
    cover: Path | None,
) -> None:
    """Encodes one chapter without loss; ``track`` of ``tracks`` counts from 1.

    Raises:
        ProjectError: the cover is no whole JPEG or PNG.
        StorageError: the disk is full, or the master is damaged.
        BrokenPromise: it has no samples.
    """
    rate = common_rate([sound])
    with (
        files.temporary_beside(destination) as temporary,
        files.temporary_beside(destination.parent / "tags.ffmetadata") as tags,
    ):
        words = vorbis_tags(metadata, sound.title, track=track, tracks=tracks)
        tags.write_text(ffmetadata(words), "utf-8", newline="\n")
        ffmpeg.run(
            arguments(temporary, rate, tags, cover=cover),
            timeout_s=ffmpeg.deadline_s(sound.frames / rate),
            stdin=sound.pcm(),
        )
        files.replace(temporary, destination)


def arguments(destination: Path, rate: int, tags: Path, *, cover: Path | None) -> list[str]:
    """ffmpeg's arguments; the samples come on stdin."""
    command = [*pcm_input(rate), "-f", "ffmetadata", "-i", ffmpeg.url(tags)]
    if cover is not None:
        command += [*input_arguments(cover), "-i", ffmpeg.url(cover)]
    command += ["-map", "0:a", "-map_metadata", "1", "-c:a", "flac", "-sample_fmt", "s16"]
    if cover is not None:
        command += ["-map", "2:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"]
        command += ["-metadata:s:v", "comment=Cover (front)"]
    command += ["-fflags", "+bitexact", "-flags:a", "+bitexact"]
    return [*command, "-f", "flac", "-y", ffmpeg.url(destination)]
