"""The ``chapter`` flow: one chapter of a book, a subflow of ``book`` or a run of its own.

As a subflow it works on what the book's process has already opened (plan, engine
processes); alone it opens the book itself and makes only this chapter's master. Either
way the state's message is what a person wants to know: ``2 of 412 segments failed``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, cast

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from castbook.errors import CastbookError
from tasks.orchestration import ChapterReport
from tasks.runners import Policy

Work = Callable[[], ChapterReport]

_work: ContextVar[Work | None] = ContextVar("castbook_chapter_work", default=None)


def chapter_run_name() -> str:
    """``alice-ch03``."""
    parameters = flow_run.parameters
    return f"{Path(parameters['project']).name}-ch{int(parameters['number']):02d}"


@flow(
    name="chapter",
    flow_run_name=chapter_run_name,
    persist_result=False,
    validate_parameters=False,
)
def chapter(
    project: str,
    number: int,
    only: list[str] | str | None = None,
    build: str | None = None,
    redo: bool = False,
    keep: bool = False,
) -> State[Any]:
    """Speaks what is missing of one chapter and makes its master.

    Args:
        project: a folder, or a name under CASTBOOK_PROJECTS on the machine that runs this.
        number: of the chapter.
        only: segments to speak: ids, anchors, phrases, ``failed``; all that are missing
            when empty.
        build: where to build, when not in the project.
        redo, keep: as of the book; asked when the chapter is a run of its own.
    """
    work = _work.get()
    try:
        if work is not None:
            _work.set(None)
            return chapter_state(work())
        from flows.books import produce

        report = produce(
            project, chapters=str(number), only=only, build=build, redo=redo, keep=keep
        )
        return chapter_state(report.chapters[0])
    except CastbookError as error:
        return Failed(message=str(error))


def chapter_state(report: ChapterReport) -> State[Any]:
    """A chapter's end as Prefect shows it."""
    if not report.complete:
        return Failed(message=report.message)
    if report.doubtful:
        return Completed(name="Doubtful", message=report.message)
    return Completed(message=report.message)


def threads(workers: int) -> TaskRunner[PrefectFuture[Any]]:
    """Steps in threads of the flow's process; never without a bound: Prefect's own is none."""
    return cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=workers))


def open_chapter(project: str, build: str | None, workers: int) -> Callable[[Work, Policy], Any]:
    """How a runner opens the subflow of one chapter: called with its work and policy.

    Returns what the work returned; raises what it raised.
    """
    subflow = chapter.with_options(task_runner=threads(workers))
    # A server on SQLite answers runs created at the same moment with 503, and the client
    # comes back two seconds later (measured): chapters are created one after another.
    creating = threading.Lock()

    def opened(work: Work, policy: Policy) -> ChapterReport:
        results: list[ChapterReport] = []
        errors: list[BaseException] = []
        created = threading.Event()

        def kept() -> ChapterReport:
            _release_once(creating, created)
            try:
                results.append(work())
            except BaseException as error:
                errors.append(error)
                raise
            return results[0]

        _work.set(kept)
        creating.acquire()
        try:
            state = subflow(project=project, number=policy.chapter, build=build, return_state=True)
        finally:
            _release_once(creating, created)
        if results:
            return results[0]
        if errors:
            raise errors[0]
        raise CastbookError(f"chapter {policy.chapter} did not start: {state.message}")

    return opened


def _release_once(lock: threading.Lock, released: threading.Event) -> None:
    """Both are of one chapter: its thread is the only one that comes here."""
    if not released.is_set():
        released.set()
        lock.release()
