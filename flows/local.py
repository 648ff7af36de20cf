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
    redo: bool = False,
    keep: bool = False,
) -> BookReport:
    """Makes a book in this process; progress on stderr.

    Args:
        workers: steps at once; default: this machine's cores, at least two, so that one
            step writes takes while another waits for the engine.
        redo, keep: what becomes of finished takes that only an update would make anew.

    Raises:
        RedoRefused: there are many of them, and neither was said.
    """
    count = workers or max(2, os.cpu_count() or 2)
    where = Where.parse(only)
    with Production(project, build=build, chapters=chapters) as production:
        production.settle(where, redo=redo, keep=keep)
        return _run(production, where, count)


def _run(production: Production, where: Where, workers: int) -> BookReport:
    with LocalRunner(workers) as runner, TerminalObserver(production.plan) as observer:
        try:
            return production.run(runner, observer, where)
        except BaseException:
            # Interrupted, or a bug: the engines end first, so that no batch is waited for.
            # What they had finished is on disk.
            runner.stop()
            production.pool.close()
            raise
