"""Timelines laid end to end, and stretches cut out of them: what book files of several
chapters, and files of a part of one, are captioned by. Frames in, frames out: exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from audio.timeline import Cue, Timeline
from castbook.errors import BrokenPromise


def joined(timelines: Sequence[Timeline]) -> Timeline:
    """One timeline of chapters that follow each other without a gap.

    Raises:
        BrokenPromise: none, or of several rates.
    """
    rates = {timeline.rate for timeline in timelines}
    if len(rates) != 1:
        raise BrokenPromise(f"{len(timelines)} timelines at {sorted(rates)} Hz are to be joined")
    cues: list[Cue] = []
    at = 0
    for timeline in timelines:
        cues += _moved(timeline.cues, at)
        at += timeline.frames
    return Timeline(rates.pop(), at, tuple(cues))


def part(timeline: Timeline, start: int, end: int, *, head: int = 0, tail: int = 0) -> Timeline:
    """The timeline of a file made of frames ``[start, end)``.

    A cue that the cut goes through is left out: a file is cut in pauses.

    Args:
        head: frames of room tone that the file has before ``start``.
        tail: and after ``end``.

    Raises:
        BrokenPromise: the stretch is empty or not inside the timeline.
    """
    if not 0 <= start < end <= timeline.frames or head < 0 or tail < 0:
        raise BrokenPromise(f"frames {start}-{end} of {timeline.frames}, {head} and {tail} around")
    inside = (cue for cue in timeline.cues if start <= cue.start and cue.end <= end)
    return Timeline(timeline.rate, head + end - start + tail, tuple(_moved(inside, head - start)))


def _moved(cues: Iterable[Cue], frames: int) -> Iterator[Cue]:
    for cue in cues:
        words = tuple((a, b, at + frames) for a, b, at in cue.words)
        yield replace(cue, start=cue.start + frames, end=cue.end + frames, words=words)
