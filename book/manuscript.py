"""The manuscript as read: source text, chapters, paragraphs, skips.

The **source text** of a document is its decoded extraction: BOM removed, newlines ``\\n``,
nothing else changed. Every offset in castbook is a code point of it. A paragraph's printed
text is *derived* from a slice of the source by recorded edits, so that the way back is exact.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

NARRATOR = "narrator"  # Paragraph.speaker of a line marked as the narrator's


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    """``[start, end)`` code points of one source document."""

    document: int  # index into Manuscript.sources
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """One document's source text."""

    name: str  # file name relative to the project folder, for messages
    text: str
    digest: str  # sha256 of the UTF-8 text


@dataclass(frozen=True, slots=True)
class Edit:
    """``source[start:end]`` is printed as ``replacement``: an unwrapped line, an emphasis mark."""

    start: int
    end: int
    replacement: str
    reason: Literal["unwrap", "emphasis", "hyphen", "note", "markup", "indent"]


@dataclass(frozen=True)
class Paragraph:
    """One paragraph, heading or tagged line, with the way back to the source."""

    slice: Slice
    edits: tuple[Edit, ...]  # in order, not overlapping, inside the slice
    printed: str  # the text as a reader sees it
    kind: Literal["body", "heading", "verse"] = "body"
    scene_break_before: bool = False  # an ornament or a wide gap stands above it
    speaker: str | None = None  # key of cast or NARRATOR, if written: ``[name]``, ``NAME:``
    style: str | None = None  # ``[name|angry]``

    @cached_property
    def _pieces(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[bool, ...]]:
        """Printed starts, source starts, and whether the run is copied verbatim."""
        printed, source, verbatim = [], [], []
        out, at = 0, self.slice.start
        for edit in (*self.edits, Edit(self.slice.end, self.slice.end, "", "markup")):
            if edit.start > at:
                printed.append(out)
                source.append(at)
                verbatim.append(True)
                out += edit.start - at
            if edit.replacement:
                printed.append(out)
                source.append(edit.start)
                verbatim.append(False)
                out += len(edit.replacement)
            at = edit.end
        return tuple(printed), tuple(source), tuple(verbatim)

    def source_offset(self, printed_offset: int) -> int:
        """The source offset of a printed character (the end of the slice for the end)."""
        if printed_offset >= len(self.printed):
            return self.slice.end
        starts, sources, verbatim = self._pieces
        run = bisect_right(starts, printed_offset) - 1
        inside = printed_offset - starts[run] if verbatim[run] else 0
        return sources[run] + inside

    def source_slice(self, start: int, end: int) -> Slice:
        """The source of ``printed[start:end]`` (``end > start``)."""
        last = self.source_offset(end - 1)
        starts, _, verbatim = self._pieces
        run = bisect_right(starts, end - 1) - 1
        if verbatim[run]:
            stop = last + 1
        else:
            stop = next(e.end for e in self.edits if e.start == last and e.replacement)
        return Slice(self.slice.document, self.source_offset(start), stop)


@dataclass(frozen=True, slots=True)
class Skip:
    """Source text that is not read, and why. Listed by ``plan``; some can be turned on."""

    slice: Slice
    reason: str  # "contents", "licence", "front matter", "ornament", "note", "excluded", …
    title: str = ""  # how ``include:`` names it; empty when it cannot be turned on


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter in reading order."""

    number: int  # 1-based
    title: str
    paragraphs: tuple[Paragraph, ...]  # headings included


@dataclass(frozen=True, slots=True)
class Cover:
    """The picture that the manuscript brings with it."""

    content: bytes
    kind: Literal["jpeg", "png"]


@dataclass(frozen=True, slots=True)
class Sound:
    """How the manuscript itself says that a word is pronounced: ruby, ``ssml:ph``, PLS."""

    word: str  # as printed
    reading: str  # kana or pinyin of the ruby, or the phonemes
    alphabet: Literal["ruby", "ipa", "x-sampa"]
    language: str | None = None  # BCP 47, where it differs from the book's


@dataclass(frozen=True, slots=True)
class Facts:
    """What a manuscript says about itself; proposals for ``project.yaml``, never more."""

    title: str | None = None
    author: str | None = None
    language: str | None = None  # BCP 47
    series: str | None = None
    series_part: str | None = None
    cover: Cover | None = None
    publisher: str | None = None
    year: int | None = None
    description: str | None = None
    sounds: tuple[Sound, ...] = ()


@dataclass(frozen=True, slots=True)
class Manuscript:
    """Everything a reader found. Slices, gaps and skips give back the source text exactly."""

    sources: tuple[Source, ...]
    chapters: tuple[Chapter, ...]
    skips: tuple[Skip, ...]
    language: str
    facts: Facts = field(default_factory=Facts)
    warnings: tuple[str, ...] = ()  # chapter numbers that do not rise, …

    @property
    def title(self) -> str | None:
        """When the manuscript itself says."""
        return self.facts.title

    @property
    def author(self) -> str | None:
        """When the manuscript itself says."""
        return self.facts.author


def speakable(text: str) -> bool:
    """Whether ``text`` holds a letter or a digit: the one rule for what is worth speaking.

    Ornaments, lone punctuation and a quoted silence (``“……”``) are not.
    """
    return any(map(str.isalnum, text))


def line_number(text: str, offset: int) -> int:
    """The 1-based line of ``offset``, for messages."""
    return text.count("\n", 0, offset) + 1
