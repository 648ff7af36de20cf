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
from tasks.phrases import find_phrase, nearest_segment

_ID = re.compile(r"ch(\d+)/(\d+)", re.IGNORECASE)
_CLOCK = r"(?:(\d+):)?(\d+):(\d\d(?:[.,]\d+)?)"  # a comma, as in SRT
_CHAPTER_TIME = re.compile(rf"ch(\d+) *@ *{_CLOCK}", re.IGNORECASE)
_BOOK_TIME = re.compile(_CLOCK)
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
    at_time: Callable[[int | None, float], L],
    several: bool = False,
) -> tuple[L, ...]:
    """The lines that ``where`` names, in the order of the book, each once.

    Args:
        failed, doubtful: what a line's state is.
        at_time: the line that sounds at a second of a chapter, or of the book for None;
            raises SelectionError when none does.
        several: whether a phrase may stand in more than one place.

    Raises:
        SelectionError: a word names nothing, or more than it should.
    """
    chosen: set[int] = set()
    index = {line.segment.id: i for i, line in enumerate(lines)}
    for word in where.words:
        chosen.update(_one(word.strip(), lines, index, at_time, several))
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
    at_time: Callable[[int | None, float], L],
    several: bool,
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
        return [index[at_time(int(match[1]), _second(word, match.groups()[1:])).segment.id]]
    if match := _BOOK_TIME.fullmatch(word):
        return [index[at_time(None, _second(word, match.groups())).segment.id]]
    return _phrase(word, lines, several)


def _second(word: str, clock: Sequence[str | None]) -> float:
    hours, minutes, seconds = clock
    second = float((seconds or "0").replace(",", "."))
    if second >= 60 or (hours is not None and int(minutes or 0) >= 60):
        raise SelectionError(
            f"{word} is no time", expected="hours:minutes:seconds, or minutes:seconds"
        )
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + second


def _phrase(word: str, lines: Sequence[HasSegment], several: bool) -> list[int]:
    """The segments that hold the phrase; of one place all that it runs over."""
    segments = [line.segment for line in lines]
    found = find_phrase(word, segments)
    if not found:
        near = nearest_segment(word, segments)
        raise SelectionError(
            f"no segment contains {word!r}",
            expected="an id (ch03/0142), an anchor, a time (3:42:10, ch07@12:31) or a phrase",
            hint=f"the nearest is {near.id}: {near.printed[:60]}" if near else None,
        )
    if len(found) > 1 and not several:
        ids = ", ".join(segments[place[0]].id for place in found[:8])
        more = f" and {len(found) - 8} more" if len(found) > 8 else ""
        raise SelectionError(
            f"{len(found)} segments contain {word!r}: {ids}{more}",
            hint="give a longer phrase or one of these ids; castbook find shows them",
        )
    return [index for place in found for index in place]


def _speaks(segment: Segment, character: str) -> bool:
    return segment.speaker == character or (segment.speaker is None and character == "narrator")


def _nearest(word: str, known: Iterable[str]) -> str | None:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {near[0]}?" if near else None
