"""Where a long chapter is split and where the retail sample begins and ends. Pure.

Takes what is spoken as plain tuples, so that audio needs to know no book: where each take
lies in its chapter, what it is, and why there is a pause behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

_SCENE: Final = ("scene",)
_PARAGRAPH: Final = ("scene", "paragraph", "title", "end")
_SENTENCE: Final = (*_PARAGRAPH, "speaker", "sentence")
_STORY: Final = ("narration", "speech")
_SWAY: Final = 0.1  # of a part: how far the longest pause is looked for around an even split

_PLACES: Final = 400  # thinned to at most so many: in ten hours still a choice every 90 s


class Spoken(NamedTuple):
    """A take in its chapter."""

    start: int  # frame
    end: int
    kind: str  # heading, narration, speech, credit
    pause: str  # why it is followed by a pause: sentence, comma, speaker, paragraph, scene, …


class Sample(NamedTuple):
    """The stretch [start, end) of a chapter, in frames."""

    chapter: int  # which of those that were given, from 0
    start: int
    end: int


def split_points(
    cues: Sequence[Spoken], frames: int, *, most: int, head: int, tail: int
) -> list[tuple[int, int]]:
    """The stretches [start, end) of a chapter of which each makes a file of at most ``most``.

    As few as possible; between scenes if that is possible with so many parts, else between
    paragraphs, else in the longest pauses near even splits; among equals as even as possible.
    A split drops the pause it lies in: the parts get ``head`` and ``tail`` instead.

    Args:
        cues: in order, not overlapping.
        frames: of the chapter.
        most: frames of a file, its head and tail included.
        head, tail: frames of room tone that every new edge gets (``Excerpt``).

    Returns:
        One stretch, the whole chapter, when it is short enough or cannot be split. A part may
        still be too long where one take alone is.
    """
    edges = head + tail
    if frames <= most or len(cues) < 2 or most <= edges:
        return [(0, frames)]
    least = -(-frames // (most - edges))
    for parts in range(max(2, least), len(cues) + 1):
        for reasons in (_SCENE, _PARAGRAPH):
            places = [n for n, cue in enumerate(cues[:-1]) if cue.pause in reasons]
            places = places[:: len(places) // _PLACES + 1]
            found = _even(cues, frames, places, parts, most - edges)
            if found is not None:
                return _stretches(cues, frames, found)
        found = _longest_pauses(cues, frames, parts)
        if all(end - start + edges <= most for start, end in _stretches(cues, frames, found)):
            return _stretches(cues, frames, found)
    return _stretches(cues, frames, range(len(cues) - 1))


def part_title(title: str, part: int, parts: int) -> str:
    """``Title (1/2)``: readable in any language; ``title`` itself when it is whole."""
    return title if parts == 1 else f"{title} ({part}/{parts})"


def sample_stretch(chapters: Sequence[Sequence[Spoken]], *, least: int, most: int) -> Sample | None:
    """The retail sample: the beginning of the story, up to the end of a paragraph.

    Of the first chapter with at least ``least`` frames of story, else of the one with the
    most: from its first narration or speech (so behind credits and heading) to the last end of
    a paragraph before ``most`` frames, else of a sentence, else of a take.

    Returns:
        None when no take of the story is shorter than ``most``.
    """
    best: Sample | None = None
    for index, cues in enumerate(chapters):
        found = _sample(index, cues, least, most)
        if found is None:
            continue
        if found.end - found.start >= least:
            return found
        if best is None or found.end - found.start > best.end - best.start:
            best = found
    return best


def _sample(index: int, cues: Sequence[Spoken], least: int, most: int) -> Sample | None:
    first = next((n for n, cue in enumerate(cues) if cue.kind in _STORY), None)
    if first is None:
        return None
    start = cues[first].start
    inside = [cue for cue in cues[first:] if cue.end - start <= most and cue.kind != "credit"]
    ends = [cue.end for cue in inside]
    for reasons in (_PARAGRAPH, _SENTENCE):
        fitting = [c.end for c in inside if c.pause in reasons and c.end - start >= least]
        if fitting:
            return Sample(index, start, fitting[-1])
    return Sample(index, start, ends[-1]) if ends else None


def _stretches(cues: Sequence[Spoken], frames: int, splits: Sequence[int]) -> list[tuple[int, int]]:
    """The stretches when the chapter is split after the cues of these numbers."""
    starts = [0, *(cues[n + 1].start for n in splits)]
    ends = [*(cues[n].end for n in splits), frames]
    return list(zip(starts, ends, strict=True))


def _even(
    cues: Sequence[Spoken], frames: int, places: Sequence[int], parts: int, most: int
) -> list[int] | None:
    """``parts - 1`` of ``places`` whose stretches have the least sum of squares, or None.

    By dynamic programming: ``best[n]`` is the cheapest way to end a part at the n-th place.
    """
    starts = [0, *(cues[n + 1].start for n in places)]
    ends = [*(cues[n].end for n in places), frames]
    best: dict[int, tuple[int, list[int]]] = {-1: (0, [])}
    for part in range(1, parts + 1):
        then: dict[int, tuple[int, list[int]]] = {}
        targets = [len(places)] if part == parts else range(len(places))
        for n in targets:
            ways = [
                (cost + (ends[n] - starts[last + 1]) ** 2, taken)
                for last, (cost, taken) in best.items()
                if last < n and ends[n] - starts[last + 1] <= most
            ]
            if ways:
                cost, taken = min(ways)
                then[n] = (cost, [*taken, n])
        best = then
    if len(places) not in best:
        return None
    return [places[n] for n in best[len(places)][1][:-1]]


def _longest_pauses(cues: Sequence[Spoken], frames: int, parts: int) -> list[int]:
    """Near each even split the place with the longest pause; the nearest where none is near."""
    chosen: list[int] = []
    for part in range(1, parts):
        ideal, sway = frames * part // parts, int(frames / parts * _SWAY)
        left = range(chosen[-1] + 1 if chosen else 0, len(cues) - 1)
        if not left:
            break
        near = [n for n in left if abs(cues[n].end - ideal) <= sway]
        if near:
            chosen.append(max(near, key=lambda n: (cues[n + 1].start - cues[n].end, -n)))
        else:
            chosen.append(min(left, key=lambda n: abs(cues[n].end - ideal)))
    return chosen
