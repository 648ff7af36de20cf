"""``project.yaml``, and the library under it, to a ``Project``.

Reads both files, lays the project over the library key by key, validates by the schema in
``book/project.py`` and then checks what a schema cannot: that names refer to something,
that files exist and lie where they may. Writes nothing.
"""

from __future__ import annotations

import dataclasses
import os.path
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from book.mistakes import Mistake, check_version, explain, raise_mistakes
from book.project import Book, Project
from book.projectchecks import SOURCES, check_book
from book.projectpaths import Roots, check_form, file_kind
from book.yamlfile import KeyPath, YamlFile, read_yaml, shown
from castbook.errors import ProjectError

PROJECT_FILE = "project.yaml"
LIBRARY_FILE = "library.yaml"
LEXICON_FILE = "lexicon.yaml"  # read without being named when it lies beside project.yaml

_SOUND = (*SOURCES, "parameters", "transcript", "consent")  # belong to one source
_OF_A_BOOK = ("title", "manuscript", "library", "include", "exclude", "narrator_character")


def load_project(path: Path) -> Project:
    """The project in the folder ``path`` (or whose ``project.yaml`` it is).

    Raises:
        ProjectError: with one line for each mistake: file, line, key, what was expected.
    """
    if path.is_dir() or path.suffix not in (".yaml", ".yml"):
        path = path / PROJECT_FILE
    if not path.exists():
        raise ProjectError(
            "does not exist",
            path=path,
            expected="a project",
            hint="start one with: castbook new DIR --manuscript FILE",
        )
    own = read_yaml(path)
    check_version(own)
    folder = path.parent.resolve()
    library, library_folder = _library(own, folder)
    merged = _overlay(library.data if library else {}, own.data)
    files = _Files(own, library and _surviving(library, merged), library_folder)
    try:
        book = Book.model_validate(merged)
    except ValidationError as error:
        raise_mistakes([files.error(mistake) for mistake in explain(error, Book, merged)])
        raise own.error((), "is not a project") from error
    found = _Finder(files, Roots(folder, files.library_folder), book)
    project = found.project(folder)
    raise_mistakes([*found.errors, *map(files.error, check_book(book))])
    return project


def make_slug(name: str) -> str:
    """A folder's name as the name of its build: letters of any script, digits, '-' and '_'."""
    kept = (c if _is_safe(c) else " " for c in unicodedata.normalize("NFC", name))
    return "-".join("".join(kept).split()).strip("-_")[:64].rstrip("-_") or "book"


def _is_safe(character: str) -> bool:
    """Letters, their marks (Hindi needs them) and decimal digits: what a ``Slug`` may hold."""
    kind = unicodedata.category(character)
    return kind[0] in "LM" or kind == "Nd" or character in "-_"


@dataclass(frozen=True)
class _Files:
    """The project's file and its library's, to say where a merged key was written."""

    own: YamlFile
    library: YamlFile | None = None
    library_folder: Path | None = None

    def of(self, place: KeyPath) -> YamlFile:
        """The file in which ``place``, or most of it, is written; the project's if neither."""
        if self.library and self.library.depth(place) > self.own.depth(place):
            return self.library
        return self.own

    def error(self, mistake: Mistake) -> ProjectError:
        return mistake.error(self.of(mistake.place))


def _library(own: YamlFile, folder: Path) -> tuple[YamlFile | None, Path | None]:
    written = own.data.get("library")
    if not isinstance(written, str):  # absent, or the schema will say what is wrong
        return None, None
    wrong = check_form(written, ("library",))
    if wrong:
        raise own.error(("library",), wrong.message, expected=wrong.expected)
    home = Path(os.path.realpath(folder / written))
    if file_kind(home) != stat.S_IFDIR:
        raise own.error(
            ("library",), f"no folder {shown(written)}", expected="a folder relative to this file"
        )
    if not (home / LIBRARY_FILE).is_file():
        raise own.error(
            ("library",), f"{shown(written)} is no library", expected=f"a {LIBRARY_FILE} in it"
        )
    if not Path(os.path.realpath(home / LIBRARY_FILE)).is_relative_to(home):
        raise own.error(("library",), f"its {LIBRARY_FILE} lies outside the library")
    library = read_yaml(home / LIBRARY_FILE)
    check_version(library)
    raise_mistakes(
        [
            library.error((key,), "belongs to one book", expected=f"it in {own.path} instead")
            for key in _OF_A_BOOK
            if key in library.data
        ]
    )
    return library, home


