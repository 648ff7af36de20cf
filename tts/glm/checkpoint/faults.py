"""The one sentence about a checkpoint that cannot be used: file, what is wrong, what to do."""

from __future__ import annotations

from pathlib import Path

from castbook.errors import MissingDependency, StorageError

AGAIN = "delete it and get it again: castbook get glm"
OTHER = "take the published checkpoint: castbook get glm"


def missing(path: Path, *, hint: str = "get it: castbook get glm") -> MissingDependency:
    """A file that is not there."""
    return MissingDependency(f"{path}: missing; {hint}")


def damaged(path: Path, what: str, expected: str, *, hint: str = AGAIN) -> StorageError:
    """A file that is not what its name says."""
    return StorageError(f"{path}: {what}; expected {expected}; {hint}")


def unfit(path: Path, what: str, expected: str, *, hint: str = OTHER) -> MissingDependency:
    """A whole file that this engine cannot run."""
    return MissingDependency(f"{path}: {what}; expected {expected}; {hint}")


def check_file(path: Path, *, least: int = 1) -> int:
    """The size of a file in bytes, after a look at what it really is.

    Downloads that went wrong leave a web page, or the pointer that git keeps in place of a
    large file; their first bytes tell.

    Args:
        least: bytes below which it cannot be what it should be.

    Raises:
        MissingDependency: it is not there.
        StorageError: it cannot be read, or is something else.
    """
    try:
        if path.is_dir():
            raise damaged(path, "a folder", "a file")
        with path.open("rb") as file:
            start = file.read(512)
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise missing(path) from error
    except OSError as error:
        raise damaged(
            path, f"cannot be read ({error.strerror})", "a readable file", hint="check its rights"
        ) from error
    if start.startswith(b"version https://git-lfs"):
        raise damaged(path, "a pointer of Git LFS, not the file itself", "the file it points to")
    if start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise damaged(path, "a web page, not a model file", "what the hub has under this name")
    if size < least:
        raise damaged(path, f"{size} bytes", f"at least {least}")
    return size
