"""Where a project and its build are, on this machine.

Neither depends on the current directory of the process that will do the work: a project is
named by an absolute folder, or by a name looked up under ``CASTBOOK_PROJECTS``.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from castbook.errors import ProjectError
from castbook.files import storage_error, write_text
from castbook.settings import Settings


@dataclass(frozen=True, slots=True)
class Build:
    """The folders of one build. Everything below it can be deleted and made again."""

    folder: Path

    @property
    def script(self) -> Path:
        """Segments of each chapter, as JSON lines."""
        return self.folder / "script"

    @property
    def takes(self) -> Path:
        """The take store."""
        return self.folder / "takes"

    @property
    def voices(self) -> Path:
        """Decoded reference clips, by digest."""
        return self.folder / "voices"

    @property
    def chapters(self) -> Path:
        """Masters, timelines and captions."""
        return self.folder / "chapters"

    @property
    def out(self) -> Path:
        """Book files and report."""
        return self.folder / "out"

    @property
    def failures(self) -> Path:
        """What failed in the last run, by anchor."""
        return self.folder / "failures.json"

    def create(self) -> None:
        """Makes the folder, ignored by git.

        Raises:
            StorageError: it cannot be made or written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, self.folder) from error
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            write_text(ignore, "# made by castbook: everything here can be made again\n*\n")


def find_project(name: str | Path, settings: Settings | None = None) -> Path:
    """The folder of a project named by a path or, under ``CASTBOOK_PROJECTS`` or in the data
    folder, by its name.

    Raises:
        ProjectError: not found; names this machine and the paths that were tried.
    """
    settings = settings or Settings.read()
    given = Path(name).expanduser()
    tried = [given.absolute()]
    if not given.is_absolute():
        tried += [root / given for root in (*settings.projects, settings.data / "projects")]
    for candidate in tried:
        folder = candidate.parent if candidate.name == "project.yaml" else candidate
        if (folder / "project.yaml").is_file():
            return folder.resolve()
    raise ProjectError(
        f"no project {str(name)!r} on the machine {platform.node()!r}",
        expected="a folder with a project.yaml",
        hint="tried " + ", ".join(str(t) for t in tried) + "; set CASTBOOK_PROJECTS to the"
        " folder that holds your projects, or start one with: castbook new DIR --manuscript FILE",
    )


def find_build(
    folder: Path, slug: str, chosen: str | Path | None, settings: Settings | None = None
) -> Build:
    """``chosen``, else ``CASTBOOK_BUILD/<slug>``, else ``build/`` inside the project."""
    settings = settings or Settings.read()
    if chosen is not None:
        return Build(Path(chosen).expanduser().absolute())
    if settings.build is not None:
        return Build(settings.build / slug)
    return Build(folder / "build")
