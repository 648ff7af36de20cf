"""One run of the archive: carries a plan out, and removes nothing that was not proven.

The order for every file that goes: zipped, uploaded, size and checksum verified by the
server's word, recorded; and days later the zip read back whole and compared, the local file
compared with what the zip holds, then removed. Any fault ends the run before the next step;
what was done stays done, and the same command goes on from there.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from castbook.errors import EnvironmentFault
from castbook.files import file_sha256, storage_error, sweep, temporary_beside, write_text
from tasks.archive.facts import FileFact
from tasks.archive.plan import Action, Prune, Record, Upload, Wait
from tasks.archive.records import Records
from tasks.archive.store import ObjectStore
from tasks.archive.zips import Changed, write_zip

Say = Callable[[str], None]


@dataclass(slots=True)
class ArchiveReport:
    """What a run did; of a dry run: what it would do."""

    dry: bool
    uploaded: list[str] = field(default_factory=list)  # names of objects, or of bundles
    present: list[str] = field(default_factory=list)  # that stood there already
    bytes: int = 0  # that went to the store
    pruned: list[str] = field(default_factory=list)  # names of local files
    freed: int = 0  # bytes
    waiting: list[str] = field(default_factory=list)  # and why

    @property
    def message(self) -> str:
        """One sentence for a person."""
        would = "would be " if self.dry else ""
        return (
            f"{len(self.uploaded)} zips {would}archived ({self.bytes / 1e6:.1f} MB),"
            f" {len(self.pruned)} files {would}removed ({self.freed / 1e6:.1f} MB),"
            f" {len(self.waiting)} left for another day"
        )


def run_archive(
    actions: Iterable[Action],
    store: ObjectStore | None,
    data: Path,
    *,
    say: Say = lambda line: None,
    clock: Callable[[], float] = time.time,
) -> ArchiveReport:
    """Carries out a plan.

    Args:
        store: None for a dry run, which changes nothing anywhere.
        data: the data folder, for records and the zip that is being made.
        say: told one line for each thing done.

    Raises:
        EnvironmentFault: the store or the disk; nothing was removed after it.
    """
    report = ArchiveReport(dry=store is None)
    if store is not None:
        sweep(data / "archive")  # zips that a killed run left half-written
    for action in actions:
        match action:
            case Wait():
                report.waiting.append(f"{action.subject}: {action.reason}")
            case Upload():
                _upload(action, store, data, report, say)
            case Prune():
                _prune(action, store, data, report, say)
    if store is not None:
        note = {"at": int(clock()), "uploaded": report.uploaded, "pruned": len(report.pruned)}
        write_text(data / "archive" / "last_success.json", json.dumps(note))
    return report


def _upload(
    action: Upload, store: ObjectStore | None, data: Path, report: ArchiveReport, say: Say
) -> None:
    bundle = action.bundle
    title = "/".join(part for part in (bundle.kind, bundle.subject, bundle.day) if part)
    size = sum(file.size for file in bundle.files)
    if store is None:
        say(f"would archive {title}: {len(bundle.files)} files, {size / 1e6:.1f} MB")
        report.uploaded.append(title)
        report.bytes += size
        return
    try:
        with temporary_beside(data / "archive" / "making.zip") as path:
            made = write_zip(bundle, path)
            new = store.upload(path, made.name, made.sha256)
    except Changed as error:
        report.waiting.append(f"{title}: {error}")
        return
    # only now: the record says that the store has it
    Records(data).write(Record(bundle.kind, made.name, made.size, made.sha256, made.members))
    (report.uploaded if new else report.present).append(made.name)
    report.bytes += made.size if new else 0
    say(f"{'archived' if new else 'already there'} {made.name}: {made.size / 1e6:.1f} MB")


def _prune(
    action: Prune, store: ObjectStore | None, data: Path, report: ArchiveReport, say: Say
) -> None:
    record = action.record
    if store is not None:
        size, sha256 = store.digest(record.name)
        if (size, sha256) != (record.size, record.sha256):
            raise EnvironmentFault(
                f"{record.name} in the object store is damaged: {size} bytes with sha256"
                f" {sha256}, expected {record.size} with {record.sha256}; nothing was removed"
            )
    digests = {member.name: member.sha256 for member in record.members}
    for file in action.files:
        if store is not None and not _remove(file, digests[file.name], data):
            report.waiting.append(f"{file.name}: is not what {record.name} holds")
            continue
        report.pruned.append(file.name)
        report.freed += file.size
    say(f"{'would remove' if store is None else 'removed'} {len(action.files)} of {record.name}")


def _remove(file: FileFact, sha256: str, data: Path) -> bool:
    """Removes one file if it is still what was archived, and the folders this empties."""
    try:
        now = file.path.lstat()
        if (now.st_size, now.st_mtime_ns) != (file.size, file.mtime_ns):
            return False
        if file_sha256(file.path) != sha256:
            return False
        file.path.unlink()
    except FileNotFoundError:
        return True  # somebody was quicker
    except OSError as error:
        raise storage_error(error, file.path) from error
    kept = {data, data / "outputs", data / "outputs" / "batch", data / "projects"}
    folder = file.path.parent
    while folder not in kept and folder.is_relative_to(data):
        with contextlib.suppress(OSError):
            folder.rmdir()  # refuses a folder that is not empty
        if folder.exists():
            break
        folder = folder.parent
    return True
