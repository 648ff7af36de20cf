"""``castbook make`` without Prefect: the same order of work on threads, with a progress bar."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from flows.progress import TerminalObserver
from tasks.outcome import BookReport
from tasks.production import Production
from tasks.runners import LocalRunner
from tasks.selection import Where


def run_locally(
    project: str | Path,
    *,
    chapters: str | None = None,
    only: Iterable[str] = (),
    build: str | Path | None = None,
    workers: int | None = None,
) -> BookReport:
    """Makes a book in this process; progress on stderr.

    Args:
        workers: steps at once; default: this machine's cores, at least two, so that one
            step writes takes while another waits for the engine.
    """
    count = workers or max(2, os.cpu_count() or 2)
    with (
        Production(project, build=build, chapters=chapters) as production,
        LocalRunner(count) as runner,
        TerminalObserver(production.plan) as observer,
    ):
        try:
            return production.run(runner, observer, Where.parse(only))
        except BaseException:
            # Interrupted, or a bug: the engines end first, so that no batch is waited for.
            # What they had finished is on disk.
            runner.stop()
            production.pool.close()
            raise
