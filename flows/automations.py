"""What the server does by itself: notice a vanished machine, go on after a crash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import yaml
from prefect import State, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.events.schemas.automations import AutomationCore
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Scheduled

from castbook.resources import read_config

CRASHES = 5  # in a row; a run that crashed more often is not worked on: see flows/books.py


def crashes_in_a_row(states: Iterable[State]) -> int:
    """How often a run has crashed since it last ended in any other way.

    The automation starts a crashed run again and has no cap of its own (prefect 3.8.8). A
    run that failed and was retried by a person begins to count anew.

    Args:
        states: of the flow run, in the order of time.
    """
    count = 0
    for state in states:
        if state.is_crashed():
            count += 1
        elif state.is_final():
            count = 0
    return count


def shipped() -> tuple[AutomationCore, ...]:
    """The automations of ``configs/prefect/automations.yaml``."""
    rows = yaml.safe_load(read_config("prefect", "automations.yaml"))
    return tuple(AutomationCore(**row) for row in rows)


def register_automations(api_url: str) -> None:
    """Creates the shipped automations, or brings those of the same name up to date.

    One that somebody has switched off on the dashboard stays switched off. One that is right
    is left alone: an update makes the server forget which heartbeats it waits for.
    """
    with (
        temporary_settings({PREFECT_API_URL: api_url}),
        get_client(sync_client=True) as client,
    ):
        for wanted in shipped():
            known = client.read_automations_by_name(wanted.name)
            if not known:
                client.create_automation(wanted)
                continue
            wanted.enabled = known[0].enabled
            if (
                AutomationCore(**known[0].model_dump(include=set(AutomationCore.model_fields)))
                != wanted
            ):
                client.update_automation(known[0].id, wanted)


def resume_crashed(
    api_url: str, deployment: str, settled: timedelta = timedelta(minutes=1)
) -> list[str]:
    """Schedules the runs that crashed and that nobody has started again; their names.

    The automation does the same while the server runs; what it was waiting for may be lost
    with a server that was killed. Left alone are runs at their cap, and those that crashed
    more than a week ago.

    Args:
        settled: younger crashes are left to the automation, which is about to react.
    """
    now = datetime.now(UTC)
    resumed = []
    with (
        temporary_settings({PREFECT_API_URL: api_url}),
        get_client(sync_client=True) as client,
    ):
        runs = client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[deployment])),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CRASHED])),
                tags=FlowRunFilterTags(all_=["castbook"]),
            ),
        )
        for run in runs:
            states = client.read_flow_run_states(run.id)
            fresh = settled <= now - states[-1].timestamp < timedelta(days=7)
            if fresh and crashes_in_a_row(states) <= CRASHES:
                state: State[None] = Scheduled(
                    name="AwaitingRetry", message="castbook goes on with it"
                )
                client.set_flow_run_state(run.id, state)
                resumed.append(run.name)
    return resumed
