"""Sources by name: the user's in ``CASTBOOK_HOOKS`` or ``DATA/hooks``, then the shipped ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file
from pathlib import Path

from pydantic import ValidationError

from book.mistakes import Mistake, explain, one_of, raise_mistakes
from book.yamlfile import read_yaml
from castbook.errors import InputError
from castbook.names import is_safe
from castbook.resources import configs, list_configs
from tasks.hooks.schema import HookFile

FOLDER = "hooks"  # in the data folder, and in configs
TEMPLATES = "templates"  # in a folder of hooks
_RESERVED = "tts"  # /webhook/tts is a route of its own
_LONGEST = 30  # characters: names of files and projects begin with it
_SCHEMES = ("standard", "hmac-sha256", "token", "jwt")


@dataclass(frozen=True, slots=True)
class Source:
    """A source that may post to ``/webhook/NAME``."""

    name: str
    file: HookFile
    folder: Path | None = None  # of the user's hooks, where templates are looked for


def hooks_folder(data: Path, environ: Mapping[str, str] | None = None) -> Path:
    """Where the user's own sources are."""
    env = os.environ if environ is None else environ
    chosen = env.get("CASTBOOK_HOOKS")
    return Path(chosen).expanduser().absolute() if chosen else data / FOLDER


def source_names(folder: Path) -> tuple[str, ...]:
    """All sources, sorted."""
    own = {path.stem for path in folder.glob("*.yaml")} if folder.is_dir() else set()
    return tuple(sorted((own | set(list_configs(FOLDER))) - {_RESERVED}))


def find_source(name: str, folder: Path) -> Source:
    """A source by its name; the user's file counts before a shipped one.

    Args:
        folder: of the user's hooks; it need not exist.

    Raises:
        UnknownSource: there is none.
        ProjectError: its file is wrong; one line for each mistake.
    """
    if is_safe(name) and len(name) <= _LONGEST and name != _RESERVED:
        own = folder / f"{name}.yaml"
        if own.is_file():
            return Source(name, read_hook(own), folder)
        if name in list_configs(FOLDER):
            with as_file(configs() / FOLDER / f"{name}.yaml") as path:
                return Source(name, read_hook(path), folder)
    raise UnknownSource(
        f"there is no source {name[:100]!r}",
        place="source",
        expected="one of " + ", ".join(source_names(folder)),
        hint=f"{name[:100]}.yaml in CASTBOOK_HOOKS or DATA/hooks would make one",
    )


class UnknownSource(InputError):
    """Nobody described this source."""


def read_hook(path: Path) -> HookFile:
    """The file of a source.

    Raises:
        ProjectError: one line for each mistake: file, line, key, what was expected.
    """
    read = read_yaml(path)
    try:
        return HookFile.model_validate(read.data)
    except ValidationError as error:
        raise_mistakes([read.error(m.place, m.message, expected=m.expected, hint=m.hint)
                        for m in _mistakes(error, read.data)])  # fmt: skip
        raise read.error((), "is no source of webhooks") from error


def _mistakes(error: ValidationError, data: object) -> list[Mistake]:
    """Mistakes whose sentence is the schema's own, then those of pydantic's vocabulary."""
    found, rest = [], []
    for detail in error.errors(include_url=False):
        place = tuple(part for part in detail["loc"] if not _is_tag(part))
        if detail["type"] == "value_error":
            found.append(Mistake(place, str(detail["msg"]).removeprefix("Value error, ")))
        elif detail["type"].startswith("union_tag"):
            found.append(Mistake((*place, "scheme"), "no such scheme", expected=one_of(_SCHEMES)))
        else:
            rest.append(detail)
    if rest:
        seen = {mistake.place for mistake in found}
        found += [
            mistake for mistake in explain(error, HookFile, data) if mistake.place not in seen
        ]
    return found


def _is_tag(part: str | int) -> bool:
    """Pydantic puts the branch of a union into its places; no key of the file is called so."""
    return isinstance(part, str) and (part in _SCHEMES or part.startswith(("list[", "function-")))
