"""Records of verified zips: ``DATA/archive/records/NAME.json``, written after the proof.

A record is what allows a local file to go. It is no truth of its own: when it is lost, the
next run makes the same zip, finds it in the store, verifies it and writes the record again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from castbook.files import finished, write_text
from tasks.archive.plan import Member, Record


class Records:
    """The records of one data folder."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "archive" / "records"

    def __iter__(self) -> Iterator[Record]:
        for path in finished(self._folder, "*.json"):
            record = _read(path)
            if record is not None:
                yield record

    def write(self, record: Record) -> None:
        """Keeps a record.

        Raises:
            StorageError: it cannot be written.
        """
        path = self._folder / f"{record.name.replace('/', '__')}.json"
        write_text(path, json.dumps({"schema": 1, **asdict(record)}, ensure_ascii=False))


def _read(path: Path) -> Record | None:
    """A record that cannot be read is none: its files are archived once more."""
    try:
        row = json.loads(path.read_text("utf-8"))
        return Record(
            kind=str(row["kind"]),
            name=str(row["name"]),
            size=int(row["size"]),
            sha256=str(row["sha256"]),
            members=tuple(Member(**member) for member in row["members"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
