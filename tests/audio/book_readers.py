"""Readers of book files that are not ours: PyAV's libavformat, and ffprobe where there is one.

mutagen, the other independent reader, is used by the tests directly.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av


@dataclass(frozen=True)
class Probed:
    tags: dict[str, str]  # of the file and of its sound, names in small letters
    chapters: list[tuple[str, Fraction]]  # title, start in seconds
    seconds: float
    cover: bool


def pyav(path: Path) -> Probed:
    with av.open(str(path)) as file:
        tags = {**file.metadata, **file.streams.audio[0].metadata}
        chapters = [(c["metadata"]["title"], c["start"] * c["time_base"]) for c in file.chapters()]
        length = float(file.duration) / av.time_base
        cover = len(file.streams.video) == 1
    return Probed({k.lower(): v for k, v in tags.items()}, chapters, length, cover)


def ffprobe(path: Path) -> Probed:
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_chapters", "-show_format"]
    answer = subprocess.run(
        [*command, "-show_streams", f"file:{path}"], capture_output=True, check=True, timeout=60
    )
    found = json.loads(answer.stdout)
    kinds = {stream["codec_type"]: stream for stream in found["streams"]}
    tags = {**found["format"].get("tags", {}), **kinds["audio"].get("tags", {})}
    chapters = [
        (c["tags"]["title"], c["start"] * Fraction(c["time_base"])) for c in found["chapters"]
    ]
    return Probed(
        {k.lower(): v for k, v in tags.items()},
        chapters,
        float(found["format"]["duration"]),
        "video" in kinds,
    )


READERS: list[Callable[[Path], Probed]] = [pyav, *([ffprobe] if shutil.which("ffprobe") else [])]
