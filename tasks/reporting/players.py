"""Takes as small MP3 sounds inside a page, kept in the build from one report to the next."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from audio import ffmpeg
from castbook.errors import CastbookError
from castbook.files import replace, temporary_beside
from tasks.takes import Take

KBPS: Final = 48  # mono speech: complaints are as plain as in the take itself
RATE: Final = 24000  # Hz: what most engines speak at
MOST_S: Final = 60  # of a take that will not end, the first minute tells


def sounds(takes: Iterable[Take], folder: Path) -> Mapping[str, str]:
    """Key of a take -> its sound as base64; a take that cannot be read has none.

    Args:
        folder: of the build: sounds by the digest of their samples. Those that this report
            does not use are removed.
    """
    found: dict[str, str] = {}
    used: set[Path] = set()
    for take in takes:
        small = folder / f"{take.pcm_sha256[:32]}.mp3"
        # a damaged take is named where it matters: by the chapter that needs it
        with contextlib.suppress(CastbookError, OSError):
            if not small.is_file():
                _encode(take.audio, small)
            found[take.key] = base64.b64encode(small.read_bytes()).decode("ascii")
            used.add(small)
    for old in set(folder.glob("*.mp3")) - used:
        old.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not there, or not empty
        folder.rmdir()
    return found


def _encode(take: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    with temporary_beside(destination) as temporary:
        arguments = ["-i", ffmpeg.url(take), "-t", str(MOST_S), "-map", "0:a:0"]
        arguments += ["-map_metadata", "-1", "-ac", "1", "-ar", str(RATE)]
        arguments += ["-c:a", "libmp3lame", "-b:a", f"{KBPS}k", "-id3v2_version", "0"]
        arguments += ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp3"]
        ffmpeg.run([*arguments, "-y", ffmpeg.url(temporary)], timeout_s=60)
        replace(temporary, destination)
