"""The books of this machine, held open while somebody reviews them.

A book is found by its name in a list made from the disk: no path is built from what a visitor
sends. What takes long is kept (the script of a novel takes two seconds, 2026-11-21) and read
again when a file that it came from is another; takes are looked at anew each time one appears.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path

from book.project import Project
from book.projectfile import load_project, make_slug
from book.script import Script
from castbook.errors import SelectionError
from tasks.flags import Flag, flags_of
from tasks.keeping import KEPT_FILE
from tasks.location import Build, find_build
from tasks.plan import BookPlan, plan_of
from tasks.sources import RETAKES_FILE, read_script, sources_of
from tasks.voices import Voices

MOST_OPEN = 8  # books held in memory: a novel's script and plan are about 30 MB
PROJECT_FILE = "project.yaml"

Stamp = tuple[tuple[str, int, int], ...]  # path, time of change in ns, bytes


class OpenBook:
    """One book: its plan, as fresh as the disk.

    ``changing`` is held by whoever writes the project's files, so that two clicks do not
    overwrite each other.
    """

    def __init__(self, slug: str, folder: Path) -> None:
        self.slug = slug
        self.folder = folder
        self.changing = threading.RLock()
        self._reading = threading.Lock()
        self._written: tuple[Stamp, Project, Voices, Script] | None = None
        self._planned: tuple[Stamp, BookPlan] | None = None
        self._flagged: tuple[BookPlan, tuple[Flag, ...]] | None = None

    def plan(self) -> BookPlan:
        """The plan of the whole book, made again when anything it came from has changed.

        Raises:
            InputError: the project or the manuscript is wrong.
        """
        with self._reading:
            project, voices, script, written = self._script()
            build = find_build(self.folder, project.slug, None)
            stamp = (*written, *_stamp(_looked_at(self.folder, build)))
            if self._planned is None or self._planned[0] != stamp:
                plan = plan_of(sources_of(project, script), voices, build)
                self._planned = (stamp, plan)
            return self._planned[1]

    def flags(self) -> tuple[Flag, ...]:
        """What only the whole book shows of its takes."""
        plan = self.plan()
        with self._reading:
            if self._flagged is None or self._flagged[0] is not plan:
                self._flagged = (plan, flags_of(plan.chapters, ()))
            return self._flagged[1]

    def _script(self) -> tuple[Project, Voices, Script, Stamp]:
        stamp = _stamp(_beside(self.folder))
        known = self._written
        if known is not None:
            project = known[1]
            stamp = (*stamp, *_stamp(_named(project)))
            if known[0] == stamp:
                return project, known[2], known[3], stamp
        project = load_project(self.folder)
        stamp = (*_stamp(_beside(self.folder)), *_stamp(_named(project)))
        voices = Voices(project)
        script = read_script(project, voices)
        self._written = (stamp, project, voices, script)
        return project, voices, script, stamp


class Bookcase:
    """All books under some folders.

    Args:
        roots: folders of projects, or projects themselves; the first of equal names wins.
    """

    def __init__(self, roots: Iterable[Path]) -> None:
        self._roots = tuple(roots)
        self._open: OrderedDict[Path, OpenBook] = OrderedDict()
        self._lock = threading.Lock()

    def folders(self) -> dict[str, Path]:
        """Name of a book -> its folder, sorted by name."""
        found: dict[str, Path] = {}
        seen: set[Path] = set()
        for folder in self._projects():
            real = folder.resolve()
            if real in seen:
                continue
            seen.add(real)
            name, number = make_slug(folder.name), 2
            while name in found:
                name, number = f"{make_slug(folder.name)}-{number}", number + 1
            found[name] = real
        return dict(sorted(found.items()))

    def open(self, slug: str) -> OpenBook:
        """The book of that name, opened when it is not.

        Raises:
            SelectionError: there is none.
        """
        folder = self.folders().get(slug)
        if folder is None:
            raise SelectionError(f"there is no book {slug[:100]!r} here")
        with self._lock:
            book = self._open.get(folder)
            if book is None or book.slug != slug:
                book = self._open[folder] = OpenBook(slug, folder)
            self._open.move_to_end(folder)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
            return book

    def _projects(self) -> Iterator[Path]:
        for root in self._roots:
            if (root / PROJECT_FILE).is_file():
                yield root
            elif root.is_dir():
                yield from sorted(p.parent for p in root.glob(f"*/{PROJECT_FILE}"))


def _beside(folder: Path) -> Iterator[Path]:
    """The files of a project, but not what is asked about its takes."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name != RETAKES_FILE and not path.name.startswith("."):
            yield path


def _named(project: Project) -> Iterator[Path]:
    """Files that a project names, wherever they are; those of its library with them."""
    yield from project.manuscripts
    yield from project.lexicons
    yield from project.references.values()
    if project.book.library:
        library = (project.folder / project.book.library).resolve()
        yield from (path for path in _beside(library))


def _looked_at(folder: Path, build: Build) -> Iterator[Path]:
    """What a plan reads beside the script. A new take changes the time of its folder."""
    yield folder / RETAKES_FILE
    yield build.failures
    yield build.folder / KEPT_FILE
    if build.takes.is_dir():
        yield from sorted(p for p in build.takes.iterdir() if p.is_dir())


def _stamp(paths: Iterable[Path]) -> Stamp:
    rows = []
    for path in paths:
        try:
            facts = path.stat()
        except OSError:
            continue
        size = 0 if path.is_dir() else facts.st_size
        rows.append((str(path), facts.st_mtime_ns, size))
    return tuple(rows)
