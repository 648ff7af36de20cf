"""What a listener decides about takes: accepted, bad, spoken again. Written to ``retakes.yaml``.

The callers hold the book (``OpenBook.changing``): each of these reads the file, changes it and
writes it whole.
"""

from __future__ import annotations

from collections.abc import Iterable

from book.retakes import (
    read_retakes,
    with_acceptance,
    with_bad_take,
    with_retake,
    with_use,
    without_bad_take,
    write_retakes,
)
from castbook.errors import SelectionError
from tasks.plan import BookPlan, Line
from tasks.reviewing.rows import take_rows
from tasks.sources import RETAKES_FILE
from tasks.takes import TakeStore

MOST_NOTE = 2000  # characters, as the file's schema has it


def accept_take(plan: BookPlan, line: Line, key: str) -> None:
    """Puts the take ``key`` of the line into the book, whatever its verdict; it may be one of an
    earlier retake.

    Raises:
        SelectionError: the line has no such take.
    """
    wanted = _take(plan, line, key)
    path = plan.project.folder / RETAKES_FILE
    state = with_acceptance(read_retakes(path), line.segment.anchor, key, line.segment.printed)
    mark = plan.bad.get(line.segment.id)
    if mark is not None:  # it may stand under the name the line had before its neighbours changed
        state = without_bad_take(state, mark.anchor, key)
    wish = plan.retakes.get(line.segment.id)
    if wish is not None:
        state = with_use(state, wish.anchor, wanted)
    write_retakes(path, state)


def mark_bad(plan: BookPlan, line: Line, key: str, note: str) -> None:
    """Marks the take ``key`` as bad; it stays in the book until another one is there.

    Raises:
        SelectionError: the line has no such take.
    """
    _take(plan, line, key)
    path = plan.project.folder / RETAKES_FILE
    segment = line.segment
    note = note.strip()[:MOST_NOTE]
    write_retakes(
        path, with_bad_take(read_retakes(path), segment.anchor, key, segment.printed, note)
    )


def ask_again(plan: BookPlan, lines: Iterable[Line], note: str = "") -> None:
    """Asks for another take of each line; of a line marked bad, its note goes along."""
    path = plan.project.folder / RETAKES_FILE
    state = read_retakes(path)
    for line in lines:
        mark = plan.bad.get(line.segment.id)
        why = note.strip()[:MOST_NOTE] or (mark.note if mark is not None else "")
        state = with_retake(state, line.segment.anchor, line.segment.printed, why)
    write_retakes(path, state)


def _take(plan: BookPlan, line: Line, key: str) -> int:
    """The retake that a take of the line belongs to."""
    for row in take_rows(plan, line, TakeStore(plan.build.takes)):
        if row.key == key:
            return row.retake
    raise SelectionError(f"{line.segment.id} has no take {key[:12]}")
