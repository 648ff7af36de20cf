"""Zips whose bytes follow from the content alone: fixed order, dates and rights, no compression.

Stored, not deflated: sound hardly shrinks, and the bytes then depend on no version of zlib.
``MANIFEST.json`` comes last in the zip: it has the digest of every file before it.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from castbook import zips
from castbook.errors import InputError, StorageError
from castbook.files import file_sha256, storage_error
from tasks.archive.facts import FileFact
from tasks.archive.plan import Bundle, Member

MANIFEST = "MANIFEST.json"
_BLOCK = 1 << 20


class Changed(InputError):
    """A file changed while it was read: somebody still works on it."""


@dataclass(frozen=True, slots=True)
class Zip:
    """A finished zip on this disk."""

    path: Path
    name: str  # of the object: kind/subject/day-digest.zip
    size: int
    sha256: str
    members: tuple[Member, ...]


def write_zip(bundle: Bundle, path: Path) -> Zip:
    """Writes a bundle to ``path``; the same files give the same bytes and the same name.

    Raises:
        Changed: a file is not what it was when the plan was made.
        StorageError: a file cannot be read, or the zip not written.
    """
    members = []
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as target:
            for file in bundle.files:
                members.append(_add(target, file))
            told = manifest(members)
            target.writestr(zips.entry(MANIFEST), told)
        size = path.stat().st_size
    except OSError as error:
        raise storage_error(error, path) from error
    place = "/".join(part for part in (bundle.kind, bundle.subject) if part)
    mark = hashlib.sha256(told).hexdigest()[:12]
    return Zip(path, f"{place}/{bundle.day}-{mark}.zip", size, file_sha256(path), tuple(members))


def manifest(members: Sequence[Member]) -> bytes:
    """Names, sizes and digests; no times, so that equal content has an equal name."""
    rows = [{"name": m.name, "bytes": m.size, "sha256": m.sha256} for m in members]
    return json.dumps({"schema": 1, "files": rows}, ensure_ascii=False, indent=1).encode()


def _add(target: zipfile.ZipFile, file: FileFact) -> Member:
    digest = hashlib.sha256()
    size = 0
    changed = Changed("changed while it was archived", path=file.path, hint="left for tomorrow")
    try:
        source = file.path.open("rb")
    except FileNotFoundError as error:
        raise changed from error
    except OSError as error:
        raise StorageError(f"{file.path}: cannot be read: {error.strerror or error}") from error
    with source:
        info = zips.entry(file.name)
        info.file_size = file.size  # decides on ZIP64 before the content is known
        with target.open(info, "w") as sink:
            while block := source.read(_BLOCK):
                digest.update(block)
                size += len(block)
                sink.write(block)
        now = os.fstat(source.fileno())
    if (size, now.st_size, now.st_mtime_ns) != (file.size, file.size, file.mtime_ns):
        raise changed
    return Member(file.name, size, file.mtime_ns, digest.hexdigest())
