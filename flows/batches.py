"""The ``batch`` flow: many texts, each by itself, into one folder of the data folder.

    prefect deployment run 'batch/local' -p path=uploads/lessons.jsonl

A run that starts again makes only what is missing. It has failed when a row has, and what the
others made is there and packed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from castbook.canonical import canonical_json, plain
from castbook.errors import CastbookError, InputError
from castbook.files import storage_error
from castbook.names import safe_name
from castbook.settings import Settings
from castbook.tracing import current_trace
from flows.orders.progress import ProgressTeller
from flows.orders.traces import traced_run
from flows.texts import (
    INBOX,
    OUTPUTS,
    UPLOADS,
    announce,
    crashed_too_often,
    flow_booth,
    tidy_after_crash,
    wait_for_review,
)
from tasks.batches.jsonlines import read_batch, read_objects
from tasks.batches.lines import live_line
from tasks.batches.packing import pack
from tasks.batches.rows import Row
from tasks.batches.running import BatchReport, RowResult, Unread
from tasks.speech.receipts import write_receipt

MOST_INLINE = 512 * 1024  # bytes: the largest parameters that Prefect takes
BATCHES = "batch"  # below ``outputs``


def batch_run_name() -> str:
    """``batch-lessons``."""
    said = flow_run.parameters
    return f"batch-{said.get('name') or Path(str(said.get('path') or 'rows')).stem}"


@flow(name="batch", flow_run_name=batch_run_name, persist_result=False)
def batch(
    path: str = "",
    rows: list[dict[str, Any]] | None = None,
    name: str = "",
    defaults: dict[str, Any] | None = None,
    packed: bool = True,
    lang: str = "en",
    replace: bool = False,
    callback: str = "",
    trace: str = "",
    principal: str = "",
    review: bool = False,
) -> State[Any]:
    """Speaks rows into ``DATA/outputs/batch/NAME/``.

    Args:
        path: a JSONL file below ``DATA/uploads`` or ``DATA/inbox``.
        rows: or the rows themselves, at most 512 kB.
        name: of the folder; empty: of the file and its content.
        defaults: fields of rows that do not say otherwise.
        packed: also a zip, ``batch_output_YYYYMMDD.zip``.
        lang: of the live lines: en or zh.
        replace: files of other texts by the same names give way.
        callback: an address that is told the end.
        trace: of the request.
        principal: who ordered it.
        review: a person must resume the run first.
    """
    with traced_run(trace):
        log = get_run_logger()
        if refused := crashed_too_often():
            return _failed(refused, callback)
        wait_for_review(review)
        tidy_after_crash()
        log.info("STARTED trace=%s batch=%s principal=%s", current_trace(), name or path, principal)
        try:
            ended = _run(path, rows, name, defaults or {}, packed, lang, replace)
        except CastbookError as error:
            log.error("FINISHED trace=%s failed: %s", current_trace(), error)
            return _failed(str(error), callback)
        report, where = ended
        log.info("FINISHED trace=%s %s", current_trace(), report.message)
        message = f"{report.message}: {where}"
        told = {
            "done": len(report.done),
            "total": len(report.rows),
            "failed": [row.number for row in report.failed[:100]],
            "where": where,
        }
        if report.failed:
            announce(callback, "batch.failed", {**told, "error": message[-200:]})
            return Failed(message=message)
        announce(callback, "batch.completed", told)
        return Completed(message=message)


class TellingObserver:
    """Shows rows as they end: progress and live lines to followers, one log line each."""

    def __init__(self, language: str) -> None:
        self._teller = ProgressTeller()
        self._language = language
        self._log = get_run_logger()

    def row_finished(self, result: RowResult, done: int, total: int) -> None:
        """See ``tasks.batches.running.Observer``."""
        line = live_line(result, self._language)
        self._teller.line(line, row=result.number, ok=result.ok)
        self._teller.progress(done, total)
        self._log.info("%s", line)


def _run(
    path: str,
    inline: list[dict[str, Any]] | None,
    name: str,
    defaults: Mapping[str, Any],
    packed: bool,
    language: str,
    replacing: bool,
) -> tuple[BatchReport, str]:
    """The report, and where the files are, relative to the data folder."""
    data = Settings.read().data
    rows, source, digest = ordered_rows(data, path, inline, defaults)
    name = safe_name(name, "name") if name else f"{source.stem[:60]}-{digest[:8]}"
    folder = data / OUTPUTS / BATCHES / name
    observer = TellingObserver(language)
    with flow_booth(source.parent if path else None) as booth:
        report = booth.speak_all(rows, folder, observer, replacing=replacing)
    zipped = pack(report, folder.parent, _day()) if packed and report.done else None
    if flow_run.id:
        files = [row.output.path for row in report.done if row.output is not None]
        write_receipt(data, flow_run.id, files, folder=folder, pack=zipped)
    return report, (zipped or folder).relative_to(data).as_posix()


def ordered_rows(
    data: Path, path: str, inline: list[dict[str, Any]] | None, defaults: Mapping[str, Any]
) -> tuple[list[Row | Unread], Path, str]:
    """The rows, the file they come from, and the digest of what was ordered.

    Raises:
        InputError: no batch, or one that lies where none may.
    """
    if bool(path) == bool(inline):
        raise InputError("a batch has either a path or rows", place="path")
    if inline:
        content = json.dumps(inline, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if len(content) > MOST_INLINE:
            raise InputError(
                f"has {len(content)} bytes", place="rows", expected=f"at most {MOST_INLINE}",
                hint="upload them as a file",
            )  # fmt: skip
        found, source = read_objects(inline, defaults), Path("rows")
    else:
        source = _inside(data, path)
        try:
            found, content = read_batch(source, defaults), source.read_bytes()
        except OSError as error:
            raise storage_error(error, source) from error
        except InputError as error:  # of the whole file: named as it was ordered
            raise InputError(
                error.message,
                path=path if error.path == source else error.path,
                place=error.place,
                expected=error.expected,
                hint=error.hint,
            ) from error
    ordered = sha256(content + b"\0" + canonical_json(plain(dict(defaults))))
    return found, source, ordered.hexdigest()


def _inside(data: Path, path: str) -> Path:
    """A file of a batch, where files of batches may be."""
    try:
        real = (data / path).resolve()
    except ValueError as error:  # a NUL
        raise InputError("is no path", place="path", expected=f"a file below {UPLOADS}/") from error
    if not any(real.is_relative_to((data / home).resolve()) for home in (UPLOADS, INBOX)):
        raise InputError(
            f"{path[:200]!r} lies outside", place="path", expected=f"a file below {UPLOADS}/"
        )
    return real


def _day() -> date:
    """Of the start, so that a run that starts again after midnight finds its zip again."""
    at: datetime = flow_run.scheduled_start_time or datetime.now(UTC)
    return at.astimezone().date()


def _failed(reason: str, callback: str) -> State[Any]:
    announce(callback, "batch.failed", {"error": reason[-200:]})
    return Failed(message=reason)
