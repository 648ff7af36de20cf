"""What a run shows on the dashboard while it works: ``orchestration.Observer`` on Prefect."""

from __future__ import annotations

from tasks.orchestration import ChapterReport
from tasks.outcome import BookReport
from tasks.plan import BookPlan, ChapterPlan


class PrefectObserver:
    def __init__(self, plan: BookPlan) -> None:
        self._plan = plan

    def chapter_progress(self, chapter: ChapterPlan, done: int, failed: int) -> None:
        pass

    def chapter_finished(self, report: ChapterReport) -> None:
        pass

    def book_finished(self, report: BookReport) -> None:
        pass
