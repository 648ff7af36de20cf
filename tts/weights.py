"""The weights of an engine: what they are, whether they are here, and ``castbook get``.

``configs/engines/ENGINE.yaml`` (``configs/recognisers`` for what listens instead of speaking)
names a repository of a model hub and its files; where their digests are known they are pinned
there, else what the hub announces is taken (the sha256 of files in large-file storage). Files
lie in ``CACHE/ENGINE/``, with ``weights.json`` beside them: the size and sha256 each file had
when it was checked. Planning reads that record and never hashes hundreds of megabytes.
Files that somebody copied into the folder are checked and recorded: pinned ones without asking
anybody, others by what the hub announces. A file may have a repository of its own (``from``), and
may be ``optional``: a hub without it is no failure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from castbook.errors import InputError
from castbook.files import write_text
from castbook.resources import list_configs, read_config
from castbook.settings import Settings
from tts.presets import engine_data

RECORD = "weights.json"
_SCHEMA = 1

Progress = Callable[[str, int, int], None]  # file name, bytes there, bytes in all


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file must be."""

    size: int  # bytes
    sha256: str  # 64 hex digits; of a pin also an abbreviation: "3c16309b…1ce0"
    blob: str = ""  # where the hub knows no sha256: git's own digest, 40 hex digits

    @property
    def whole(self) -> bool:
        """Whether a file can be checked against it."""
        return bool(self.blob) or len(self.sha256) == 64

    def admits(self, found: Expected) -> bool:
        """Whether what is known of a file agrees with this."""
        start, _, end = self.sha256.partition("…")
        same = found.sha256.startswith(start) and found.sha256.endswith(end)
        return found.size == self.size and (same or not found.sha256)


@dataclass(frozen=True, slots=True)
class Source:
    """One place on the hub."""

    repository: str  # "owner/name"
    revision: str
    name: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where the weights of an engine are published."""

    engine: str
    repository: str  # "owner/name" on the hub
    revision: str
    files: Mapping[str, Expected | None]  # None: not pinned, the hub's own digest counts
    extra: str = ""  # the extra of castbook that installs what reads them; the engine's name
    optional: frozenset[str] = frozenset()  # files that not every hub has
    elsewhere: Mapping[str, Source] = field(default_factory=dict)  # asked when the repository has
    # no such file

    def sources(self, name: str) -> tuple[Source, ...]:
        """Where a file may be, in the order to ask."""
        first = Source(self.repository, self.revision, name)
        return (first, self.elsewhere[name]) if name in self.elsewhere else (first,)


@dataclass(frozen=True, slots=True)
class Weights:
    """Checked weights on this machine."""

    folder: Path
    digests: Mapping[str, str]  # sha256 by file name


def read_manifest(engine: str) -> Manifest:
    """What ``castbook get`` gets for an engine.

    Raises:
        InputError: the engine has no weights of its own.
    """
    published = _published()
    if engine not in published:
        raise InputError(
            f"engine {engine!r} has no weights to get", expected="one of " + ", ".join(published)
        )
    data = published[engine]["weights"]
    entries = {name: entry or {} for name, entry in data["files"].items()}
    files = {
        name: Expected(int(entry["size"]), str(entry["sha256"])) if "sha256" in entry else None
        for name, entry in entries.items()
    }
    elsewhere = {
        name: Source(entry["from"], entry.get("revision", "main"), entry.get("name", name))
        for name, entry in entries.items()
        if "from" in entry
    }
    optional = frozenset(name for name, entry in entries.items() if entry.get("optional"))
    extra = published[engine].get("extra", engine)
    return Manifest(engine, data["repository"], data["revision"], files, extra, optional, elsewhere)


@cache
def _published() -> Mapping[str, Mapping[str, Any]]:
    """Everything that has weights, by its name."""
    engines = {name: engine_data(name) for name in list_configs("engines")}
    listening = {
        name: yaml.safe_load(read_config("recognisers", f"{name}.yaml"))
        for name in list_configs("recognisers")
    }
    return {name: data for name, data in (engines | listening).items() if "weights" in data}


def weights_folder(engine: str) -> Path:
    """Where the weights of an engine belong on this machine."""
    return Settings.read().cache / engine


def find_weights(engine: str) -> Weights | None:
    """The weights of an engine if all are here, by their record; nothing is hashed."""
    manifest, folder = read_manifest(engine), weights_folder(engine)
    record = _read_record(folder)
    digests = {}
    for name in manifest.files:
        entry = record.get(name)
        if entry is None or _size(folder / name) != entry.size:
            if name in manifest.optional:
                continue
            return None
        digests[name] = entry.sha256
    return Weights(folder, digests)


def get_weights(
    engine: str,
    *,
    endpoint: str | None = None,
    progress: Progress | None = None,
    pause_s: float = 1.0,
) -> Path:
    """Downloads what is missing or is not what the manifest pins; returns the folder.

    Args:
        endpoint: the hub's address.
        progress: called with (file name, bytes there, bytes in all).
        pause_s: between tries after a broken connection; doubles.

    Raises:
        InputError: the engine has no weights.
        MissingDependency: they cannot be had; the message says why and what to do.
        StorageError: the disk is full or cannot be written.
    """
    manifest, folder = read_manifest(engine), weights_folder(engine)
    needed = [n for n, pinned in manifest.files.items() if not _is_here(folder, n, pinned)]
    if needed:
        from tts.hub import Hub  # httpx takes 100 ms, and planning reads this file

        with Hub(manifest, endpoint) as hub:
            for name in needed:
                expected = hub.bring(name, folder, progress=progress, pause_s=pause_s)
                if expected is not None:
                    _write_record(folder, name, expected)
    return folder


def _is_here(folder: Path, name: str, pinned: Expected | None) -> bool:
    """Whether a file is the right one; a file without a record is hashed once."""
    known = _read_record(folder).get(name)
    size = _size(folder / name)
    if known is not None and size == known.size:
        return pinned is None or pinned.admits(known)
    if pinned is None or size != pinned.size:
        return False
    found = Expected(size, digest_of(folder / name))
    if not pinned.admits(found):
        return False
    _write_record(folder, name, found)
    return True


def digest_of(path: Path) -> str:
    """sha256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_right(path: Path, expected: Expected, sha256: str) -> bool:
    """Whether a file whose sha256 is known is the expected one."""
    if expected.sha256:
        return sha256 == expected.sha256
    with path.open("rb") as file:  # git's digest of a file: of a small header and its content
        blob = hashlib.sha1(f"blob {expected.size}\0".encode(), usedforsecurity=False)
        while piece := file.read(1 << 20):
            blob.update(piece)
    return blob.hexdigest() == expected.blob


def _size(path: Path) -> int:
    """In bytes; -1 for a file that is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _read_record(folder: Path) -> dict[str, Expected]:
    """What is recorded; nothing when there is no record or it makes no sense."""
    try:
        record: Any = json.loads((folder / RECORD).read_text("utf-8"))
        if record["schema"] != _SCHEMA:
            return {}
        return {
            str(name): Expected(int(entry["size"]), str(entry["sha256"]))
            for name, entry in record["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_record(folder: Path, name: str, expected: Expected) -> None:
    files = {**_read_record(folder), name: expected}
    content = {
        "schema": _SCHEMA,
        "files": {n: {"size": e.size, "sha256": e.sha256} for n, e in sorted(files.items())},
    }
    write_text(folder / RECORD, json.dumps(content, indent=2) + "\n")
