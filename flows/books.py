"""The ``book`` flow: one book per run.

    prefect deployment run 'book/local' -p project=alice
    prefect deployment run 'book/local' -p project=alice -p only=failed

Prefect holds no truth: every run plans again from disk, so a retry, a new run and a run on
another machine all do exactly what is missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import flow, get_client, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.settings import get_current_settings
from prefect.states import Completed, Failed

from castbook.errors import CastbookError, MissingDependency
from flows.automations import CRASHES, crashes_in_a_row
from flows.chapters import open_chapter, threads
from flows.observer import PrefectObserver
from flows.orders.slots import configured_slots
from flows.orders.traces import traced_run
from flows.revisions import begin_revision
from flows.runner import PrefectRunner
from flows.texts import announce, wait_for_review
from tasks.outcome import BookReport
from tasks.production import Production
from tasks.selection import Where

CHAPTERS_OPEN = 3
WORKERS = max(2, os.cpu_count() or 2)


@dataclass
class Handover:
    """Carries a run's report from the flow to the command that called it in this process."""

    report: BookReport | None = None
    error: CastbookError | None = None


_handover: ContextVar[Handover | None] = ContextVar("castbook_handover", default=None)


def book_run_name() -> str:
    """``book-alice``."""
    return f"book-{Path(str(flow_run.parameters['project'])).name}"


@flow(
    name="book",
    flow_run_name=book_run_name,
    persist_result=False,
    task_runner=threads(WORKERS),
)
def book(
    project: str,
    chapters: str | int | None = None,
    only: list[str] | str | None = None,
    build: str | None = None,
    redo: bool = False,
    keep: bool = False,
    revision: str = "",
    callback: str = "",
    review: bool = False,
) -> State[Any]:
    """Makes a book; only what is missing is done.

    Args:
        project: a folder, or a name under CASTBOOK_PROJECTS on the machine that runs this.
        chapters: such as "1,3-5"; all when empty.
        only: segments to speak: ids, anchors, phrases, ``failed``, ``doubtful``; all that
            are missing when empty.
        build: where to build, when not in the project.
        redo: speak finished segments again that an update of castbook or an engine changes.
        keep: use the takes of such segments as they are.
        revision: of a hook's manuscript, which is put in place first (flows/revisions.py).
        callback: an address that is told the end.
        review: a person must resume the run first.
    """
    handover = _handover.get() or Handover()
    with traced_run():
        state: State[Any] | None = None
        try:
            if (count := crashes()) > CRASHES:
                words = f"crashed {count} times in a row: look at the logs before a new run"
                state = Failed(message=words)
            else:
                wait_for_review(review)
                state = begin_revision(project, revision) if revision else None
            if state is None:
                handover.report = produce(
                    project, chapters=chapters, only=only, build=build, redo=redo, keep=keep
                )
                state = book_state(handover.report)
        except CastbookError as error:
            handover.error = error
            get_run_logger().error("%s", error)
            state = Failed(message=str(error))
        _tell(callback, project, state)
        return state


def _tell(callback: str, project: str, state: State[Any]) -> None:
    """Places the callback, where somebody wants one."""
    done = state.is_completed()
    told = {"project": Path(project).name, "message": (state.message or "")[-200:]}
    if not done:
        told["error"] = state.message or "it failed: its log says more"
    announce(callback, f"book.{'completed' if done else 'failed'}", told)


def crashes() -> int:
    """How often this flow run has crashed in a row: the automation starts it again each time."""
    if flow_run.run_count <= 1 or flow_run.id is None:
        return 0
    with get_client(sync_client=True) as client:
        return crashes_in_a_row(client.read_flow_run_states(UUID(flow_run.id)))


def book_state(report: BookReport) -> State[Any]:
    """A book's end as Prefect shows it."""
    if report.failed or report.problems or not all(c.complete for c in report.chapters):
        return Failed(message=report.message)
    if report.doubtful:
        return Completed(name="Doubtful", message=report.message)
    return Completed(message=report.message)


def produce(
    project: str,
    *,
    chapters: str | int | None = None,
    only: Iterable[str] | str | None = None,
    build: str | None = None,
    redo: bool = False,
    keep: bool = False,
) -> BookReport:
    """One run of the whole order of work inside the present flow run."""
    words = [only] if isinstance(only, str) else list(only or ())
    selected = None if chapters is None else str(chapters)
    where = Where.parse(words)
    log = get_run_logger()
    with (
        traced_run() as trace,
        Production(project, build=build, chapters=selected) as production,
    ):
        log.info("STARTED trace=%s project=%s", trace, production.project.slug)
        production.settle(where, redo=redo, keep=keep)
        observer = PrefectObserver(production.plan)
        with ExitStack() as stack:
            slots = configured_slots(get_current_settings().api.url or "")
            if slots is not None:
                stack.callback(slots.close)
            runner = PrefectRunner(
                workers=WORKERS,
                chapters=CHAPTERS_OPEN,
                open_chapter=open_chapter(str(project), build, WORKERS),
                slot=nullcontext if slots is None else slots.one,
            )
            report = production.run(stack.enter_context(runner), observer, where)
        observer.book_finished(report)
        log.info("FINISHED trace=%s %s", trace, report.message)
        return report


def run_on_prefect(
    project: str | Path,
    *,
    chapters: str | None = None,
    only: Iterable[str] = (),
    build: str | Path | None = None,
    redo: bool = False,
    keep: bool = False,
) -> BookReport:
    """``castbook make --prefect``: the flow in this process, shown on the server.

    Raises:
        MissingDependency: no server is configured; the temporary one Prefect would start
            keeps almost no task history (docs/measurements.md).
    """
    if not get_current_settings().api.url:
        raise MissingDependency(
            "no Prefect server is configured: start one with castbook up, then set"
            " PREFECT_API_URL as it prints"
        )
    handover = Handover()
    token = _handover.set(handover)
    try:
        book(
            project=str(Path(project).expanduser().absolute()),
            chapters=chapters,
            only=list(only) or None,
            build=str(Path(build).expanduser().absolute()) if build else None,
            redo=redo,
            keep=keep,
            return_state=True,
        )
    finally:
        _handover.reset(token)
    if handover.error is not None:
        raise handover.error
    if handover.report is None:
        raise CastbookError("the flow run ended without a report: see its page on the dashboard")
    return handover.report
