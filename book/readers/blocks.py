"""What every reader hands on: blocks in reading order.

A block is a paragraph or a heading with a label; ``book/readers/assembly/chapters.py`` turns the
blocks of all documents into chapters and skips. A new format is a new function from source
text to an ``Extract``; nothing below it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from book.languages import Language
from book.manuscript import Facts, Paragraph, Skip, Source

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
    gap: int = 0  # blank lines above, where the format has lines
    above: tuple[Heading, ...] = ()  # begin here, too, before ``heading``; not in the text


@dataclass(frozen=True, slots=True)
class Extract:
    """Everything a reader found in one document, or in one file of several documents."""

    blocks: tuple[Block, ...]
    skips: tuple[Skip, ...] = ()
    facts: Facts = field(default_factory=Facts)
    warnings: tuple[str, ...] = ()
    navigated: bool = False  # the book's own navigation gave the headings their ranks
    labelled: bool = False  # its markup says what is no part of the text: words need not tell


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader of text is asked to read, and how."""

    document: int  # index of the source
    name: str  # for messages
    text: str
    language: Language
    speakers: Mapping[str, str] | None = None  # casefolded name -> key of cast; None: any name


@dataclass(frozen=True, slots=True)
class File:
    """What a reader of containers (EPUB, DOCX, HTML, PDF) is asked to read."""

    document: int  # index that its first source gets
    name: str  # for messages
    content: bytes
    language: Language
    speakers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What one file holds: its source texts, and what was found in them."""

    sources: tuple[Source, ...]  # slices of ``extract`` count from ``File.document``
    extract: Extract
