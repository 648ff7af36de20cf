"""Projects of hooked books, ``DATA/projects/SOURCE-ID``: made whole, or not at all.

What the first request brought is written once, and the user may change it: voices, cast,
lexicon. Later requests bring revisions of the manuscript and touch nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from book.projectfile import PROJECT_FILE, load_project
from castbook.errors import InputError, ProjectError
from castbook.files import storage_error
from castbook.names import inside
from tasks.hooks.manuscripts import FILES, manuscript_file, manuscript_text
from tasks.hooks.mapping import Hooked
from tasks.hooks.revisions import known_revision, put_in_place, stage
from tasks.hooks.templates import copy_template, find_template, set_values
from tasks.newbook import create_project

PROJECTS = "projects"  # below the data folder


@dataclass(frozen=True, slots=True)
class Staged:
    """A book that can be ordered."""

    project: Path
    revision: str
    known: bool  # the very same payload came before


def stage_book(data: Path, hooked: Hooked, hooks: Path | None, now_s: float) -> Staged:
    """Makes the project of a new id, or keeps a revision of a known one.

    Args:
        hooks: folder of the user's sources, for templates.
        now_s: Unix seconds.

    Raises:
        InputError: the template or the manuscript is wrong.
        StorageError: the folder cannot be written.
    """
    folder = inside(data / PROJECTS, hooked.name, "id")
    content = manuscript_text(hooked).encode("utf-8")
    if not folder.exists():
        with drafted(data, hooked, hooks) as draft:
            revision = stage(draft, hooked.digest, content, now_s)
            try:
                draft.rename(folder)
                return Staged(folder, revision, False)
            except OSError as error:  # somebody was first: this is a revision of theirs
                if not folder.is_dir():
                    raise storage_error(error, folder) from error
    if not (folder / manuscript_file(hooked)).is_file():
        raise InputError(
            f"the project {hooked.name!r} is not of this source: it has no"
            f" {manuscript_file(hooked)}",
            place="id",
        )
    known = bool(known_revision(folder, hooked.digest))
    return Staged(folder, stage(folder, hooked.digest, content, now_s), known)


def promote(project: Path, revision: str) -> bool:
    """Puts a revision in the place of the manuscript, for the run that makes it.

    Returns:
        False: a newer one stands; nothing was changed.

    Raises:
        InputError: it is not here.
    """
    manuscript = next((name for name in FILES if (project / name).is_file()), None)
    if manuscript is None:
        raise InputError("is no project of a hook", path=project, place="revision")
    return put_in_place(project, revision, manuscript)


@contextmanager
def drafted(data: Path, hooked: Hooked, hooks: Path | None) -> Iterator[Path]:
    """The project as it would be, in a temporary folder beside its place.

    Raises:
        InputError: the template or the manuscript is wrong.
        StorageError: the folder cannot be written.
    """
    home = data / PROJECTS
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".castbook-hook-", dir=home) as place:
            yield _draft(Path(place), hooked, hooks)
    except OSError as error:
        raise storage_error(error, home) from error


def _draft(place: Path, hooked: Hooked, hooks: Path | None) -> Path:
    project = place / "project"
    name = manuscript_file(hooked)
    said = {"title": hooked.title, "author": hooked.author, "language": hooked.language}
    values = {key: value for key, value in said.items() if value}
    if hooked.template:
        project.mkdir()
        copy_template(find_template(hooked.template, hooks), project)
        (project / name).write_text(manuscript_text(hooked), encoding="utf-8")
        values["manuscript"] = name
    else:
        (place / name).write_text(manuscript_text(hooked), encoding="utf-8")
        create_project(project, place / name, language=hooked.language or None)
        values.pop("language", None)  # as it was read
    set_values(project / PROJECT_FILE, values)
    try:
        load_project(project)
    except InputError as error:
        made_by = f"the template {hooked.template!r}" if hooked.template else "castbook new"
        reason = str(error).replace(f"{project}/", "")
        raise ProjectError(f"{made_by} gives no project: {reason}") from error
    return project
