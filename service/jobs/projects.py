"""Projects by the names of their folders."""

from __future__ import annotations

from pathlib import Path

from castbook.errors import InputError
from service.desk import Desk


def check_project(desk: Desk, name: str) -> Path:
    """The folder of a project of that name.

    Names are compared with those that stand in the folders of projects: none can lead out.

    Raises:
        InputError: there is none.
    """
    for root in (*desk.settings.projects, desk.settings.data / "projects"):
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            if folder.name == name and (folder / "project.yaml").is_file():
                return folder
    raise InputError(
        f"there is no project {name[:100]!r}", place="project", expected="a name of /books"
    )
