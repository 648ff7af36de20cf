"""What is on the disk that might be archived. Reads names, sizes and times; no content.

    outputs/NAME.wav, NAME.json, batch/…zip     what single texts and batches left
    projects/SLUG/…                             books, with their builds

A file's ``name`` is its place in a zip, and where ``restore`` puts it below the data folder.
"""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from castbook.errors import CastbookError
from castbook.files import is_temporary
from tasks.claims import STALE_S
from tasks.location import find_build
from tasks.status import project_status

# what makes no sense on another day or machine: claims, and marks of what is being written
_LEFT_OUT = frozenset({"claims", "__pycache__", ".git"})


@dataclass(frozen=True, slots=True)
class FileFact:
    """A file as it stands."""

    name: str  # with "/", below the data folder
    path: Path
    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class BookFact:
    """A project below ``projects/`` with its build."""

    slug: str
    files: tuple[FileFact, ...]  # of the project
    built: tuple[FileFact, ...]  # of its build: can be made again, or restored
    finished: bool  # every chapter stands, nothing failed
    claimed: bool  # a process works on it


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the plan looks at, besides records and the clock."""

    outputs: tuple[FileFact, ...] = ()
    books: tuple[BookFact, ...] = ()
    ordered: frozenset[str] = frozenset()  # projects (name or path) of orders that have not ended
    oldest_order: float | None = None  # when the oldest order that has not ended was placed
    orders_known: bool = True  # False: Prefect did not say: nothing may be removed


def gather(
    data: Path,
    *,
    ordered: frozenset[str] = frozenset(),
    oldest_order: float | None = None,
    orders_known: bool = True,
    is_finished: Callable[[Path], bool] | None = None,
) -> Facts:
    """The facts of a data folder.

    Args:
        is_finished: of a project's folder; the default plans the book (3 s for a novel).
    """
    judge = is_finished or book_is_finished
    books = []
    projects = data / "projects"
    for folder in sorted(projects.iterdir()) if projects.is_dir() else ():
        if (folder / "project.yaml").is_file() and not folder.is_symlink():
            books.append(_book(folder, judge))
    return Facts(
        outputs=tuple(files_below(data / "outputs", "outputs")),
        books=tuple(books),
        ordered=ordered,
        oldest_order=oldest_order,
        orders_known=orders_known,
    )


def _book(folder: Path, judge: Callable[[Path], bool]) -> BookFact:
    build = find_build(folder, folder.name, None).folder
    name = f"projects/{folder.name}"
    own = [f for f in files_below(folder, name) if not f.path.is_relative_to(build)]
    claimed = _claimed(build / "claims")
    return BookFact(
        slug=folder.name,
        files=tuple(own),
        built=tuple(files_below(build, f"{name}/build")),
        finished=not claimed and judge(folder),
        claimed=claimed,
    )


def book_is_finished(folder: Path) -> bool:
    """Whether every chapter of a book stands and nothing failed."""
    try:
        row = project_status(folder)
    except CastbookError:
        return False
    return (
        "error" not in row
        and row["chapters"] > 0
        and row["chapters_done"] == row["chapters"]
        and not row["failed"]
    )


def files_below(folder: Path, name: str) -> Iterator[FileFact]:
    """Finished regular files, in a fixed order; links are not followed, hidden ones and
    temporaries left out."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if is_temporary(path) or path.name in _LEFT_OUT:
            continue
        try:
            found = path.lstat()
        except FileNotFoundError:  # gone since it was listed
            continue
        if stat.S_ISDIR(found.st_mode):
            yield from files_below(path, f"{name}/{path.name}")
        elif stat.S_ISREG(found.st_mode):
            yield FileFact(f"{name}/{path.name}", path, found.st_size, found.st_mtime_ns)


def _claimed(folder: Path) -> bool:
    """Whether somebody works on a build: a heartbeat that is not stale. A claim that names
    nothing is of a process that is between two segments, and counts as well."""
    now = time.time()
    for path in folder.glob("*.json"):
        try:
            if now - path.stat().st_mtime <= STALE_S:
                json.loads(path.read_text("utf-8"))
                return True
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            return True  # being written at this moment
    return False
