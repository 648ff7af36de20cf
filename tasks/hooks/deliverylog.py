"""The log of deliveries: ``DATA/deliveries/ORDER.jsonl``, one line for each try; no secrets.

Beside it, ``gone/``: addresses that answered 410 and are not asked again until somebody removes
their file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from castbook.files import storage_error, write_text
from castbook.names import is_safe

FOLDER = "deliveries"  # below the data folder
_GONE = "gone"
_MOST_BYTES = 1024 * 1024  # of a log that is read: some 4000 tries


@dataclass(frozen=True, slots=True)
class Try:
    """One try."""

    at: str  # RFC 3339
    type: str  # speech.completed …
    attempt: int
    outcome: str  # delivered, retry, disabled, dead
    status: int | None  # of the answer
    ms: int
    host: str  # the rest of the address may hold somebody's token
    error: str = ""
    next_s: int | None = None


def note_try(data: Path, order_id: str, done: Try) -> None:
    """Adds a line.

    Raises:
        StorageError: it cannot be written.
    """
    file = _file(data, order_id)
    line = json.dumps(asdict(done), ensure_ascii=False, sort_keys=True) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # one write at the end of the file: two processes' lines do not mix
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, line.encode("utf-8"))
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise storage_error(error, file) from error


def read_tries(data: Path, order_id: str) -> list[Mapping[str, Any]]:
    """The tries of an order's callbacks, the oldest first; half a last line is left out."""
    file = _file(data, order_id)
    if not file.is_file():
        return []
    with file.open("rb") as handle:
        handle.seek(max(0, file.stat().st_size - _MOST_BYTES))
        lines = handle.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
    found: list[Mapping[str, Any]] = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            found.append(row)
    return found


def disable(data: Path, address: str, at: str) -> None:
    """Remembers that an address is gone."""
    said = {"host": host_of(address), "at": at, "answered": 410}
    write_text(_gone(data, address), json.dumps(said, sort_keys=True) + "\n")


def is_disabled(data: Path, address: str) -> bool:
    """Whether an address answered 410 before."""
    return _gone(data, address).is_file()


def host_of(address: str) -> str:
    """The part of an address that a log may have."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _gone(data: Path, address: str) -> Path:
    return data / FOLDER / _GONE / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.json"


def _file(data: Path, order_id: str) -> Path:
    # ids are Prefect's; a run by hand may say another
    safe = order_id if is_safe(order_id) else hashlib.sha256(order_id.encode()).hexdigest()[:32]
    return data / FOLDER / f"{safe}.jsonl"
