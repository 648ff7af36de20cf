"""LRC, the lyrics of one audio file: what music players show line by line.

LRC has neither an end for a line nor a speaker nor escapes, so a silence is an empty line,
and text that looks like a tag is written with other brackets.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from audio.readalong.breaks import flat
from audio.readalong.captions import Caption, captions
from audio.timeline import Timeline

# a shorter one leaves the line up: longer than the pause between paragraphs, within scenes'
_SILENCE_MS: Final = 1500
Digits = Literal[2, 3]


def lrc(
    timeline: Timeline,
    title: str,
    *,
    artist: str = "",
    album: str = "",
    note: str | None = None,
    words: bool = False,
    digits: Digits = 3,
) -> str:
    """The captions of an audio file as LRC.

    Args:
        note: a comment for whoever opens the file.
        words: whether word times, where the engine gave them, stand inside the lines as
            ``<01:02.345>``: players that do not know them (all that read through ffmpeg)
            show them as text, so only for those that do.
        digits: of the fraction of a second. Three are exact, and players of today read them
            (ffmpeg 9.0.2 was tried); ffmpeg of early 2025, and with it mpv 0.40, reads them
            wrongly (its ticket 11677): two are for those, and up to 10 ms early.
    """
    length = timeline.frames * 1000 // timeline.rate
    head = {"ti": title, "ar": artist, "al": album, "length": _clock(length, 0), "re": "castbook"}
    lines = [f"[{name}:{_value(value)}]" for name, value in head.items() if flat(value)]
    if note and flat(note):
        lines.append(f"[#:{_value(note)}]")
    shown = tuple(captions(timeline))
    for number, caption in enumerate(shown):
        text = _timed(caption, digits) if words and caption.words else _harmless(caption.text)
        lines.append(f"[{_clock(caption.start, digits)}]{text}")
        following = shown[number + 1].start if number + 1 < len(shown) else length
        if following - caption.end >= _SILENCE_MS:
            lines.append(f"[{_clock(caption.end, digits)}]")
    return "".join(f"{line}\n" for line in lines)


def _timed(caption: Caption, digits: Digits) -> str:
    """The line with the time before each word; the first word's is the line's."""
    starts = [len(caption.text) - len(caption.lines[-1]) if line else 0 for line in (0, 1)]
    stamps = [(0, caption.start), *((starts[n] + at, ms) for n, at, ms in caption.words)]
    ends = [at for at, _ in stamps[1:]] + [len(caption.text)]
    return "".join(
        f"<{_clock(moment, digits)}>{_harmless(caption.text[at:end])}"
        for (at, moment), end in zip(stamps, ends, strict=True)
    )


def _value(text: str) -> str:
    """A header ends at its bracket."""
    return flat(text).replace("[", "(").replace("]", ")")


def _harmless(text: str) -> str:
    """Without what a player would take for a tag: ``[ti:``, ``[00:12``, ``<00:12``."""
    return re.sub(r"<(?=\d+:)", "‹", re.sub(r"\[(?=#|\w+:)", "［", text))


def _clock(milliseconds: int, digits: Literal[0, 2, 3]) -> str:
    """``62:03.456``: LRC has no hours."""
    seconds, rest = divmod(milliseconds, 1000)
    fraction = f".{rest:03d}"[: digits + 1] if digits else ""
    return f"{seconds // 60:02d}:{seconds % 60:02d}{fraction}"
