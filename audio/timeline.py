"""The timeline: where every take of a chapter sounds, in frames of the master.

Positions are sums of lengths, counted while the chapter was written, never measurements of
an encoded file. As JSON it is canonical: integers and strings only, equal timelines give
equal bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from castbook.canonical import canonical_json
from castbook.errors import BrokenPromise, StorageError

SCHEMA = 1

Word = tuple[int, int, int]  # [start, end) code points of the cue's text, frame it begins at


@dataclass(frozen=True, slots=True)
class Cue:
    """One take in its chapter. Frames count from the chapter's beginning."""

    anchor: str
    start: int  # first frame of the edited take: sound begins up to 40 ms later
    end: int  # frame after its last
    speaker: str  # display name
    text: str  # as printed
    kind: str  # heading, narration, speech, credit
    words: tuple[Word, ...] = ()  # in order; empty when the engine gave no times


@dataclass(frozen=True, slots=True)
class Timeline:
    """All cues of a chapter, in order, not overlapping, inside ``frames``.

    Raises (constructor): BrokenPromise when they are not.
    """

    rate: int  # Hz
    frames: int  # length of the chapter
    cues: tuple[Cue, ...]

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.frames < 0:
            raise BrokenPromise(f"a timeline of {self.frames} frames at {self.rate} Hz")
        at = 0
        for cue in self.cues:
            if not at <= cue.start < cue.end <= self.frames:
                raise BrokenPromise(
                    f"cue {cue.anchor} at {cue.start}-{cue.end} does not follow frame {at} "
                    f"inside a chapter of {self.frames}"
                )
            _check_words(cue)
            at = cue.end

    def to_json(self) -> bytes:
        """Canonical JSON; ``from_json`` gives the same timeline back."""
        return canonical_json(
            {
                "schema": SCHEMA,
                "rate": self.rate,
                "frames": self.frames,
                "cues": [
                    {
                        "anchor": cue.anchor,
                        "start": cue.start,
                        "end": cue.end,
                        "speaker": cue.speaker,
                        "text": cue.text,
                        "kind": cue.kind,
                        "words": cue.words,
                    }
                    for cue in self.cues
                ],
            }
        )

    @classmethod
    def from_json(cls, content: bytes) -> Timeline:
        """The timeline in ``content``.

        Raises:
            StorageError: it is none, or one of a newer castbook.
        """
        try:
            loaded = json.loads(content)
            if loaded["schema"] != SCHEMA:
                raise StorageError(
                    f"a timeline of schema {loaded['schema']}, this castbook reads {SCHEMA}; "
                    "update castbook, or delete the chapter's files to have them made again"
                )
            return cls(
                rate=_whole(loaded["rate"]),
                frames=_whole(loaded["frames"]),
                cues=tuple(map(_cue, loaded["cues"])),
            )
        except (ValueError, KeyError, TypeError, BrokenPromise) as error:
            raise StorageError(
                f"a stored timeline is damaged ({error}); delete the chapter's files and run the "
                "same command again: the takes are kept"
            ) from error


def _cue(loaded: Any) -> Cue:
    return Cue(
        anchor=str(loaded["anchor"]),
        start=_whole(loaded["start"]),
        end=_whole(loaded["end"]),
        speaker=str(loaded["speaker"]),
        text=str(loaded["text"]),
        kind=str(loaded["kind"]),
        words=tuple((_whole(a), _whole(b), _whole(c)) for a, b, c in loaded["words"]),
    )


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _check_words(cue: Cue) -> None:
    frame, character = cue.start, 0
    for start, end, at in cue.words:
        if not (character <= start < end and frame <= at <= cue.end):
            raise BrokenPromise(
                f"cue {cue.anchor}: word {start}-{end} at frame {at} is out of order"
            )
        frame, character = at, start
