"""Times to segments and back, and the choice of lines that WHERE asks for.

Times come from the timelines of finished chapters. A time in the book counts the finished
chapters one after the other, as the book's file does, complete or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audio.timeline import Timeline
from castbook.errors import SelectionError
from tasks.assemble import chapter_stem
from tasks.plan import BookPlan, ChapterPlan, Line
from tasks.selection import Where, select

_MAKE = "castbook make brings the sound up to date"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line sounds. Seconds."""

    audio: Path  # the chapter's master
    start_s: float  # in the chapter
    end_s: float
    book_s: float  # in the book: the start


def read_timeline(plan: BookPlan, chapter: ChapterPlan) -> Timeline | None:
    """The timeline of a finished chapter, or None when it was never assembled."""
    stem = chapter_stem(chapter.number, chapter.title)
    path = plan.build.chapters / f"{stem}.timeline.json"
    if not path.is_file():
        return None
    return Timeline.from_json(path.read_bytes())


class Timetable:
    """All timelines of a book, each read once and only when it is asked for."""

    def __init__(self, plan: BookPlan) -> None:
        self._plan = plan
        self._read: dict[int, Timeline | None] = {}

    def timeline(self, chapter: ChapterPlan) -> Timeline | None:
        """The timeline of a finished chapter."""
        if chapter.number not in self._read:
            self._read[chapter.number] = read_timeline(self._plan, chapter)
        return self._read[chapter.number]

    def place(self, line: Line) -> Place | None:
        """Where a line sounds; None when its chapter was made without it or never."""
        elapsed = 0.0
        for chapter in self._plan.chapters:
            timeline = self.timeline(chapter)
            if timeline is None:
                continue
            if chapter.number == line.segment.chapter:
                stem = chapter_stem(chapter.number, chapter.title)
                for cue in timeline.cues:
                    if cue.anchor == str(line.segment.anchor):
                        start = cue.start / timeline.rate
                        return Place(
                            self._plan.build.chapters / f"{stem}.flac",
                            start,
                            cue.end / timeline.rate,
                            elapsed + start,
                        )
            elapsed += _seconds(timeline)
        return None

    def line_at(self, chapter_number: int | None, second: float) -> Line:
        """The line that sounds at ``second`` of a chapter, or of the whole book for None.

        In a pause it is the line before the pause; before the first line, the first.

        Raises:
            SelectionError: there is no such time, or what sounds there is no longer in the
                book.
        """
        if chapter_number is not None:
            chapter = self._chapter(chapter_number)
            timeline = self.timeline(chapter)
            if timeline is None:
                raise SelectionError(
                    f"chapter {chapter_number} was never finished, so it has no times", hint=_MAKE
                )
            if second > _seconds(timeline):
                raise SelectionError(
                    f"chapter {chapter_number} is {written(_seconds(timeline))} long,"
                    f" {written(second)} is past its end"
                )
            return self._line_in(chapter, timeline, second)
        elapsed = 0.0
        for chapter in self._plan.chapters:
            timeline = self.timeline(chapter)
            if timeline is None:
                continue
            if second < elapsed + _seconds(timeline):
                return self._line_in(chapter, timeline, second - elapsed)
            elapsed += _seconds(timeline)
        if not elapsed:
            raise SelectionError("no chapter is finished, so there are no times", hint=_MAKE)
        raise SelectionError(
            f"the book is {written(elapsed)} long, {written(second)} is past its end",
            expected="hours:minutes:seconds, or minutes:seconds",
        )

    def _chapter(self, number: int) -> ChapterPlan:
        for chapter in self._plan.chapters:
            if chapter.number == number:
                return chapter
        numbers = [chapter.number for chapter in self._plan.chapters]
        raise SelectionError(
            f"the book has no chapter {number}",
            expected=f"ch{min(numbers):02d}-ch{max(numbers):02d}",
        )

    def _line_in(self, chapter: ChapterPlan, timeline: Timeline, second: float) -> Line:
        frame = round(second * timeline.rate)
        heard = [cue for cue in timeline.cues if cue.start <= frame] or list(timeline.cues[:1])
        anchors = {str(line.segment.anchor): line for line in chapter.lines}
        line = anchors.get(heard[-1].anchor) if heard else None
        if line is None:
            said = f": {heard[-1].text[:60]!r}" if heard else ""
            raise SelectionError(
                f"what sounds at {written(second)} of chapter {chapter.number} is no longer in"
                f" the book{said}",
                hint=_MAKE,
            )
        return line


def choose_lines(plan: BookPlan, where: Where, *, several: bool = False) -> tuple[Line, ...]:
    """The lines of the plan that WHERE names.

    Args:
        several: whether a phrase may stand in more than one place.

    Raises:
        SelectionError: a word names nothing, or more than it may.
    """
    return select(
        where,
        plan.lines,
        failed=lambda line: line.open and line.segment.id in plan.failures,
        doubtful=lambda line: line.decision.state == "doubtful",
        at_time=Timetable(plan).line_at,
        several=several,
    )


def written(seconds: float) -> str:
    """``3:42:10``, as times are asked for."""
    minutes, second = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"


def _seconds(timeline: Timeline) -> float:
    return timeline.frames / timeline.rate
