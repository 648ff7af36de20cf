"""Finding a sentence, asking for another take of it, accepting a doubtful one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from book.retakes import read_retakes, with_acceptance, with_retake, write_retakes
from castbook.errors import SelectionError
from tasks.plan import BookPlan, Line
from tasks.selection import Where
from tasks.sources import RETAKES_FILE
from tasks.takes import TakeStore
from tasks.timetable import Place, Timetable, choose_lines


@dataclass(frozen=True, slots=True)
class Found:
    """One segment with everything known about it."""

    line: Line
    chapter_title: str
    place: Place | None  # where it sounds; None before its chapter is finished
    sidecar: dict[str, Any] | None
    failure: str | None  # reason it failed in the last run

    @property
    def speaker(self) -> str:
        """Who speaks it."""
        return self.line.segment.speaker or "narrator"

    @property
    def state(self) -> str:
        """``done``, ``doubtful``, ``failed`` or ``missing``."""
        if self.line.open:
            return "missing" if self.failure is None else "failed"
        return self.line.decision.state


def find(plan: BookPlan, where: Where) -> tuple[Found, ...]:
    """Everything known about the segments that WHERE names, wherever a phrase stands.

    Raises:
        SelectionError: nothing is named.
    """
    store = TakeStore(plan.build.takes)
    titles = {chapter.number: chapter.title for chapter in plan.chapters}
    times = Timetable(plan)
    return tuple(
        Found(
            line,
            titles[line.segment.chapter],
            times.place(line),
            store.sidecar(line.take.key) if line.take else None,
            plan.failures.get(line.segment.id) if line.open else None,
        )
        for line in _chosen(plan, where, several=True)
    )


def retake(plan: BookPlan, where: Where, note: str) -> tuple[Line, ...]:
    """Asks for another take of each segment; the next ``make`` speaks them.

    A retake of one of several equal segments changes that one only.
    """
    path = plan.project.folder / RETAKES_FILE
    state = read_retakes(path)
    lines = _chosen(plan, where)
    for line in lines:
        state = with_retake(state, line.segment.anchor, line.segment.printed, note)
    write_retakes(path, state)
    return lines


def accept(plan: BookPlan, where: Where) -> tuple[Line, ...]:
    """Accepts the doubtful takes that WHERE names.

    Raises:
        SelectionError: a segment named is not doubtful.
    """
    path = plan.project.folder / RETAKES_FILE
    state = read_retakes(path)
    lines = _chosen(plan, where)
    for line in lines:
        if line.decision.state != "doubtful" or line.take is None:
            raise SelectionError(
                f"{line.segment.id} is {line.decision.state}, not doubtful",
                expected="a segment whose take the verdict complains about",
            )
        state = with_acceptance(state, line.segment.anchor, line.take.key, line.segment.printed)
    write_retakes(path, state)
    return lines


def silent_retakes(plan: BookPlan, lines: Sequence[Line]) -> tuple[str, ...]:
    """Engines among ``lines`` that have no seeds: their retake sounds the same."""
    return tuple(sorted({line.speaker.setup.name for line in lines if "seed" not in line.changes}))


def _chosen(plan: BookPlan, where: Where, *, several: bool = False) -> tuple[Line, ...]:
    lines = choose_lines(plan, where, several=several)
    if not lines:
        raise SelectionError(
            "no segment is named",
            expected="an id, an anchor, a time, a phrase, --failed, --doubtful or --character",
        )
    return lines
