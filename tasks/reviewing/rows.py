"""What a review shows of each line, and which lines a filter leaves. Pure but for the takes.

States of a line, of which one is shown: ``bad`` (a person marked the take), ``approved`` (a
person accepted it), else the plan's: ``done``, ``doubtful``, ``failed``, ``missing``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from book.anchors import normalise
from book.languages import load_language
from book.manuscript import NARRATOR
from tasks.flags import Flag
from tasks.keys import take_key
from tasks.plan import BookPlan, ChapterPlan, Line
from tasks.takes import Take, TakeStore

FILTERS = (
    "all",
    "failed",
    "doubtful",
    "flagged",
    "missing",
    "bad",
    "approved",
    "edited",
)
_COLOURS = 8


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of a chapter."""

    id: str  # ch03/0142
    anchor: str
    number: int  # in the chapter
    state: str
    printed: str
    kind: str
    character: str  # key of cast, or narrator
    name: str  # of the character, for people
    colour: int  # 0: the narrator; 1-8
    voice: str
    style: str
    seconds: float | None  # of its take
    key: str  # of its take; empty: there is none
    pause_ms: int  # behind it
    complaints: tuple[str, ...]
    flags: tuple[str, ...]
    reason: str  # why it failed
    note: str  # of whoever marked it bad
    retake: int
    edited: bool  # a person said who speaks it, or how


@dataclass(frozen=True, slots=True)
class TakeRow:
    """One take of a line, of any retake and attempt."""

    number: int  # from 1, in the order they were asked for
    key: str
    retake: int
    attempt: int  # from 1
    seconds: float
    complaints: tuple[str, ...]
    good: bool
    used: bool  # it is in the book
    bad: bool
    note: str