def _overlay(base: dict[str, Any], over: Mapping[str, Any], place: KeyPath = ()) -> dict[str, Any]:
    """``over`` laid on ``base`` key by key; lists are replaced whole.

    A voice that names a source of its own (a preset, a clip, styles) takes nothing from the
    sound of the library's voice, or a new clip would keep the old one's transcript and
    consent. Styles laid on styles are merged.
    """
    result = dict(base)
    if len(place) == 2 and place[0] == "voices":
        sources = [key for key in SOURCES if key in over]
        if sources and not (sources == ["styles"] and "styles" in base):
            result = {key: value for key, value in base.items() if key not in _SOUND}
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            value = _overlay(below, value, (*place, key))
        result[key] = value
    return result


def _surviving(library: YamlFile, merged: Any) -> YamlFile:
    """The library's file, with the lines of those keys only that the project left in place."""

    def stays(place: KeyPath) -> bool:
        value = merged
        for part in place:
            if isinstance(value, list):
                value = dict(enumerate(value))
            if not isinstance(value, dict) or part not in value:
                return False
            value = value[part]
        return True

    lines = {place: line for place, line in library.lines.items() if stays(place)}
    return dataclasses.replace(library, lines=lines)


class _Finder:
    """Finds every file the book names; collects those that are not where they may be."""

    def __init__(self, files: _Files, roots: Roots, book: Book) -> None:
        self.errors: list[ProjectError] = []
        self._files = files
        self._roots = roots
        self._book = book

    def project(self, folder: Path) -> Project:
        """The project; only true when no errors were collected."""
        book = self._book
        manuscripts = [self._find(name, place) for name, place in self._manuscripts()]
        references = {key: self._find(written, place) for key, written, place in _references(book)}
        for name, voice in book.voices.items():
            if voice.consent and voice.consent.record is not None:
                self._find(voice.consent.record, ("voices", name, "consent", "record"))
        cover = None if book.cover is None else self._find(book.cover, ("cover",))
        return Project(
            folder=folder,
            slug=make_slug(folder.name),
            book=book,
            manuscripts=tuple(path for path in manuscripts if path),
            references={key: path for key, path in references.items() if path},
            lexicons=tuple(self._lexicons(folder)),
            cover=cover,
        )

    def _manuscripts(self) -> list[tuple[str, KeyPath]]:
        written = self._book.manuscript
        if isinstance(written, str):
            return [(written, ("manuscript",))]
        if not written:
            empty = Mistake(("manuscript",), "is empty", "at least one file")
            self.errors.append(self._files.error(empty))
        return [(name, ("manuscript", i)) for i, name in enumerate(written)]

    def _lexicons(self, folder: Path) -> Iterator[Path]:
        """The library's first, then the project's: the last one wins."""
        library, own = self._files.library, self._files.own
        shared = library.data.get("lexicon") if library else None
        named = [(name, place, True) for name, place in _listed(shared)]
        if "lexicon" in own.data:
            named += [(name, place, False) for name, place in _listed(self._book.lexicon)]
        elif (folder / LEXICON_FILE).is_file():
            named.append((LEXICON_FILE, ("lexicon",), False))
        for name, place, of_library in named:
            path = self._find(name, place, of_library=of_library)
            if path:
                yield path

    def _find(self, written: str, place: KeyPath, *, of_library: bool = False) -> Path | None:
        file = self._files.of(place)
        if of_library and self._files.library:
            file = self._files.library
        found = self._roots.find(written, place, of_library=file is self._files.library)
        if isinstance(found, Mistake):
            self.errors.append(found.error(file))
            return None
        return found


def _listed(written: object) -> Iterator[tuple[str, KeyPath]]:
    """The file or files that ``lexicon:`` names."""
    if isinstance(written, str):
        yield written, ("lexicon",)
    elif isinstance(written, list):
        for i, name in enumerate(written):
            if isinstance(name, str):
                yield name, ("lexicon", i)


def _references(book: Book) -> Iterator[tuple[tuple[str, str], str, KeyPath]]:
    """((voice, style), path as written, place) of every clip."""
    for name, voice in book.voices.items():
        if voice.reference is not None:
            yield (name, ""), voice.reference, ("voices", name, "reference")
        for style, clip in voice.styles.items():
            yield (name, style), clip.reference, ("voices", name, "styles", style, "reference")
