"""Where a project's files really are: inside the project or its library, nowhere else.

A path of the project is looked for in the project and then in the library; a path of the
library in the library. Absolute paths are refused, as is every path whose real place, with
all links followed, lies outside both folders.
"""

from __future__ import annotations

import os.path
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from book.mistakes import Mistake, nearest
from book.yamlfile import KeyPath, shown

_ABSOLUTE = re.compile(r"[/\\~]|[A-Za-z]:")  # also as another system would write it


@dataclass(frozen=True, slots=True)
class Roots:
    """The folders a project may read from. Absolute."""

    project: Path
    library: Path | None = None

    def find(self, written: str, place: KeyPath, *, of_library: bool = False) -> Path | Mistake:
        """The file that ``written`` names, or what is wrong with it.

        Args:
            written: the path as it stands in the YAML.
            place: the key it stands at.
            of_library: it stands in ``library.yaml``.
        """
        wrong = check_form(written, place)
        if wrong:
            return wrong
        homes = [self.library] if of_library else [self.project, self.library]
        candidates = [home / written for home in homes if home is not None]
        inside: list[Path] = []
        for candidate in candidates:
            if self._holds(candidate):
                if file_kind(candidate) == stat.S_IFREG:
                    return candidate
                inside.append(candidate)
            elif os.path.lexists(candidate):
                inside.clear()
                break
        if not inside:
            return Mistake(
                place,
                f"{shown(written)} lies outside the project",
                "a file in the project's folder or its library",
                "copy it there",
            )
        for kind in map(file_kind, inside):
            if kind is not None:
                what = "a folder" if kind == stat.S_IFDIR else "not an ordinary file"
                return Mistake(place, f"{shown(written)} is {what}", "a file")
        return Mistake(
            place, f"no file {shown(written)}", f"a file in {inside[0].parent}", _near(inside)
        )

    def _holds(self, candidate: Path) -> bool:
        real = os.path.realpath(candidate)
        homes = [home for home in (self.project, self.library) if home is not None]
        return any(Path(real).is_relative_to(os.path.realpath(home)) for home in homes)


def check_form(written: str, place: KeyPath) -> Mistake | None:
    """What is wrong with a path before the disk is asked, if anything."""
    if not written.strip() or "\0" in written:
        return Mistake(place, f"found {shown(written)}", "a path")
    if _ABSOLUTE.match(written):
        return Mistake(
            place,
            f"{shown(written)} is an absolute path",
            "a path relative to this file, so that the project works on every machine",
        )
    return None


def file_kind(path: Path) -> int | None:
    """The type bits of a path, links followed; None when there is nothing to open."""
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except OSError:  # missing, too long a name, an unreadable folder: no file for us
        return None


def _near(candidates: list[Path]) -> str | None:
    """The file of the same folders with the most similar name."""
    names: list[str] = []
    for candidate in candidates:
        try:
            names += [entry.name for entry in candidate.parent.iterdir() if entry.is_file()]
        except OSError:  # no such folder, or unreadable: there is nothing to suggest
            continue
    return nearest(candidates[0].name, sorted(names))
