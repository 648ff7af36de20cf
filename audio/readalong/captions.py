"""Captions from a timeline: WebVTT with the speaker's name, and SRT.

A cue of more than two lines becomes several captions, cut where the sentence lets it be
cut. Times come from the engine's word times where there are any, else from the share of
the text that was spoken before. Captions of a chapter are in order and never overlap.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from audio.timeline import Cue, Timeline

# Netflix's timed text style guides: 42 characters a line, 16 for Chinese; two lines.
_COLUMNS: Final = 42
_WIDE_COLUMNS: Final = 32  # 16 characters of two columns
_LINES: Final = 2
_SHORTEST_MS: Final = 1000  # a shorter caption stays up in the pause after it, if there is one

_SENTENCE_END: Final = re.compile(r"[.!?…。！？][\"'”’」』）)]*$")
_CLAUSE_END: Final = re.compile(r"[,;:—–，；：、][\"'”’」』）)]*$")
_WITHIN_CLAUSE: Final = 0.6  # costs of a cut, in captions; see ``split``
_AFTER_CLAUSE: Final = 0.2
_COMMA_WORTH: Final = 8  # columns by which a first line may be less even to end at a comma

# Han and kana may be cut between any two characters; Hangul has spaces. An opening mark
# sticks to what follows, every other mark to what is before.
_OPEN = r"“‘「『（《〈【\[({"
_HAN = r"\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ATOM: Final = re.compile(
    rf"[{_OPEN}]*(?:[{_HAN}]|[^\s{_HAN}{_OPEN}]+(?:[\[({{][^\s{_HAN}{_OPEN}]+)*)[^\s\w{_OPEN}]*"
    rf"|[{_OPEN}]+"
)


@dataclass(frozen=True, slots=True)
class Caption:
    """What is on the screen at once. Times in milliseconds from the chapter's beginning."""

    start: int
    end: int
    speaker: str
    lines: tuple[str, ...]


def vtt(timeline: Timeline, title: str) -> str:
    """The chapter's captions as WebVTT; ``<v Name>`` carries who speaks."""
    blocks = [f"WEBVTT - {_escape(_flat(title))}\n"]
    for caption in captions(timeline):
        text = "\n".join(map(_escape, caption.lines))
        blocks.append(
            f"{_clock(caption.start, '.')} --> {_clock(caption.end, '.')}\n"
            f"<v {_escape(_flat(caption.speaker))}>{text}</v>\n"
        )
    return "\n".join(blocks)


def srt(timeline: Timeline) -> str:
    """The chapter's captions as SubRip, text only."""
    blocks = [
        f"{number}\n{_clock(caption.start, ',')} --> {_clock(caption.end, ',')}\n"
        + "".join(f"{_harmless(line)}\n" for line in caption.lines)
        for number, caption in enumerate(captions(timeline), 1)
    ]
    return "\n".join(blocks)


