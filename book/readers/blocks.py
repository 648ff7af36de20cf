"""What every reader hands on: blocks in reading order.

A block is a paragraph or a heading with a label; ``book/readers/chapters.py`` turns the
blocks of all documents into chapters and skips. A new format is a new function from source
text to an ``Extract``; nothing below it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from book.languages import Language
from book.manuscript import Paragraph, Skip

PART, CHAPTER, SECTION = 1, 2, 3  # ranks of headings; 0 is the book's own title
TITLE = 0


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that begins something."""

    rank: int  # TITLE, PART, CHAPTER or SECTION
    label: str  # what stands before the title: "Chapter I", "第一章"; may be empty
    title: str = ""
    word: str = ""  # "chapter", "章": numbers of one word are compared with each other
    number: int | None = None

    @property
    def key(self) -> tuple[int, str, int | None, str]:
        """Equal for a contents entry and the heading it points to."""
        return (self.rank, self.word, self.number, "" if self.number else self.title.casefold())


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph on its way to a chapter."""

    paragraph: Paragraph
    heading: Heading | None = None
    skip: str = ""  # the reason to skip it, unless the project includes ``part``
    part: str = ""  # how include: names it


@dataclass(frozen=True, slots=True)
class Extract:
    """Everything a reader found in one document."""

    blocks: tuple[Block, ...]
    skips: tuple[Skip, ...] = ()
    title: str | None = None
    author: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader is asked to read, and how."""

    document: int  # index of the source
    name: str  # for messages
    text: str
    language: Language
    speakers: Mapping[str, str] | None = None  # casefolded name -> key of cast; None: any name
