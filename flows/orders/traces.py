"""The trace of the present flow run: around its work, and on each of its log lines."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from prefect.runtime import flow_run

from castbook.tracing import TraceFilter, traced
from flows.orders.states import TRACE

# Prefect's loggers of runs; with PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER=json the trace is a
# field of every line, beside those that name it in their text
_LOGGERS = ("prefect.flow_runs", "prefect.task_runs")
_FILTER = TraceFilter()


@contextlib.contextmanager
def traced_run(trace: str = "") -> Iterator[str]:
    """All inside belongs to ``trace``, else to that of the run's order, else to a new one."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)  # the same one twice is one
    with traced(trace or run_trace()) as found:
        yield found


def run_trace() -> str:
    """The trace that whoever placed the order wrote into the run's tags; "" for one that was
    started by hand."""
    tags: list[str] = flow_run.tags or []
    return next((tag.removeprefix(TRACE) for tag in tags if tag.startswith(TRACE)), "")