def captions(timeline: Timeline) -> Iterator[Caption]:
    """All captions of a chapter, in order; a cue without text gives none."""
    cues = timeline.cues
    for number, cue in enumerate(cues):
        following = cues[number + 1].start if number + 1 < len(cues) else timeline.frames
        yield from _of_cue(cue, following * 1000 // timeline.rate, timeline.rate)


def _of_cue(cue: Cue, limit_ms: int, rate: int) -> Iterator[Caption]:
    shown = split(cue.text)
    if not shown:
        return
    clock = _Clock(cue)
    starts = [clock.frame(begin) * 1000 // rate for begin, _ in shown]
    starts[0] = cue.start * 1000 // rate
    last = max(cue.end * 1000 // rate, min(limit_ms, starts[-1] + _SHORTEST_MS))
    for (start, end), (_, lines) in zip(pairwise([*starts, last]), shown, strict=True):
        yield Caption(start, end, cue.speaker, lines)


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


def split(text: str) -> list[tuple[int, tuple[str, ...]]]:
    """The text in captions of at most two lines: (offset of its first character, lines).

    Each caption costs one, plus the square of its emptiness, plus the cut after it: most
    inside a clause, less after a comma, nothing after a sentence. The cheapest whole wins.
    A word wider than a line is left whole.
    """
    laid = _Laid(text)
    count = len(laid.atoms)
    if count == 0:
        return []
    if laid.fits(0, count):
        return [(laid.atoms[0][0], laid.lines(0, count))]
    best: list[tuple[float, int]] = [(0.0, 0)]  # of the first n atoms: cost, last cut
    for end in range(1, count + 1):
        choices = []
        for begin in range(end - 1, -1, -1):
            if begin < end - 1 and not laid.fits(begin, end):
                break
            choices.append((best[begin][0] + laid.cost(begin, end), begin))
        best.append(min(choices))
    cuts = [count]
    while cuts[-1] > 0:
        cuts.append(best[cuts[-1]][1])
    return [(laid.atoms[a][0], laid.lines(a, b)) for a, b in pairwise(reversed(cuts))]


class _Laid:
    """A text on one endless line, atom by atom, white space as single spaces."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.atoms = [match.span() for match in _ATOM.finditer(text)]
        self._from: list[int] = []  # columns
        self._to: list[int] = []
        at = before = 0
        for start, end in self.atoms:
            at += bool(self._from) and start > before
            self._from.append(at)
            at += _width(text[start:end])
            self._to.append(at)
            before = end
        wide = at > 1.5 * sum(end - start for start, end in self.atoms)
        self._limit = _WIDE_COLUMNS if wide else _COLUMNS

    def fits(self, begin: int, end: int) -> bool:
        """Whether ``atoms[begin:end]`` can be shown in two lines."""
        if self._columns(begin, end) <= self._limit:
            return True
        upper = bisect_right(self._to, self._from[begin] + self._limit)
        return begin < upper and self._columns(upper, end) <= self._limit

    def cost(self, begin: int, end: int) -> float:
        """Of showing ``atoms[begin:end]`` at once and cutting after it."""
        filled = min(1.0, self._columns(begin, end) / (_LINES * self._limit))
        return 1.0 + (1.0 - filled) ** 2 + self._cut_cost(end)

    def _cut_cost(self, at: int) -> float:
        """Of a cut before atom ``at``."""
        last = self._text[slice(*self.atoms[at - 1])]
        if at == len(self.atoms) or _SENTENCE_END.search(last):
            return 0.0
        return _AFTER_CLAUSE if _CLAUSE_END.search(last) else _WITHIN_CLAUSE

    def lines(self, begin: int, end: int) -> tuple[str, ...]:
        """``atoms[begin:end]`` in one line if it fits, else in two: the evenest, or a little
        less even if that ends the first at a comma."""
        if self._columns(begin, end) <= self._limit or end - begin == 1:
            return (self._string(begin, end),)

        def unevenness(cut: int) -> tuple[bool, int]:
            widest = max(self._columns(begin, cut), self._columns(cut, end))
            whole = self._cut_cost(cut) < _WITHIN_CLAUSE
            return widest > self._limit, widest - (_COMMA_WORTH if whole else 0)

        at = min(range(begin + 1, end), key=unevenness)
        return self._string(begin, at), self._string(at, end)

    def _columns(self, begin: int, end: int) -> int:
        return self._to[end - 1] - self._from[begin]

    def _string(self, begin: int, end: int) -> str:
        return _flat(self._text[self.atoms[begin][0] : self.atoms[end - 1][1]])


def _width(text: str) -> int:
    """Columns: two for wide characters, none for accents that combine."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def _flat(text: str) -> str:
    return " ".join(text.split())


def _escape(text: str) -> str:
    """For WebVTT, where ``-->`` would end a caption and ``<`` begin a tag."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _harmless(line: str) -> str:
    """For SRT, which has no escapes: what players would take for an arrow or a tag."""
    return re.sub(r"<(?=[/a-zA-Z])", "‹", line.replace("-->", "→"))


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{rest:03d}"
