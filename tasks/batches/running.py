"""A batch: each row by itself. One that fails is named, and the others go on.

Knows no engine, no Prefect and no terminal: rows go to ``speak``, results to an observer. A
batch that is started again hands every row to ``speak`` again, which finds what is finished.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Protocol

from castbook.canonical import text_digest
from castbook.errors import CastbookError, InputError, TransientFailure, Unavailable
from tasks.batches.rows import Row
from tasks.speech.outputs import Output

MOST_REASON = 300  # characters
RETRIES = 2  # further tries after a crash or a stall
RETRY_S = 1.0  # before the first of them; doubled each time

_log = logging.getLogger("castbook.batches")


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that is none: what is wrong with it."""

    number: int
    reason: str
    line: int = 0
    id: str = ""


class Missing(InputError):
    """A row names a recording that is not there."""

    def __init__(self, name: str, hint: str | None = None) -> None:
        self.name = name
        super().__init__(f"{name[:200]} not found", hint=hint)


@dataclass(frozen=True, slots=True)
class RowResult:
    """How one row ended."""

    number: int
    id: str = ""
    output: Output | None = None  # None: it failed
    reason: str = ""  # why it failed, one line
    missing: str = ""  # the recording that was not found, if that is why
    characters: int = 0
    text_sha256: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is a file."""
        return self.output is not None


@dataclass(frozen=True, slots=True)
class BatchReport:
    """How a batch ended; rows in their order."""

    rows: tuple[RowResult, ...]
    seconds: float  # wall time of the run

    @property
    def done(self) -> tuple[RowResult, ...]:
        """Rows with a file."""
        return tuple(row for row in self.rows if row.ok)

    @property
    def failed(self) -> tuple[RowResult, ...]:
        """Rows without."""
        return tuple(row for row in self.rows if not row.ok)

    @property
    def made(self) -> int:
        """Files that were made now and not before."""
        return sum(row.output is not None and row.output.made for row in self.rows)

    @property
    def message(self) -> str:
        """One sentence."""
        kept = len(self.done) - self.made
        words = [f"{self.made} of {len(self.rows)} made"]
        words += [f"{kept} were there"] if kept else []
        if self.failed:
            first = ", ".join(str(row.number) for row in self.failed[:10])
            more = ", …" if len(self.failed) > 10 else ""
            words.append(f"{len(self.failed)} failed (task {first}{more})")
        return ", ".join(words)


class Observer(Protocol):
    """Is told as rows end. Called from one thread."""

    def row_finished(self, result: RowResult, done: int, total: int) -> None:
        """``done`` rows of ``total`` have ended, this one last."""


def run_batch(
    rows: Sequence[Row | Unread],
    speak: Callable[[Row], Output],
    observer: Observer,
    *,
    workers: int = 1,
    retry_s: float = RETRY_S,
) -> BatchReport:
    """Speaks all rows, several at once.

    Args:
        speak: makes a row's file, or finds it; any thread, raises ``CastbookError``.
        workers: rows at once.
        retry_s: before the first further try of a row that failed for a passing reason.
    """
    began = time.monotonic()
    results: list[RowResult] = []

    def tell(result: RowResult) -> None:
        results.append(result)
        observer.row_finished(result, len(results), len(rows))

    for row in rows:
        if isinstance(row, Unread):
            tell(RowResult(row.number, row.id, reason=_line(row.reason)))
    pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="row")
    try:
        running: list[Future[RowResult]] = [
            pool.submit(copy_context().run, _spoken, row, speak, retry_s)
            for row in rows
            if isinstance(row, Row)
        ]
        for future in as_completed(running):
            tell(future.result())
    finally:  # interrupted: rows that run now end, the others never begin
        pool.shutdown(cancel_futures=True)
    ordered = tuple(sorted(results, key=lambda result: result.number))
    return BatchReport(ordered, time.monotonic() - began)


def _spoken(row: Row, speak: Callable[[Row], Output], retry_s: float) -> RowResult:
    text = row.wish.text
    told = RowResult(row.number, row.id, characters=len(text), text_sha256=text_digest(text))
    for retry in range(RETRIES + 1):
        try:
            return replace(told, output=speak(row), reason="")
        except (TransientFailure, Unavailable) as error:
            told = replace(told, reason=_line(str(error)))
            if retry < RETRIES:
                time.sleep(retry_s * 2**retry)
        except Missing as error:
            return replace(told, reason=_line(str(error)), missing=error.name)
        except CastbookError as error:
            return replace(told, reason=_line(str(error)))
        except Exception as error:  # the boundary of a row: a bug in one must not end the others
            _log.exception("row %d", row.number)
            reason = f"castbook stumbled over this row: {type(error).__name__}: {error}"
            return replace(told, reason=_line(reason))
    return told


def _line(reason: str) -> str:
    """One line of bounded length; of long ones the beginning, which names the place."""
    words = " ".join(reason.split())
    return words if len(words) <= MOST_REASON else words[: MOST_REASON - 1] + "…"
