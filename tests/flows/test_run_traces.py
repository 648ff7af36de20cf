"""Log lines of runs carry the trace, whoever writes them."""

from __future__ import annotations

import logging

import pytest

HERE = {"send_to_api": False}  # Prefect's own handler, which an earlier test may have set up


def test_lines_of_runs_carry_their_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    from castbook.tracing import current_trace
    from flows.orders import traces

    lines: list[logging.LogRecord] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record)

    log = logging.getLogger("prefect.flow_runs")
    keeper = Keeper()
    log.addHandler(keeper)
    before = log.level, list(log.filters)
    log.setLevel(logging.INFO)
    monkeypatch.setattr(traces, "flow_run", type("Run", (), {"tags": ["castbook", "trace:abc"]}))
    try:
        with traces.traced_run() as trace:
            log.info("anything", extra=HERE)
        with traces.traced_run("given"):
            log.info("anything", extra=HERE)
    finally:
        log.removeHandler(keeper)
        log.setLevel(before[0])
        log.filters[:] = before[1]
    assert trace == "abc"
    assert [line.__dict__["trace"] for line in lines] == ["abc", "given"]
    assert current_trace() == ""
