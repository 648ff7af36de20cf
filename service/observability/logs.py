"""Logs: one JSON object a line, with the trace of the work at hand.

Text that people have spoken is never logged: its length and a digest are, by which whoever has
the text finds it again.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any, TextIO

from castbook.tracing import TraceFilter

# of every record, and of uvicorn's what it says for terminals
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    *("message", "asctime", "taskName", "trace", "color_message")
}


class JsonLines(logging.Formatter):
    """``{"time", "level", "event", "logger", "trace", …}``; ``extra`` follows, None left out."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever is in the message."""
        milliseconds = int(record.msecs)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{stamp}.{milliseconds:03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            "trace": getattr(record, "trace", ""),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD and not name.startswith("_") and value is not None:
                line[name] = value
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class Plain(logging.Formatter):
    """The same for a person at a terminal: one short line."""

    def format(self, record: logging.LogRecord) -> str:
        """``12:00:00 GET /v1/models 200 3.1 ms``, with ``, cut`` where the end never came; or
        level and message."""
        stamp = time.strftime("%H:%M:%S", time.localtime(record.created))
        facts = vars(record)
        if "route" in facts and "status" in facts:
            text = f"{facts['method']} {facts['route']} {facts['status']} {facts['ms']} ms"
            text += ", cut" if facts.get("cut") else ""
        else:
            text = f"{record.levelname.lower()}: {record.getMessage()}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return f"{stamp} {text}"


def set_up_logs(form: str = "json", level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sends this process's logs to ``stream`` (default: stderr). Called once, by
    ``castbook serve``; uvicorn is started with ``log_config=None``.

    Args:
        form: ``json``, or ``plain`` for a terminal.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Plain())
    handler.addFilter(TraceFilter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # every request has its line in castbook.http, with the template instead of the path
    logging.getLogger("uvicorn.access").disabled = True
    for noisy in ("httpx", "httpcore", "botocore", "prefect", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    take_over()


def take_over() -> None:
    """Makes the loggers that Prefect gave a handler and a form of its own, when it was imported,
    speak through ours."""
    for name, logger in list(logging.root.manager.loggerDict.items()):
        theirs = name.partition(".")[0] in ("prefect", "uvicorn", "fastapi")
        if theirs and isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel(logging.WARNING if name == "prefect" else logging.NOTSET)
