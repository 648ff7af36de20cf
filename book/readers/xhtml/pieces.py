"""What a document of markup consists of once it is read: pieces of its source text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from book.manuscript import Edit, Sound


@dataclass(slots=True)
class Piece:
    """A paragraph, heading, rule or blank line: ``text[start:end]`` of its document."""

    start: int
    end: int
    level: int = 0  # 1-6 of a heading
    part: str = ""  # the part that it belongs to and that is skipped by default
    types: frozenset[str] = frozenset()  # epub:type and roles of all elements around it
    verse: bool = False
    titled: bool = False  # stands in a header or hgroup, or is typed as a title
    begins: frozenset[str] = frozenset()  # types of texts that begin here: chapter, prologue
    silent: Literal["", "rule", "blank"] = ""  # no text: a rule or ornament; an empty paragraph
    edits: list[Edit] = field(default_factory=list)
    linked: int = 0  # characters inside links


@dataclass(frozen=True, slots=True)
class NoteRef:
    """A mark in the text that points to a note."""

    href: str
    offset: int
    sure: bool  # the markup says so; else it only looks like one


@dataclass(frozen=True, slots=True)
class Markup:
    """One document as read."""

    text: str
    pieces: tuple[Piece, ...]
    anchors: Mapping[str, tuple[int, int]]  # id -> the range of text it stands for
    references: tuple[NoteRef, ...]
    sounds: tuple[Sound, ...]
    emphasised: bool  # has emphasis of its own: _ and * are characters
    formulas: int  # left out
    pictures: int
    names: tuple[str, ...]  # class names of the body and of what wraps it
