"""What a read-along chapter consists of: cues in paragraphs, paragraphs in scenes.

The one place that decides the structure, so that a page and its overlay cannot disagree.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from audio.packaging.sound import ChapterFile
from castbook.errors import BrokenPromise

Division = Literal["frontmatter", "bodymatter", "backmatter"]


class Cue(NamedTuple):
    """A stretch of text and where it is spoken. Plain tuples of this shape will do."""

    text: str
    start_frame: int
    end_frame: int
    kind: str  # "heading", "narration", "speech", "credit"
    paragraph: int | str  # cues that share it stand in one paragraph
    scene: int = 0  # and in one scene
    speaker: str = ""  # display name; empty is the narrator
    character: str = ""  # the speaker's key in the cast
    joined: bool = False  # printed without white space between it and the cue before
    language: str = ""  # BCP 47; empty is the book's


@dataclass(frozen=True, slots=True)
class ReadAlong:
    """A chapter with the words that are spoken in it."""

    chapter: ChapterFile
    cues: tuple[Cue | tuple[str, int, int, str, int | str], ...]

    def read(self) -> tuple[Cue, ...]:
        """The cues, checked.

        Raises:
            BrokenPromise: none, out of order, or outside the chapter.
        """
        cues = tuple(Cue(*cue) for cue in self.cues)
        edges = [edge for cue in cues for edge in (cue.start_frame, cue.end_frame)]
        inside = edges and edges[0] >= 0 and edges[-1] <= self.chapter.frames
        if not inside or edges != sorted(edges):
            raise BrokenPromise(
                f"{self.chapter.title!r}: {len(cues)} cues that do not lie in order inside "
                f"its {self.chapter.frames} frames"
            )
        return cues


@dataclass(frozen=True, slots=True)
class Passage:
    """A heading, a paragraph, or a credit: cues that stand in one block."""

    number: int  # from 1 in its chapter
    kind: Literal["heading", "text", "credit"]
    cues: tuple[tuple[int, Cue], ...]  # with their number in the chapter, from 1

    @property
    def id(self) -> str:
        return f"p{self.number}"


@dataclass(frozen=True, slots=True)
class Scene:
    """What stands between two scene breaks or headings."""

    number: int  # from 1 in its chapter
    passages: tuple[Passage, ...]

    @property
    def id(self) -> str:
        return f"s{self.number}"


@dataclass(frozen=True, slots=True)
class Content:
    """A chapter: the headings it begins with, then its scenes."""

    headings: tuple[Passage, ...]
    scenes: tuple[Scene, ...]


def structure(cues: Sequence[Cue]) -> Content:
    """The cues of a chapter as its pages show them."""
    passages: list[tuple[int, Passage]] = []
    numbered = enumerate(cues, 1)
    for (scene, _, kind), group in itertools.groupby(
        numbered, key=lambda item: (item[1].scene, item[1].paragraph, _block(item[1].kind))
    ):
        passages.append((scene, Passage(len(passages) + 1, kind, tuple(group))))
    begin = len(list(itertools.takewhile(lambda item: item[1].kind == "heading", passages)))
    scenes = itertools.groupby(passages[begin:], key=lambda item: item[0])
    return Content(
        headings=tuple(passage for _, passage in passages[:begin]),
        scenes=tuple(
            Scene(number, tuple(passage for _, passage in group))
            for number, (_, group) in enumerate(scenes, 1)
        ),
    )


def divisions(chapters: Sequence[Sequence[Cue]]) -> list[Division]:
    """Which chapters are the book, and which are credits before and after it."""
    credit = [all(cue.kind == "credit" for cue in cues) for cues in chapters]
    before = len(list(itertools.takewhile(bool, credit)))
    return [
        "bodymatter" if not is_credit else "frontmatter" if number < before else "backmatter"
        for number, is_credit in enumerate(credit)
    ]


def _block(kind: str) -> Literal["heading", "text", "credit"]:
    return "heading" if kind == "heading" else "credit" if kind == "credit" else "text"