@dataclass(frozen=True, slots=True)
class ChapterRow:
    """One chapter."""

    number: int
    title: str
    lines: int
    spoken: int
    failed: int
    doubtful: int
    bad: int
    seconds: float  # of its takes and pauses

    @property
    def complete(self) -> bool:
        """Whether every line has a take."""
        return self.spoken == self.lines


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines are shown."""

    state: str = "all"  # of FILTERS
    character: str = ""  # empty: everyone
    text: str = ""

    def keeps(self, row: LineRow) -> bool:
        """Whether the line is shown."""
        if self.character and row.character != self.character:
            return False
        if self.text and normalise(self.text) not in normalise(row.printed):
            return False
        match self.state:
            case "flagged":
                return bool(row.flags) or row.state in ("doubtful", "bad")
            case "edited":
                return row.edited or row.retake > 0
            case "all":
                return True
        return row.state == self.state


def line_rows(plan: BookPlan, chapter: ChapterPlan, flags: Sequence[Flag]) -> tuple[LineRow, ...]:
    """The lines of a chapter in order."""
    colours = colours_of(plan)
    told: dict[str, list[str]] = {}
    for flag in flags:
        told.setdefault(flag.id, []).append(flag.sentence)
    return tuple(
        _row(plan, line, colours, tuple(told.get(line.segment.id, ()))) for line in chapter.lines
    )


def _row(plan: BookPlan, line: Line, colours: Mapping[str, int], flags: tuple[str, ...]) -> LineRow:
    segment, take = line.segment, line.take
    who = segment.speaker or NARRATOR
    return LineRow(
        id=segment.id,
        anchor=str(segment.anchor),
        number=segment.number,
        state=state_of(plan, line),
        printed=segment.printed,
        kind=segment.kind,
        character=who,
        name=name_of(plan, segment.speaker),
        colour=colours[who],
        voice=line.speaker.voice_name,
        style=line.speaker.style,
        seconds=take.frames / take.rate if take else None,
        key=take.key if take else "",
        pause_ms=segment.pause_ms,
        complaints=take.verdict.complaints if take else (),
        flags=flags,
        reason=plan.failures.get(segment.id, "") if line.open else "",
        note=note_of(plan, line),
        retake=line.ingredients.retake,
        edited=segment.rule == "casting",
    )


def state_of(plan: BookPlan, line: Line) -> str:
    """What a page calls the state of a line."""
    if line.take is None:
        return "failed" if line.segment.id in plan.failures else "missing"
    mark = plan.bad.get(line.segment.id)
    if mark is not None and mark.key == line.take.key:
        return "bad"
    if line.accepted == line.take.key:
        return "approved"
    return line.decision.state


def note_of(plan: BookPlan, line: Line) -> str:
    """What a person wrote about the take that is in the book, or about the wish for another."""
    mark = plan.bad.get(line.segment.id)
    if mark is not None and line.take is not None and mark.key == line.take.key:
        return mark.note
    wish = plan.retakes.get(line.segment.id)
    return wish.note if wish is not None else ""


def chapter_rows(plan: BookPlan) -> tuple[ChapterRow, ...]:
    """All chapters in order."""
    rows = []
    for chapter in plan.chapters:
        states = Counter(state_of(plan, line) for line in chapter.lines)
        spoken = [line for line in chapter.lines if line.take is not None]
        rows.append(
            ChapterRow(
                chapter.number,
                chapter.title,
                len(chapter.lines),
                len(spoken),
                states["failed"],
                states["doubtful"],
                states["bad"],
                sum(_heard_s(line) for line in spoken),
            )
        )
    return tuple(rows)


def _heard_s(line: Line) -> float:
    assert line.take is not None
    return line.take.frames / line.take.rate + line.segment.pause_ms / 1000


def take_rows(plan: BookPlan, line: Line, store: TakeStore) -> tuple[TakeRow, ...]:
    """Every take of a line that is on disk: all attempts of all its retakes."""
    wish = plan.retakes.get(line.segment.id)
    mark = plan.bad.get(line.segment.id)
    rows: list[TakeRow] = []
    for retake in range((wish.count if wish else 0) + 1):
        for attempt, key in enumerate(_keys(line, retake)):
            take: Take | None = store.get(key)
            if take is None:
                continue
            bad = mark is not None and mark.key == key
            rows.append(
                TakeRow(
                    number=len(rows) + 1,
                    key=key,
                    retake=retake,
                    attempt=attempt + 1,
                    seconds=take.frames / take.rate,
                    complaints=take.verdict.complaints,
                    good=take.verdict.good,
                    used=line.take is not None and line.take.key == key,
                    bad=bad,
                    note=mark.note if mark is not None and bad else "",
                )
            )
    return tuple(rows)


def take_count(plan: BookPlan, line: Line, store: TakeStore) -> int:
    """How many takes of a line are on disk; none is opened."""
    wish = plan.retakes.get(line.segment.id)
    return sum(
        store.sidecar_path(key).exists()
        for retake in range((wish.count if wish else 0) + 1)
        for key in _keys(line, retake)
    )


def _keys(line: Line, retake: int) -> tuple[str, ...]:
    if retake == line.ingredients.retake:
        return line.keys
    ingredients = replace(line.ingredients, retake=retake)
    return tuple(take_key(ingredients, attempt) for attempt in range(len(line.changes)))


def characters(plan: BookPlan) -> tuple[tuple[str, str], ...]:
    """(key, name) of the narrator and the cast, in the project's order."""
    return (
        (NARRATOR, name_of(plan, None)),
        *((key, name_of(plan, key)) for key in plan.project.book.cast),
    )


def name_of(plan: BookPlan, speaker: str | None) -> str:
    """What people call a speaker."""
    if speaker is None:
        return load_language(plan.project.book.language).narrator
    aliases = plan.project.book.cast[speaker].aliases
    return aliases[0] if aliases else speaker


def colours_of(plan: BookPlan) -> dict[str, int]:
    """A number for each speaker, by which pages colour their names; 0 is the narrator's."""
    cast = plan.project.book.cast
    return {NARRATOR: 0, **{key: i % _COLOURS + 1 for i, key in enumerate(cast)}}


def find_line(plan: BookPlan, anchor: str) -> Line | None:
    """The line of exactly this anchor."""
    return next((line for line in plan.lines if str(line.segment.anchor) == anchor), None)
