"""What a run shows on the dashboard while it works (``orchestration.Observer``).

One progress bar per chapter, moved at most every two seconds; at the end one table of the
book, one of failed and doubtful segments with the command that redoes each, and a page
with the finished files.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from uuid import UUID

from flows import artifacts
from flows.orders.progress import ProgressTeller
from tasks.orchestration import ChapterReport
from tasks.outcome import BookReport
from tasks.plan import BookPlan, ChapterPlan
from tasks.summary import chapter_state, failure_row

EVERY_S = 2.0  # an update costs 5-14 ms (founding measurements)


@dataclass
class _Bar:
    artifact: UUID | None
    percent: float
    moved: float


class PrefectObserver:
    """Shows one book's run."""

    def __init__(self, plan: BookPlan) -> None:
        self._slug = plan.project.slug
        self._bars: dict[int, _Bar] = {}
        self._done = {c.number: sum(not line.open for line in c.lines) for c in plan.chapters}
        self._total = len(plan.lines)
        self._teller = ProgressTeller()
        self._lock = threading.Lock()
        # where it begins: what counts from here on was made by this run
        self._teller.progress(sum(self._done.values()), self._total)

    def chapter_progress(self, chapter: ChapterPlan, done: int, failed: int) -> None:
        """Creates or moves the chapter's bar."""
        percent = round(100 * done / max(1, len(chapter.lines)), 1)
        words = f"{chapter.title}: {done} of {len(chapter.lines)} segments"
        if failed:
            words += f", {failed} failed"
        with self._lock:
            self._done[chapter.number] = done
            finished = sum(self._done.values())
        self._teller.progress(finished, self._total)
        with self._lock:
            bar = self._bars.get(chapter.number)
            if bar is None:
                key = artifacts.artifact_key(self._slug, f"ch{chapter.number:02d}")
                started = artifacts.start_progress(key, words, percent)
                self._bars[chapter.number] = _Bar(started, percent, time.monotonic())
                return
            due = percent >= 100 or time.monotonic() - bar.moved >= EVERY_S
            if bar.artifact is None or percent == bar.percent or not due:
                return
            bar.percent, bar.moved = percent, time.monotonic()
        artifacts.move_progress(bar.artifact, percent, words)

    def chapter_finished(self, report: ChapterReport) -> None:
        """The bar's last word."""
        bar = self._bars.get(report.number)
        if bar is not None and bar.artifact is not None:
            done = 100 * (report.segments - report.open) / max(1, report.segments)
            artifacts.move_progress(
                bar.artifact, round(done, 1), f"{report.title}: {report.message}"
            )

    def book_finished(self, report: BookReport) -> None:
        """The tables and the page of files."""
        artifacts.write_table(
            artifacts.artifact_key(self._slug, "chapters"),
            f"{report.plan.project.book.title}: {report.message}",
            [
                {
                    "chapter": f"{c.number} {c.title}",
                    "segments": f"{c.segments - c.open}/{c.segments}",
                    "failed": len(c.failed),
                    "doubtful": len(c.doubtful),
                    "minutes": round(c.files.frames / c.files.rate / 60, 1) if c.files else "",
                    "state": chapter_state(c),
                }
                for c in report.chapters
            ],
        )
        rows = [failure_row(report, number) for number in range(len(report.failed))]
        rows += [
            {
                "id": line.name,
                "anchor": str(line.segment.anchor),
                "text": line.segment.printed[:80],
                "reason": "; ".join(line.take.verdict.complaints) if line.take else "",
                "command": f"castbook retake {report.plan.project.folder} {line.name}",
            }
            for line in report.doubtful
        ]
        artifacts.write_table(
            artifacts.artifact_key(self._slug, "segments"),
            f"{len(report.failed)} failed and {len(report.doubtful)} doubtful segments",
            rows,
        )
        files = "\n".join(f"- `{file.path}` ({file.bytes / 1e6:.1f} MB)" for file in report.files)
        title = report.plan.project.book.title
        artifacts.write_markdown(
            artifacts.artifact_key(self._slug, "files"),
            f"Files of {title}",
            f"# {title}\n\n{report.message}\n\n{files or 'no files yet'}\n",
        )
