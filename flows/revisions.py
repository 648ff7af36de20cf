"""A revision of a hooked book begins: after the run before it, and only while it is the newest.

Every revision has a run of its own, by a key of its own. Two runs that worked at once would
mix two manuscripts in one book, so the later one gives its worker back until the other has
ended; a revision that a newer one has overtaken meanwhile is not made at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.returning import come_back
from tasks.hooks.projects import promote
from tasks.location import find_project

AGAIN_S = 60.0  # a start costs a worker 3 s of CPU


def begin_revision(project: str, revision: str) -> State[Any] | None:
    """Puts a revision in place; None where the book is to be made now.

    Raises:
        InputError: there is no such project or revision.
    """
    folder = find_project(project)
    if (other := earlier_run(folder.name)) is not None:
        come_back(AGAIN_S, f"waits for {other.name}, which makes the same book")
    if not promote(folder, revision):
        return Completed(name="Superseded", message="a newer revision stands: nothing was made")
    return None


def earlier_run(project: str) -> FlowRun | None:
    """A run that began before this one and works on the same project."""
    own = UUID(str(flow_run.id))
    with get_client(sync_client=True) as client:
        running = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["book"])),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(
                    type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.CANCELLING])
                )
            ),
            limit=200,
        )
        mine = next((run for run in running if run.id == own), None) or client.read_flow_run(own)
    ours = [run for run in running if Path(str(run.parameters.get("project"))).name == project]
    earlier = [run for run in ours if run.id != own and _since(run) < _since(mine)]
    return min(earlier, key=_since, default=None)


def _since(run: FlowRun) -> tuple[float, str]:
    """When it began to run, this time; no two are equal, so of two that wait for each other one
    does not."""
    return (run.state.timestamp.timestamp() if run.state else 0.0, str(run.id))
