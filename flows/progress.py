"""Progress of a run on a terminal: one bar with an ETA, one line per finished chapter."""

from __future__ import annotations

import threading
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tasks.orchestration import ChapterReport
from tasks.plan import BookPlan, ChapterPlan


class TerminalObserver:
    """Shows a run on stderr (``orchestration.Observer``). Quiet lines where it is no terminal."""

    def __init__(self, plan: BookPlan) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._lock = threading.Lock()
        self._done = {c.number: len(c.lines) - len(c.open) for c in plan.working}
        total = sum(len(c.lines) for c in plan.working)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("segments"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        title = plan.project.book.title
        self._task = self._bar.add_task(title, total=total, completed=sum(self._done.values()))

    def chapter_progress(self, chapter: ChapterPlan, done: int, failed: int) -> None:
        """A batch has ended."""
        with self._lock:
            self._done[chapter.number] = done
            self._bar.update(self._task, completed=sum(self._done.values()))

    def chapter_finished(self, report: ChapterReport) -> None:
        """One line for a person."""
        state = "" if report.complete else "not finished: "
        length = ""
        if report.files is not None:
            seconds = report.files.frames // report.files.rate
            length = f" · {seconds // 60}:{seconds % 60:02d}"
            if not report.made and not report.files.made:
                length += " · nothing to do"
        text = f"ch{report.number:02d} {report.title}: {state}{report.message}{length}"
        with self._lock:
            self._console.print(text, markup=False, soft_wrap=True)

    def __enter__(self) -> TerminalObserver:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
