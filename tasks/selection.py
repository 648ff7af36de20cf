"""WHERE: how people and scripts name segments and chapters.

An id (``ch03/0142``), an anchor, a time in the book (``3:42:10``) or in a chapter
(``ch07@12:31``), a quoted phrase, ``--failed``, ``--doubtful``, ``--character C``. All are
resolved at once against one plan; what is stored afterwards is an anchor.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from book.anchors import Anchor, looks_like_anchor, normalise, resolve
from book.script import Segment
from castbook.errors import SelectionError

_ID = re.compile(r"ch(\d+)/(\d+)")
_CHAPTER_TIME = re.compile(r"ch(\d+)@(?:(\d+):)?(\d+):(\d\d(?:\.\d+)?)")
_BOOK_TIME = re.compile(r"(?:(\d+):)?(\d+):(\d\d(?:\.\d+)?)")
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


class HasSegment(Protocol):
    """Anything that stands for one segment."""

    @property
    def segment(self) -> Segment: ...


L = TypeVar("L", bound=HasSegment)


@dataclass(frozen=True, slots=True)
class Chapters:
    """A choice of chapters."""

    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, written: str | None, known: Sequence[int]) -> Chapters:
        """``"1,3-5"`` against the book's chapter numbers; None is all of them.

        Raises:
            SelectionError: not of that form, or a chapter the book does not have.
        """
        if written is None:
            return cls(tuple(known))
        chosen: set[int] = set()
        for part in written.replace(" ", "").split(","):
            match = _RANGE.fullmatch(part)
            if not match:
                raise ChapterSelectionError(
                    f"--chapters {written!r} is not a list of chapters", known
                )
            first, last = int(match[1]), int(match[2] or match[1])
            for number in range(first, last + 1):
                if number not in known:
                    raise ChapterSelectionError(f"the book has no chapter {number}", known)
                chosen.add(number)
        return cls(tuple(n for n in known if n in chosen))


class ChapterSelectionError(SelectionError):
    """A list of chapters that the book does not have."""

    exit_code = 2

    def __init__(self, message: str, known: Sequence[int]) -> None:
        super().__init__(message, expected=f"a list like 1,3-5 within {known[0]}-{known[-1]}")


@dataclass(frozen=True, slots=True)
class Where:
    """A list of WHEREs, parsed but not yet resolved."""

    words: tuple[str, ...] = ()
    failed: bool = False
    doubtful: bool = False
    character: str | None = None

    @classmethod
    def parse(cls, words: Iterable[str]) -> Where:
        """Takes ``--failed`` or ``failed`` and so on out of a list of words."""
        rest: list[str] = []
        failed = doubtful = False
        for word in words:
            if word in ("failed", "--failed"):
                failed = True
            elif word in ("doubtful", "--doubtful"):
                doubtful = True
            elif word.strip():
                rest.append(word)
        return cls(tuple(rest), failed, doubtful)

    @property
    def empty(self) -> bool:
        """Whether nothing was asked for."""
        return not (self.words or self.failed or self.doubtful or self.character)


def select(
    where: Where,
    lines: Sequence[L],
    *,
    failed: Callable[[L], bool],
    doubtful: Callable[[L], bool],
    at_time: Callable[[int | None, float], L | None],
) -> tuple[L, ...]:
    """The lines that ``where`` names, in the order of the book, each once.

    Args:
        failed, doubtful: what a line's state is.
        at_time: the line that sounds at a second of a chapter, or of the book for None.

    Raises:
        SelectionError: a word names nothing, or more than it should.
    """
    chosen: set[int] = set()
    index = {line.segment.id: i for i, line in enumerate(lines)}
    for word in where.words:
        chosen.update(_one(word, lines, index, at_time))
    for i, line in enumerate(lines):
        if (
            (where.failed and failed(line))
            or (where.doubtful and doubtful(line))
            or (where.character is not None and _speaks(line.segment, where.character))
        ):
            chosen.add(i)
    return tuple(lines[i] for i in sorted(chosen))


def _one(
    word: str,
    lines: Sequence[L],
    index: dict[str, int],
    at_time: Callable[[int | None, float], L | None],
) -> Iterable[int]:
    if match := _ID.fullmatch(word):
        number = f"ch{int(match[1]):02d}/{int(match[2]):04d}"
        if number not in index:
            raise SelectionError(f"the book has no segment {number}", hint=_nearest(number, index))
        return [index[number]]
    if looks_like_anchor(word):
        anchors = [line.segment.anchor for line in lines]
        lengths = [len(normalise(line.segment.printed)) for line in lines]
        found = resolve(Anchor.parse(word), anchors, lengths)
        if found is None:
            raise SelectionError(
                f"no single segment of the book fits the anchor {word}",
                hint="the text may have changed: look for it by a phrase",
            )
        return [found]
    if match := _CHAPTER_TIME.fullmatch(word):
        return _timed(word, int(match[1]), match.groups()[1:], index, at_time)
    if match := _BOOK_TIME.fullmatch(word):
        return _timed(word, None, match.groups(), index, at_time)
    return _phrase(word, lines)


def _timed(
    word: str,
    chapter: int | None,
    clock: Sequence[str | None],
    index: dict[str, int],
    at_time: Callable[[int | None, float], L | None],
) -> list[int]:
    hours, minutes, seconds = clock
    second = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)
    line = at_time(chapter, second)
    if line is None:
        raise SelectionError(
            f"nothing is spoken at {word}",
            hint="times need finished chapters: run castbook make first",
        )
    return [index[line.segment.id]]


def _phrase(word: str, lines: Sequence[HasSegment]) -> list[int]:
    wanted = normalise(word)
    found = [i for i, line in enumerate(lines) if wanted in normalise(line.segment.printed)]
    if not found:
        raise SelectionError(
            f"no segment contains {word!r}",
            expected="an id (ch03/0142), an anchor, a time (3:42:10, ch07@12:31) or a phrase",
        )
    if len(found) > 1:
        ids = ", ".join(lines[i].segment.id for i in found[:8])
        more = f" and {len(found) - 8} more" if len(found) > 8 else ""
        raise SelectionError(
            f"{len(found)} segments contain {word!r}: {ids}{more}",
            hint="give a longer phrase or one of these ids",
        )
    return found


def _speaks(segment: Segment, character: str) -> bool:
    return segment.speaker == character or (segment.speaker is None and character == "narrator")


def _nearest(word: str, known: Iterable[str]) -> str | None:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {near[0]}?" if near else None
