"""Runs that nobody works on, though the server believes it: found by looking, not by events.

The automations (``configs/prefect/automations.yaml``) see the same live. They wait for what the
server heard; a server that is killed forgets what it had heard and not yet written down. So
whoever speaks for the service looks now and then.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.filters import (
    EventFilter,
    EventNameFilter,
    EventOccurredFilter,
    EventResourceFilter,
)
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Crashed

from flows.automations import resume_crashed
from flows.orders.states import MARK

SILENT = timedelta(minutes=5)  # ten heartbeats; a run's process starts in 3-20 s
HEARTBEAT = "prefect.flow-run.heartbeat"
_MOST = 200  # runs of one look


def revive(api_url: str, deployment: str, *, steady: bool, silent: timedelta = SILENT) -> list[str]:
    """Calls runs that never began or fell silent crashed, and starts crashed ones again.

    Args:
        deployment: the name of all ours.
        steady: the server has answered for longer than ``silent``. Else heartbeats may be
            missing because there was nobody to hear them, and running ones are left alone.
        silent: how long nothing was heard of those that are lost.

    Returns:
        Names of the runs that go on.
    """
    now = datetime.now(UTC)
    with (
        temporary_settings({PREFECT_API_URL: api_url}),
        get_client(sync_client=True) as client,
    ):
        working = client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[deployment])),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(
                    type=FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING])
                ),
                tags=FlowRunFilterTags(all_=[MARK]),
            ),
            limit=_MOST,
        )
        for run in working:
            if _is_lost(client, run, now - silent, steady):
                # proposed, not forced: the server refuses it should the run have ended
                message = f"nothing heard of it for {silent}"
                client.set_flow_run_state(run.id, Crashed(message=message))
    return resume_crashed(api_url, deployment)


def _is_lost(client: SyncPrefectClient, run: FlowRun, since: datetime, steady: bool) -> bool:
    if run.state is None or run.state.timestamp > since:
        return False
    if run.state.is_pending():
        return True
    if not steady:
        return False
    heard = EventFilter(
        occurred=EventOccurredFilter(since=since, until=datetime.now(UTC) + timedelta(minutes=1)),
        event=EventNameFilter(name=[HEARTBEAT]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
    )
    return not client.read_events(heard, limit=1).events
