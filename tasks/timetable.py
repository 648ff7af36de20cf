"""Times to segments and back, and the choice of lines that WHERE asks for."""

from __future__ import annotations

from audio.timeline import Timeline
from tasks.assemble import chapter_stem
from tasks.plan import BookPlan, ChapterPlan, Line
from tasks.selection import Where, select


def read_timeline(plan: BookPlan, chapter: ChapterPlan) -> Timeline | None:
    """The timeline of a finished chapter, or None when it was never assembled."""
    stem = chapter_stem(chapter.number, chapter.title)
    path = plan.build.chapters / f"{stem}.timeline.json"
    if not path.is_file():
        return None
    return Timeline.from_json(path.read_bytes())


def line_at(plan: BookPlan, chapter_number: int | None, second: float) -> Line | None:
    """The line that sounds at ``second`` of a chapter, or of the whole book for None.

    In a pause it is the line before the pause.
    """
    elapsed = 0.0
    for chapter in plan.chapters:
        if chapter_number is not None and chapter.number != chapter_number:
            continue
        timeline = read_timeline(plan, chapter)
        if timeline is None:
            return None
        length = timeline.frames / timeline.rate
        if chapter_number is not None or second < elapsed + length:
            return _line_in(chapter, timeline, second - elapsed)
        elapsed += length
    return None


def _line_in(chapter: ChapterPlan, timeline: Timeline, second: float) -> Line | None:
    frame = round(second * timeline.rate)
    if frame > timeline.frames or not timeline.cues:
        return None
    anchors = {str(line.segment.anchor): line for line in chapter.lines}
    heard = [cue for cue in timeline.cues if cue.start <= frame] or [timeline.cues[0]]
    return anchors.get(heard[-1].anchor)


def choose_lines(plan: BookPlan, where: Where) -> tuple[Line, ...]:
    """The lines of the plan that WHERE names.

    Raises:
        SelectionError: a word names nothing.
    """
    return select(
        where,
        plan.lines,
        failed=lambda line: line.open and line.segment.id in plan.failures,
        doubtful=lambda line: line.decision.state == "doubtful",
        at_time=lambda chapter, second: line_at(plan, chapter, second),
    )
