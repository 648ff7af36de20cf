"""Files that are either whole or not there.

Everything castbook leaves under a final name was first written under a temporary name in
the same folder, flushed to the disk, and then moved or linked into place, so that a kill
at any instant leaves the old file, the new file, or none: never half of one.

Temporary names start with ``.tmp-`` and hold the writer's machine and process id, so that
machines sharing a disk never meet; ``sweep`` removes those whose writer is gone.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

from castbook.canonical import text_digest
from castbook.errors import StorageError

_counter = itertools.count()
_PREFIX = ".tmp-"
_HOST = text_digest(platform.node())[:8]
_FOREIGN_S = 86_400.0  # a temporary of another machine is left alone for a day


@contextlib.contextmanager
def temporary_beside(final: Path) -> Iterator[Path]:
    """A fresh temporary path in the folder of ``final`` (same suffix), removed on the way out.

    The caller writes it, then calls ``publish`` or ``replace`` with it.

    Raises:
        StorageError: the folder cannot be made, or the file not written.
    """
    path = final.parent / f"{_PREFIX}{_HOST}-{os.getpid()}-{next(_counter)}{final.suffix}"
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        yield path
    except OSError as error:
        raise storage_error(error, final) from error
    finally:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


def publish(temporary: Path, final: Path) -> bool:
    """Gives ``temporary`` its final name unless somebody was first.

    Returns:
        True when this call published the file, False when ``final`` already existed
        (the temporary stays the caller's to discard).
    """
    flush(temporary)
    try:
        os.link(temporary, final)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        return _publish_without_links(temporary, final)
    return True


def _publish_without_links(temporary: Path, final: Path) -> bool:
    """For file systems without hard links: not exclusive against a racing writer, but both
    racers hold the same content (the name is a content key), so the last rename is as good."""
    if final.exists():
        return False
    temporary.replace(final)
    return True


def replace(temporary: Path, final: Path) -> None:
    """Moves ``temporary`` over ``final`` and flushes the folder."""
    flush(temporary)
    temporary.replace(final)
    flush_folder(final.parent)


def write_bytes(final: Path, content: bytes) -> None:
    """Writes ``content`` to ``final``, whole or not at all.

    Raises:
        StorageError: the disk is full or the folder cannot be written; the old file stays.
    """
    with temporary_beside(final) as temporary:
        temporary.write_bytes(content)
        replace(temporary, final)


def write_text(final: Path, content: str) -> None:
    """``write_bytes`` of the UTF-8 form of ``content``."""
    write_bytes(final, content.encode("utf-8"))


def flush(path: Path) -> None:
    """fsync of a file."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_folder(folder: Path) -> None:
    """fsync of a folder, where the system has such a thing."""
    if os.name == "nt":  # pragma: no cover - Windows cannot open folders
        return
    flush(folder)


def finished(folder: Path, pattern: str) -> list[Path]:
    """Files of a folder that bear final names, sorted: what is being written beside them, by
    any thread, process or machine, is not among them. Empty without the folder."""
    return sorted(path for path in folder.glob(pattern) if not is_temporary(path))


def is_temporary(path: Path) -> bool:
    """Whether a file is one that is being written, by its name."""
    return path.name.startswith(_PREFIX)


def sweep(folder: Path) -> int:
    """Removes temporary files left by writers that no longer run; returns how many."""
    removed = 0
    for path in folder.rglob(f"{_PREFIX}*"):
        host, _, rest = path.name[len(_PREFIX) :].partition("-")
        writer = rest.partition("-")[0]
        if host == _HOST and writer.isdigit():
            if _runs(int(writer)):
                continue
        elif _age(path) < _FOREIGN_S:
            continue
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            removed += 1
    return removed


def file_sha256(path: Path) -> str:
    """sha256 of a file, 64 hex digits, read block by block.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror or error}") from error


def storage_error(error: OSError, path: Path) -> StorageError:
    """An ``OSError`` in the words of the person who has to mend it."""
    advice = {
        errno.ENOSPC: "free some space and run the same command again: finished work is kept",
        errno.EDQUOT: "your quota is used up: free some space and run the same command again",
        errno.EACCES: "make the folder writable, or choose another with --build",
        errno.EROFS: "the disk is read-only: choose another folder with --build",
        errno.ENOTDIR: "a file stands where a folder should be: move it away",
        errno.EEXIST: "a file stands where a folder should be: move it away",
        errno.EISDIR: "a folder stands where a file should be: move it away",
        errno.EFBIG: "the disk or your limit allows no larger files: choose another with --build",
    }.get(error.errno or 0, "run the same command again: finished work is kept")
    return StorageError(f"{path}: cannot write: {error.strerror or error}; {advice}")


def _age(path: Path) -> float:
    """Seconds since the last write; 0 for a file that is gone."""
    with contextlib.suppress(FileNotFoundError):
        return time.time() - path.stat().st_mtime
    return 0.0


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
