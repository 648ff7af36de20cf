"""What is damaged on the disk is set aside, so that the next run makes it anew.

Masters, timelines and encoded chapters are only caches: they follow from the takes. Looked at
after a step has failed, never before: reading a book's masters takes a while.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from audio.packaging.sound import ChapterFile
from audio.timeline import Timeline
from castbook.errors import (
    BrokenPromise,
    CastbookError,
    InputError,
    ProjectError,
    StorageError,
)
from tasks.assemble import ChapterFiles
from tasks.publication.encodings import Encodings


def explained(
    error: CastbookError, path: Path, chapters: Collection[ChapterFiles], encodings: Encodings
) -> CastbookError:
    """The error to raise for a step that failed, after what is damaged was set aside.

    Args:
        path: the file that was to be made of ``chapters``.
    """
    if isinstance(error, ProjectError):
        return error  # the cover
    damaged = (*set_aside(chapters), *encodings.set_aside(chapters))
    if damaged:
        return StorageError(
            f"{', '.join(damaged)}: damaged, and set aside; run the same command again: it is made"
            " anew from the takes"
        )
    if isinstance(error, BrokenPromise | InputError):
        return CastbookError(
            f"{path}: what ffmpeg made of it is not whole, and was dropped ({error}); run the same"
            " command again, or name another ffmpeg with CASTBOOK_FFMPEG"
        )
    if isinstance(error, StorageError):  # it may name the file as it was called until it is whole
        temporary = re.escape(f"{path.parent}{os.sep}.tmp-") + r"[\w-]+" + re.escape(path.suffix)
        return StorageError(re.sub(temporary, lambda _: str(path), str(error)))
    return error


def set_aside(chapters: Iterable[ChapterFiles]) -> tuple[str, ...]:
    """Withdraws the marks of chapters whose master or timeline cannot be read.

    Returns:
        The file that is damaged, for each of them.
    """
    found = []
    for chapter in chapters:
        damaged = _damaged(chapter)
        if damaged is not None:
            chapter.audio.with_suffix(".json").unlink(missing_ok=True)
            found.append(damaged)
    return tuple(found)


def _damaged(chapter: ChapterFiles) -> str | None:
    try:
        sound = ChapterFile(chapter.audio, chapter.title, chapter.frames, chapter.rate)
        for _ in sound.pcm():
            pass
    except (StorageError, BrokenPromise):
        return str(chapter.audio)
    try:
        Timeline.from_json(chapter.timeline.read_bytes())
    except (StorageError, OSError):
        return str(chapter.timeline)
    return None
