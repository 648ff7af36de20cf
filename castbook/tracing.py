"""One id from the request to the take to the callback: the trace.

Whoever starts work sets it (``traced``); whoever writes logs, sidecars or callbacks reads it
(``current_trace``). It is no part of any key or digest.
"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
from collections.abc import Iterator
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NONE = "0" * 32

_trace: ContextVar[str] = ContextVar("castbook_trace", default="")


def current_trace() -> str:
    """The trace of the work at hand; "" outside any."""
    return _trace.get()


@contextlib.contextmanager
def traced(trace: str) -> Iterator[str]:
    """Everything inside belongs to ``trace`` ("": a new one)."""
    token = _trace.set(trace or new_trace())
    try:
        yield _trace.get()
    finally:
        _trace.reset(token)


def new_trace() -> str:
    """32 hex digits, as W3C Trace Context has them."""
    return secrets.token_hex(16)


def trace_of(traceparent: str | None, request_id: str | None) -> str:
    """The trace a request belongs to: of its ``traceparent``, else its ``X-Request-Id``, else
    a new one. Neither header is believed further than its form."""
    found = _TRACEPARENT.fullmatch((traceparent or "").strip().lower())
    if found and found["trace"] != _NONE:
        return found["trace"]
    named = (request_id or "").strip()
    return named if _NAMED.fullmatch(named) else new_trace()


class TraceFilter(logging.Filter):
    """Gives every log record the ``trace`` it belongs to; lets all of them through. On a
    handler it sees the records of every logger."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Notes the trace, unless who logged named another."""
        if not getattr(record, "trace", ""):
            record.trace = current_trace()
        return True
