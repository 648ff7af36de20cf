"""The project file of a hooked book: of a template or of ``castbook new``, with its own title."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from book.projectfile import PROJECT_FILE
from book.yamlfile import read_yaml
from book.yamltext import scalar
from book.yamltree import parse_tree
from castbook.errors import InputError
from castbook.names import safe_name
from castbook.resources import configs
from tasks.hooks.sources import FOLDER, TEMPLATES

_MOST_FILES = 2000  # of a template
_SKIPPED = ("build", ".git", "revisions")


def find_template(name: str, folder: Path | None) -> Path:
    """A template: a folder with a ``project.yaml``, or one such file by its name.

    Args:
        folder: of the user's hooks.

    Raises:
        InputError: there is none.
    """
    safe_name(name, "template")
    homes = [folder / TEMPLATES] if folder is not None else []
    homes.append(Path(str(configs())) / FOLDER / TEMPLATES)
    for home in homes:
        if (home / name / PROJECT_FILE).is_file():
            return home / name
        for file in (home / name, home / f"{name}.yaml"):
            if file.is_file():
                return file
    raise InputError(
        f"there is no template {name!r}",
        place="template",
        expected=f"a folder {TEMPLATES}/{name} with a project.yaml, beside the sources",
    )


def copy_template(template: Path, folder: Path) -> None:
    """Copies a template into an empty folder; what was built there is not part of it.

    Raises:
        InputError: it is larger than a template is.
    """
    if template.is_file():
        shutil.copyfile(template, folder / PROJECT_FILE)
        return
    copied = 0
    for path in sorted(template.rglob("*")):
        place = path.relative_to(template)
        if place.parts[0] in _SKIPPED or path.is_symlink() or not path.is_file():
            continue
        copied += 1
        if copied > _MOST_FILES:
            raise InputError(f"has more than {_MOST_FILES} files", path=template, place="template")
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / place)


def set_values(file: Path, values: Mapping[str, str]) -> None:
    """Puts values at the top of a project file; every other character stays as it is.

    Raises:
        ProjectError: the file cannot be read.
    """
    text = read_yaml(file).text
    edits: list[tuple[int, int, str]] = []
    added = []
    root = parse_tree(text)
    for key, value in values.items():
        node = root.child(key)
        if node is None:
            added.append(f"{key}: {scalar(value)}\n")
        elif node.children is not None:
            raise InputError("is no text", path=file, place=key, expected="one value")
        else:
            edits.append((node.start, node.end, scalar(value)))
    for start, end, value in sorted(edits, reverse=True):
        text = text[:start] + value + text[end:]
    file.write_text(text.rstrip("\n") + "\n" + "".join(added), encoding="utf-8")
