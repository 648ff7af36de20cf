"""The script: a chapter's ordered segments.

A segment is the unit of synthesis: one speaker, one language, at most the engine's limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from book.anchors import Anchor
from book.manuscript import Skip, Slice
from book.speakers.attribution import Guess

# comma: the same sentence goes on in the same voice
PauseReason = Literal["comma", "sentence", "paragraph", "speaker", "scene", "title", "end"]
Kind = Literal["heading", "narration", "speech", "credit"]


@dataclass(frozen=True, slots=True)
class Replacement:
    """``printed[start:end]`` is spoken as ``spoken`` because of ``rule``."""

    start: int
    end: int
    spoken: str
    rule: str  # "lexicon", "title", "abbreviation", …


@dataclass(frozen=True, slots=True)
class Segment:
    """One speaker, one language, at most the engine's limit; the unit of synthesis."""

    chapter: int  # 1-based; 0 for opening credits, last + 1 for closing credits
    number: int  # 1-based position in the chapter, of this plan only: never stored
    anchor: Anchor  # how everything stored names this segment
    slices: tuple[Slice, ...]  # source; empty for credits
    printed: str
    spoken: str  # after lexicon and normaliser: what the engine hears
    replacements: tuple[Replacement, ...]
    language: str
    kind: Kind
    speaker: str | None  # a key of cast; None is the narrator
    rule: str  # which rule named the speaker: "narration", "explicit", "casting", …
    confidence: float  # of the speaker, 0…1
    style: str | None  # mood, a key of the voice's styles
    pause_ms: int  # after the segment, before jitter
    pause_reason: PauseReason
    quotation: int | None = None  # number of the quotation in its chapter: one has one speaker
    guesses: tuple[Guess, ...] = ()  # who else may say it, likeliest first

    @property
    def id(self) -> str:
        """``ch03/0142``: a display position, never stored."""
        return f"ch{self.chapter:02d}/{self.number:04d}"


@dataclass(frozen=True, slots=True)
class ScriptChapter:
    """A chapter ready to be planned."""

    number: int
    title: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the source text the script accounts for. Characters are code points."""

    characters: int  # of all source documents
    spoken: int  # inside a segment's slices
    skipped: int  # inside a listed skip
    markup: int  # white space and recorded edits between them
    unexplained: tuple[Slice, ...]  # must be empty

    @property
    def share(self) -> float:
        """1 − unexplained characters / characters (1.0 for an empty source)."""
        lost = sum(s.end - s.start for s in self.unexplained)
        return 1.0 - lost / self.characters if self.characters else 1.0

    @property
    def spoken_share(self) -> float:
        """Spoken characters / characters."""
        return self.spoken / self.characters if self.characters else 0.0


@dataclass(frozen=True, slots=True)
class Script:
    """The whole book, ready to be planned."""

    chapters: tuple[ScriptChapter, ...]
    skips: tuple[Skip, ...]
    coverage: Coverage
    warnings: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()  # stored anchors that no longer fit, with their file
