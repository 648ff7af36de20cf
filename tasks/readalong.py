"""A finished chapter's words beside its sound: what read-along books and captions are made of."""

from __future__ import annotations

from collections.abc import Sequence

from audio.packaging.sound import ChapterFile
from audio.readalong.overlays import ReadAlong
from audio.timeline import Timeline
from tasks.assemble import ChapterFiles
from tasks.plan import Line


def read_along(files: ChapterFiles, lines: Sequence[Line]) -> ReadAlong:
    """A chapter's cues; a pause longer than between sentences ends a paragraph."""
    timeline = Timeline.from_json(files.timeline.read_bytes())
    cues, paragraph = [], 0
    for cue, line in zip(timeline.cues, lines, strict=True):
        cues.append((cue.text, cue.start, cue.end, cue.kind, paragraph))
        paragraph += line.segment.pause_reason != "sentence"
    chapter = ChapterFile(files.audio, files.title, files.frames, files.rate)
    return ReadAlong(chapter, tuple(cues))
