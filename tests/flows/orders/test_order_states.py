"""Runs and events of the server in the service's words, without a server."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.schemas.events import Event, RelatedResource, Resource
from prefect.states import Failed, State

from castbook.errors import InputError
from flows.orders.events import order_event
from flows.orders.parameters import check_names, refuse_templates
from flows.orders.port import OrderRefused
from flows.orders.slots import configured_slots, limit_name
from flows.orders.states import kind_of, order_of, state_of, tags_of, types_of
from flows.server import Server, register

WORDS = {
    "SCHEDULED": "pending",
    "PENDING": "pending",
    "RUNNING": "processing",
    "CANCELLING": "processing",
    "PAUSED": "pending",
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CRASHED": "failed",
    "CANCELLED": "cancelled",
}
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_every_state_of_prefect_has_a_word() -> None:
    assert {kind.name: state_of(kind) for kind in StateType} == WORDS
    assert sorted(types_of(("pending", "failed")), key=str) == sorted(
        [StateType[name] for name, word in WORDS.items() if word in ("pending", "failed")], key=str
    )


def run_of(state: State[Any], **changes: Any) -> FlowRun:
    tags = tags_of("speech", "ann", "t-1", ("extra",))
    return FlowRun(
        id=uuid.uuid4(), flow_id=uuid.uuid4(), name="speech-a", tags=tags, created=NOW,
        state=state, state_type=state.type, **changes,
    )  # fmt: skip


@pytest.mark.parametrize("kind", list(StateType))
def test_a_run_is_an_order(kind: StateType) -> None:
    run = run_of(State(type=kind, message="why"), parameters={"text": "a"})
    order = order_of(run, "speech", "http://prefect", (1, 3))
    assert order.state == WORDS[kind.name]
    assert order.paused == (kind is StateType.PAUSED)
    assert order.crashed == (kind is StateType.CRASHED)
    assert (order.principal, order.trace, order.message) == ("ann", "t-1", "why")
    assert (order.done, order.total) == (1, 3)
    assert order.page == f"http://prefect/runs/flow-run/{run.id}"
    assert kind_of(run) == "speech"


def test_a_run_that_was_not_ordered_here_has_no_kind() -> None:
    run = run_of(Failed())
    run.tags = ["castbook", "kind:nonsense"]
    assert kind_of(run) is None


def event(name: str, run: str = "r-1", tag: str = "castbook", **changes: Any) -> Event:
    labels = {"prefect.resource.id": f"prefect.flow-run.{run}", **changes.pop("labels", {})}
    related = {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"}
    return Event(
        event=name,
        resource=Resource(labels),
        related=[RelatedResource(related)],
        **{"occurred": NOW, "payload": {}, **changes},
    )


@pytest.mark.parametrize("kind", list(StateType))
def test_a_change_of_state_is_told(kind: StateType) -> None:
    labels = {"prefect.state-type": kind.name, "prefect.state-message": "why"}
    told = order_event(event(f"prefect.flow-run.{kind.name.title()}", labels=labels))
    assert told is not None
    assert (told.order_id, told.kind, told.data["state"]) == ("r-1", "state", WORDS[kind.name])
    assert told.data["message"] == "why"
    assert told.data["crashed"] == (kind is StateType.CRASHED)


def test_progress_and_lines_are_told() -> None:
    told = order_event(event("castbook.progress", payload={"done": 2, "total": 5}))
    assert told is not None
    assert (told.kind, told.data) == ("progress", {"done": 2, "total": 5})
    told = order_event(event("castbook.line", payload={"text": "[✓]", "row": 1, "ok": True}))
    assert told is not None
    assert (told.kind, told.data["text"]) == ("line", "[✓]")


@pytest.mark.parametrize(
    "other",
    [
        event("prefect.flow-run.heartbeat"),
        event("prefect.flow-run.Running", tag="theirs", labels={"prefect.state-type": "RUNNING"}),
        Event(
            event="prefect.task-run.Running",
            resource=Resource({"prefect.resource.id": "prefect.task-run.1"}),
        ),
    ],
)
def test_what_is_not_for_clients_is_not_told(other: Event) -> None:
    assert order_event(other) is None


def test_ids_of_events_grow_with_time_and_are_the_same_everywhere() -> None:
    events = [
        event("castbook.line", occurred=NOW + timedelta(microseconds=step)) for step in (0, 1, 10)
    ]
    first, again = ([getattr(order_event(each), "id", "") for each in events] for _ in range(2))
    assert first == again == sorted(set(first))
    assert "" not in first


@pytest.mark.parametrize(
    "hidden",
    [
        {"options": {"__prefect_kind": "jinja", "template": "{{ 1 }}"}},
        {"rows": [{"text": "a", "deep": [{"__prefect_kind": "workspace_variable"}]}]},
    ],
)
def test_templates_of_the_server_are_no_data(hidden: dict[str, Any]) -> None:
    refuse_templates({"text": "{{ 1 + 1 }} is data", "options": {"steps": 3}})
    with pytest.raises(OrderRefused, match="reserved"):
        refuse_templates(hidden)


def test_names_of_parameters_are_checked() -> None:
    schema = {"properties": {"text": {}, "voice": {}}, "required": ["text"]}
    check_names({"text": "a"}, schema)
    check_names({"anything": 1}, {})
    with pytest.raises(OrderRefused, match="'text' is missing"):
        check_names({"voice": "a"}, schema)
    with pytest.raises(OrderRefused, match="'txet' is no parameter"):
        check_names({"text": "a", "txet": "b"}, schema)


def test_slots_cost_nothing_unless_they_are_asked_for() -> None:
    assert configured_slots("http://127.0.0.1:1/api", {}) is None
    assert configured_slots("", {"CASTBOOK_SLOTS": "2"}) is None
    asked = configured_slots("http://127.0.0.1:1/api", {"CASTBOOK_SLOTS": "2"})
    assert asked is not None
    assert asked.limit == limit_name({}) == "gpu:0"
    asked.close()
    assert limit_name({"CASTBOOK_DEVICE": "tower-1"}) == "gpu:tower-1"
    with pytest.raises(InputError, match="CASTBOOK_SLOTS"):
        register(Server("http://127.0.0.1:1/api", {"CASTBOOK_SLOTS": "many"}))
