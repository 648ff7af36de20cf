"""What the archive does today: pure, from facts, records and the clock.

- Outputs are zipped by the day (UTC) they were finished, once that day is over.
- A book is zipped when it is finished and has not changed for a day: project, takes, masters,
  sidecars and book files together, so that the zip alone makes the same book.
- What a verified zip holds goes from the disk when its days are over: outputs after seven,
  the build of a book only where somebody asked for it, the project itself never.
- Whatever an unfinished order or a claim may touch waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from tasks.archive.facts import BookFact, Facts, FileFact

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things stay on this disk after they were archived; 0: for good."""

    outputs_days: int = 7
    books_days: int = 0


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files that become one zip."""

    kind: str  # outputs, books
    subject: str  # of books: the slug; else ""
    day: str  # 2026-11-20: of its newest file
    files: tuple[FileFact, ...]  # by name


@dataclass(frozen=True, slots=True)
class Member:
    """A file that an archived zip holds."""

    name: str
    size: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Record:
    """A zip that was verified in the object store."""

    kind: str
    name: str  # of the object, without the bucket's prefix
    size: int
    sha256: str  # of the zip
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Upload:
    """Zip these, bring them to the store, verify, write the record."""

    bundle: Bundle


@dataclass(frozen=True, slots=True)
class Prune:
    """Remove these local files after the zip was read back whole."""

    record: Record
    files: tuple[FileFact, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Left for another day, and why."""

    subject: str
    reason: str


Action = Upload | Prune | Wait


def plan_archive(
    facts: Facts, records: Iterable[Record], now: float, retention: Retention
) -> tuple[Action, ...]:
    """The actions of one run, uploads first.

    Args:
        now: seconds since 1970.
    """
    known = tuple(records)
    held = {
        (member.name, member.size, member.mtime_ns): record
        for record in known
        for member in record.members
    }
    actions: list[Action] = [*_outputs(facts, held, now)]
    prunable: list[FileFact] = []
    if retention.outputs_days:
        before = _cut(facts, now - retention.outputs_days * DAY_S)
        prunable += [
            file for unit in _units(facts.outputs) if _newest(unit) < before for file in unit
        ]
    for book in facts.books:
        reason = _why_not(book, facts, now)
        if reason:
            actions.append(Wait(f"projects/{book.slug}", reason))
            continue
        files = (*book.files, *book.built)
        if _one_record(files, held) is None:
            day = _day(_newest(files))
            actions.append(Upload(Bundle("books", book.slug, day, _by_name(files))))
        elif retention.books_days and _newest(files) < now - retention.books_days * DAY_S:
            prunable += book.built
    if not facts.orders_known:
        actions.append(Wait("everything", "Prefect does not say what is running: nothing goes"))
    else:
        actions += _prunes(prunable, held)
    return tuple(actions)


def _outputs(facts: Facts, held: Mapping[tuple[str, int, int], Record], now: float) -> list[Action]:
    today = _day(now)
    before = _cut(facts, now)
    days: dict[str, list[FileFact]] = {}
    waiting = 0
    for unit in _units(facts.outputs):
        newest = _newest(unit)
        if all(_identity(file) in held for file in unit):
            continue
        if _day(newest) >= today or newest >= before:
            waiting += 1
            continue
        days.setdefault(_day(newest), []).extend(unit)
    actions: list[Action] = [
        Upload(Bundle("outputs", "", day, _by_name(files))) for day, files in sorted(days.items())
    ]
    if waiting:
        reason = f"{waiting} of today, or younger than an order that has not ended"
        actions.append(Wait("outputs", reason))
    return actions


def _prunes(files: Iterable[FileFact], held: Mapping[tuple[str, int, int], Record]) -> list[Prune]:
    """By record; a file that no verified zip holds as it stands is not among them."""
    found: dict[str, tuple[Record, list[FileFact]]] = {}
    for file in files:
        record = held.get(_identity(file))
        if record is not None:
            found.setdefault(record.name, (record, []))[1].append(file)
    return [Prune(record, _by_name(some)) for _, (record, some) in sorted(found.items())]


def _why_not(book: BookFact, facts: Facts, now: float) -> str:
    """Why a book is left alone today; "" if it is not."""
    if book.claimed:
        return "is being made"
    named = {PurePosixPath(name.replace("\\", "/")).name for name in facts.ordered}
    if book.slug in named:
        return "has an order that has not ended"
    if not book.finished:
        return "is not finished"
    if _newest((*book.files, *book.built)) > now - DAY_S:
        return "changed within the last day"
    return ""


def _one_record(
    files: Iterable[FileFact], held: Mapping[tuple[str, int, int], Record]
) -> Record | None:
    """The zip that holds all of these as they stand."""
    records = {id(record): record for f in files if (record := held.get(_identity(f)))}
    whole = [
        record
        for record in records.values()
        if {_identity(f) for f in files} <= {(m.name, m.size, m.mtime_ns) for m in record.members}
    ]
    return whole[0] if whole else None


def _units(files: Iterable[FileFact]) -> list[list[FileFact]]:
    """Files that belong together: a sound and its manifest have one name but for the suffix."""
    units: dict[str, list[FileFact]] = {}
    for file in files:
        units.setdefault(str(PurePosixPath(file.name).with_suffix("")), []).append(file)
    return list(units.values())


def _cut(facts: Facts, before: float) -> float:
    """The time before which files are nobody's work any more."""
    return before if facts.oldest_order is None else min(before, facts.oldest_order)


def _identity(file: FileFact) -> tuple[str, int, int]:
    return file.name, file.size, file.mtime_ns


def _newest(files: Iterable[FileFact]) -> float:
    return max((file.mtime_ns for file in files), default=0) / 1e9


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _by_name(files: Iterable[FileFact]) -> tuple[FileFact, ...]:
    return tuple(sorted(files, key=lambda file: file.name))
