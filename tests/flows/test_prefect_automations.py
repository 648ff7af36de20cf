from __future__ import annotations

import pytest
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.states import Completed, Crashed, Failed, Running, Scheduled, State

from flows.automations import CRASHES, crashes_in_a_row, shipped
from flows.server import profile

VANISHED, GOES_ON = shipped()


def trigger(automation: object) -> EventTrigger:
    found = getattr(automation, "trigger", None)
    assert isinstance(found, EventTrigger)
    return found


def related(automation: object) -> list[dict[str, str]]:
    match = trigger(automation).match_related
    rows = match if isinstance(match, list) else [match]
    return [row if isinstance(row, dict) else dict(row.root) for row in rows]


def test_three_heartbeats_must_be_missed() -> None:
    assert trigger(VANISHED).within.total_seconds() == 3 * int(
        profile()["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]
    )


@pytest.mark.parametrize("automation", [VANISHED, GOES_ON], ids=lambda a: a.name)
def test_only_our_runs_are_touched_each_by_itself(automation: object) -> None:
    assert any(m["prefect.resource.id"] == "prefect.tag.castbook" for m in related(automation))
    assert trigger(automation).for_each == {"prefect.resource.id"}


def test_only_runs_that_a_worker_can_start_are_started_again() -> None:
    assert any("deployment" in m["prefect.resource.role"] for m in related(GOES_ON))


def test_a_crash_is_answered_after_its_second_report() -> None:
    # the worker repeats the runner's report about 11 s later
    assert trigger(GOES_ON).posture is Posture.Proactive
    assert trigger(GOES_ON).within.total_seconds() >= 20


@pytest.mark.parametrize(
    ("states", "count"),
    [
        ([Scheduled(), Running()], 0),
        ([Running(), Crashed(), Scheduled(), Running()], 1),
        ([Running(), Crashed(), Scheduled(), Running(), Crashed()], 2),
        ([Running(), Crashed(), Running(), Failed(), Running()], 0),  # retried by a person
        ([Crashed(), Completed(), Running(), Crashed(), Running()], 1),
        ([Crashed()] * (CRASHES + 1), CRASHES + 1),
    ],
)
def test_crashes_are_counted_in_a_row(states: list[State], count: int) -> None:
    assert crashes_in_a_row(states) == count
