"""Stamps: what a script was made from, part by part, so that a later plan can say what changed.

A stamp holds digests of everything a person edits (manuscript, cast, castings, lexicon,
voices, options of engines) and of castbook's own rules. Two stamps tell an edit of the
project from an update of castbook; they decide no key.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import book
from book.casting import CASTING_FILE
from book.labels import LABELS_FILE
from book.project import Project
from castbook import __version__
from castbook.canonical import digest, plain
from castbook.resources import configs
from tasks.sources import with_credits

# keys of project.yaml that decide a part; engines' options are a part of their own each
_READING = ("manuscript", "language", "format", "include", "exclude")
_CREDITS = ("title", "author", "series", "credits", "disclosure", "metadata")
_CAST = ("cast", "casting", "narrator_character")
_VOICES = ("voices", "narrator", "engine")
_RULES = ("languages", "speakers", "spoken")  # folders of configs/ that book/ reads


@dataclass(frozen=True, slots=True)
class Stamp:
    """Digests by part: manuscript, cast, castings, lexicon, normaliser, voices, ``engine NAME``,
    rules."""

    parts: Mapping[str, str]

    @property
    def id(self) -> str:
        """Names the stamp in the rows of a script: 12 hex digits."""
        return digest(dict(self.parts))[:12]

    def differs(self, other: Stamp, *parts: str) -> bool:
        """Whether any of the parts is not the same in both."""
        return any(self.parts.get(part) != other.parts.get(part) for part in parts)

    def edited(self, other: Stamp) -> bool:
        """Whether a person changed anything between the two."""
        return self.differs(other, *({*self.parts, *other.parts} - {"rules"}))


def take_stamp(project: Project) -> Stamp:
    """The stamp of a project as it is on the disk now."""
    values = with_credits(project).book.model_dump(mode="json")
    folder = project.folder

    def chosen(keys: Iterable[str]) -> dict[str, Any]:
        return {key: values[key] for key in keys}

    parts = {
        "manuscript": _digest(chosen((*_READING, *_CREDITS)), project.manuscripts),
        "cast": _digest(chosen(_CAST)),
        "castings": _digest({}, [folder / CASTING_FILE, folder / LABELS_FILE]),
        "lexicon": _digest({}, project.lexicons),
        "normaliser": _digest(chosen(("normaliser", "language"))),
        "voices": _digest(chosen(_VOICES), [p for _, p in sorted(project.references.items())]),
        "rules": rules_digest(),
    }
    for name, options in values["engines"].items():
        parts[f"engine {name}"] = _digest(options)
    return Stamp(parts)


@functools.cache
def rules_digest() -> str:
    """Of everything that makes a script out of a manuscript: castbook's version, the sources of
    ``book/`` and the data they read. About 5 ms."""
    found = hashlib.sha256(__version__.encode())
    roots: list[Traversable] = [Path(folder) for folder in book.__path__]
    roots += [configs() / name for name in _RULES]
    for root in roots:
        for file in _files(root):
            found.update(file.name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def _files(folder: Traversable) -> Iterator[Traversable]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _files(entry)
        elif entry.name.endswith((".py", ".yaml")):
            yield entry


def _digest(values: Mapping[str, Any], files: Iterable[Path] = ()) -> str:
    contents = [
        hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "" for file in files
    ]
    return digest({"values": plain(values), "files": contents})[:16]
