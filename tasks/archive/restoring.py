"""Back from the archive: a zip's files to where they were, each proven by its digest.

A file that stands there is left alone if it is equal, and never replaced if it is not.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from castbook.errors import EnvironmentFault, SelectionError
from castbook.files import file_sha256, publish, temporary_beside
from tasks.archive.store import ObjectStore
from tasks.archive.zips import MANIFEST

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back."""

    written: tuple[str, ...]
    equal: tuple[str, ...]  # stood there already
    different: tuple[str, ...]  # stand there with another content: left alone


def restore(store: ObjectStore, name: str, data: Path) -> Restored:
    """Puts the files of an archived zip below ``data``.

    Raises:
        SelectionError: the store has no such zip.
        EnvironmentFault: the zip is damaged; files before the damage are whole.
    """
    if name not in {stored.name for stored in store.list()}:
        raise SelectionError(f"the archive has no {name}", hint="see castbook archive --list")
    written: list[str] = []
    equal: list[str] = []
    different: list[str] = []
    with temporary_beside(data / "archive" / "restoring.zip") as path:
        store.download(name, path)
        try:
            with zipfile.ZipFile(path) as source:
                for row in json.loads(source.read(MANIFEST))["files"]:
                    target = _target(data, row["name"])
                    if target.exists():
                        (equal if file_sha256(target) == row["sha256"] else different).append(
                            row["name"]
                        )
                        continue
                    _write(source, row, target)
                    written.append(row["name"])
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
            raise EnvironmentFault(f"{name} is damaged: {error}") from error
    return Restored(tuple(written), tuple(equal), tuple(different))


def _target(data: Path, name: str) -> Path:
    """Where a file goes; the zip is ours, and is trusted no further than its digests."""
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or place.parts[0] not in ("outputs", "projects"):
        raise ValueError(f"{name!r} is no place of ours")
    target = data / place
    if not target.parent.resolve().is_relative_to(data.resolve()):
        raise ValueError(f"{name!r} leads out of the data folder")
    return target


def _write(source: zipfile.ZipFile, row: dict[str, str], target: Path) -> None:
    digest = hashlib.sha256()
    with temporary_beside(target) as temporary:
        with source.open(row["name"]) as packed, temporary.open("wb") as out:
            while block := packed.read(_BLOCK):
                digest.update(block)
                out.write(block)
        if digest.hexdigest() != row["sha256"]:
            raise ValueError(f"{row['name']} is not what was archived")
        publish(temporary, target)
