"""The trace of the present flow run: who placed the order wrote it into its tags."""

from __future__ import annotations

from prefect.runtime import flow_run

from flows.orders.states import TRACE


def run_trace() -> str:
    """The trace this run belongs to; "" for one that was started by hand, which gets its own."""
    tags: list[str] = flow_run.tags or []
    return next((tag.removeprefix(TRACE) for tag in tags if tag.startswith(TRACE)), "")
