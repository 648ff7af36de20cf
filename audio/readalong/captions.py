"""Captions from a timeline: WebVTT with the speaker's name, and SRT.

A cue of more than two lines becomes several captions, cut where the sentence lets it be
cut. Times come from the engine's word times where there are any, else from the share of
the text that was spoken before. Captions are in order and never overlap.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from audio.readalong.breaks import OPENING, Stretch, breaks, flat
from audio.timeline import Cue, Timeline

_SHORTEST_MS: Final = 1000  # a shorter caption stays up in the pause after it, if there is one

Stamp = tuple[int, int, int]  # line, column in it, millisecond at which a word begins there


@dataclass(frozen=True, slots=True)
class Caption:
    """What is on the screen at once. Times in milliseconds from the timeline's beginning."""

    start: int
    end: int
    speaker: str
    text: str  # on one line
    lines: tuple[str, ...]  # the same on one or two
    words: tuple[Stamp, ...] = ()  # rising; empty where the engine gave no word times


def vtt(timeline: Timeline, title: str, *, note: str | None = None, words: bool = False) -> str:
    """The captions as WebVTT; ``<v Name>`` carries who speaks.

    Args:
        note: a comment for whoever opens the file.
        words: whether word times, where the engine gave them, stand inside the captions as
            ``<00:00:01.234><c>word</c>``: Chromium and Safari then light the words up by
            ``::cue(:past)`` (which needs the class: a bare time leaves nothing to style).
            Firefox and what reads through ffmpeg show the text alone; some converters
            (pysubs2) and Shaka Player before 4.2 show the times as text, so such captions
            are a file of their own beside the plain one.
    """
    return vtt_text(captions(timeline), title, note=note, words=words)


def srt(timeline: Timeline) -> str:
    """The captions as SubRip, text only."""
    return srt_text(captions(timeline))


def captions(timeline: Timeline) -> Iterator[Caption]:
    """All captions, in order; a cue without text gives none."""
    cues = timeline.cues
    for number, cue in enumerate(cues):
        following = cues[number + 1].start if number + 1 < len(cues) else timeline.frames
        yield from _of_cue(cue, following * 1000 // timeline.rate, timeline.rate)


def _of_cue(cue: Cue, limit_ms: int, rate: int) -> Iterator[Caption]:
    shown = breaks(cue.text)
    if not shown:
        return
    clock = _Clock(cue)
    starts = [clock.frame(lines[0][0]) * 1000 // rate for lines in shown]
    starts[0] = cue.start * 1000 // rate
    last = max(cue.end * 1000 // rate, min(limit_ms, starts[-1] + _SHORTEST_MS))
    for (start, end), lines in zip(pairwise([*starts, last]), shown, strict=True):
        yield Caption(
            start,
            end,
            cue.speaker,
            text=flat(cue.text[lines[0][0] : lines[-1][1]]),
            lines=tuple(flat(cue.text[a:b]) for a, b in lines),
            words=tuple(_stamps(cue, lines, start, end, rate)) if cue.words else (),
        )


def _stamps(
    cue: Cue, lines: tuple[Stretch, ...], start: int, end: int, rate: int
) -> Iterator[Stamp]:
    """Words that begin inside the caption, but for those that begin with it."""
    at = start
    for line, (begin, stop) in enumerate(lines):
        inside = bisect_left(cue.words, begin, key=lambda word: word[0])
        for first, _, frame in cue.words[inside:]:
            if first >= stop:
                break
            moment = frame * 1000 // rate
            # an opening quote belongs to its word
            while first > begin and cue.text[first - 1] in OPENING:
                first -= 1
            before = cue.text[begin:first]
            column = len(flat(before)) + bool(before[-1:].isspace())
            if at < moment < end:  # WebVTT: rising, and inside the caption
                at = moment
                yield line, column, moment


class _Clock:
    """From a character of the cue's text to the frame in which it is spoken."""

    def __init__(self, cue: Cue) -> None:
        length = max(1, len(cue.text))
        # times of a text that was printed otherwise may point behind its end
        points = [(0, cue.start), *((s, f) for s, _, f in cue.words if 0 < s < length)]
        self._points = [*points, (length, cue.end)]
        self._characters = [character for character, _ in self._points]

    def frame(self, character: int) -> int:
        """Linear between the known times; never decreasing."""
        at = min(bisect_right(self._characters, character), len(self._points) - 1)
        (left, begin), (right, end) = self._points[at - 1], self._points[at]
        if right == left:
            return begin
        return begin + (end - begin) * (character - left) // (right - left)


def vtt_text(
    shown: Iterable[Caption], title: str, *, note: str | None = None, words: bool = False
) -> str:
    """``vtt`` of captions that are there already."""
    blocks = [f"WEBVTT - {_escape(flat(title))}\n"]
    if note and note.strip():
        blocks.append(f"NOTE {_escape(flat(note))}\n")
    for caption in shown:
        lines = _timed(caption) if words and caption.words else map(_escape, caption.lines)
        text = "\n".join(lines)
        blocks.append(
            f"{clock(caption.start)} --> {clock(caption.end)}\n"
            f"<v {_escape(flat(caption.speaker))}>{text}</v>\n"
        )
    return "\n".join(blocks)


def _timed(caption: Caption) -> Iterator[str]:
    """The lines with the times of their words."""
    for number, line in enumerate(caption.lines):
        stamps = [(column, moment) for n, column, moment in caption.words if n == number]
        parts = [(0, None), *stamps]
        ends = [column for column, _ in stamps] + [len(line)]
        pieces = []
        for (begin, moment), end in zip(parts, ends, strict=True):
            said = line[begin:end].rstrip()
            pieces.append(f"<{clock(moment)}>" if moment is not None else "")
            pieces.append(f"<c>{_escape(said)}</c>" if said else "")
            pieces.append(" " if begin + len(said) < end else "")
        yield "".join(pieces)


def srt_text(shown: Iterable[Caption]) -> str:
    """``srt`` of captions that are there already."""
    return "\n".join(
        f"{number}\n{clock(caption.start, ',')} --> {clock(caption.end, ',')}\n"
        + "".join(f"{_harmless(line)}\n" for line in caption.lines)
        for number, caption in enumerate(shown, 1)
    )


def _escape(text: str) -> str:
    """For WebVTT, where ``-->`` would end a caption and ``<`` begin a tag."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _harmless(line: str) -> str:
    """For SRT, which has no escapes: what players would take for an arrow or a tag."""
    return re.sub(r"<(?=[/a-zA-Z])", "‹", line.replace("-->", "→"))


def clock(milliseconds: int, point: str = ".") -> str:
    """``01:02:03.456``."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{rest:03d}"
