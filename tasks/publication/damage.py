"""What is damaged on the disk is set aside, so that the next run makes it anew.

Masters, timelines and encoded chapters are only caches: they follow from the takes. Looked at
after a step has failed, never before: reading a book's masters takes a while.
"""

from __future__ import annotations

from collections.abc import Iterable

from audio.packaging.sound import ChapterFile
from audio.timeline import Timeline
from castbook.errors import BrokenPromise, StorageError
from tasks.assemble import ChapterFiles


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
