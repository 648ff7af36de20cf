"""``project.yaml``, read and validated: every mistake is one line.

The library's ``library.yaml`` is laid under the project key by key; then the schema in
``book/project.py`` is checked, then what a schema cannot know: that names refer to
something, that files exist and lie inside the project or its library.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from book.project import Book, Project
from book.yamlfile import Place, YamlFile, read_yaml, shown
from castbook.errors import ProjectError

FILE = "project.yaml"
LIBRARY_FILE = "library.yaml"
SHARED = (
    "voices",
    "cast",
    "lexicon",
    "engine",
    "engines",
    "pauses",
    "profile",
    "casting",
    "rate",
    "outputs",
    "metadata",
)
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")


class Mistakes(ProjectError):
    """Several mistakes, one line each."""

    def __init__(self, mistakes: Iterable[ProjectError]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(m) for m in self.mistakes))


def load_project(path: Path) -> Project:
    """The project of a folder (or of its ``project.yaml``).

    Raises:
        ProjectError: one line per mistake.
    """
    folder = path.parent if path.name == FILE else path
    file = folder / FILE
    if not file.is_file():
        raise ProjectError("no such project", path=file, expected=f"a folder with a {FILE}")
    folder = folder.resolve()
    own = read_yaml(file)
    if not isinstance(own.data, dict):
        raise ProjectError("not a project", path=file, expected="a map of keys: version, title, …")
    return _Reading(folder, own).project()


class _Reading:
    """One project on its way from YAML to ``Project``."""

    def __init__(self, folder: Path, own: YamlFile) -> None:
        self.folder = folder
        self.own = own
        self.library: YamlFile | None = None
        self.library_folder: Path | None = None
        self.mistakes: list[ProjectError] = []

    def project(self) -> Project:
        data = self._with_library()
        try:
            book = Book.model_validate(data)
        except ValidationError as error:
            raise _all([self._mistake(e) for e in error.errors()]) from error
        self._references(book)
        project = Project(
            folder=self.folder,
            slug=slug_of(self.folder.name),
            book=book,
            manuscripts=tuple(self._manuscripts(book)),
            references=dict(self._clips(book)),
            lexicons=tuple(self._lexicons(book)),
            cover=self._file(book.cover, ("cover",)) if book.cover else None,
        )
        if self.mistakes:
            raise _all(self.mistakes)
        return project

    def _with_library(self) -> dict[str, Any]:
        data = dict(self.own.data)
        written = data.get("library")
        if not isinstance(written, str):
            return data
        place = ("library",)
        if Path(written).is_absolute():
            raise self._wrong(place, "an absolute path", expected="a path relative to the project")
        folder = (self.folder / written).resolve()
        file = folder / LIBRARY_FILE
        if not file.is_file():
            raise self._wrong(place, f"no {LIBRARY_FILE} in {written}")
        self.library, self.library_folder = read_yaml(file), folder
        shared = self.library.data if self.library.data is not None else {}
        if not isinstance(shared, dict):
            raise ProjectError("not a library", path=file, expected="a map of keys")
        for key in shared:
            if key not in SHARED:
                raise ProjectError(
                    "a library cannot set this key",
                    path=file,
                    line=self.library.line((key,)),
                    place=str(key),
                    expected="one of " + ", ".join(SHARED),
                    hint=nearest(str(key), SHARED),
                )
        return overlay(shared, data)

    def _references(self, book: Book) -> None:
        voices = list(book.voices)
        if book.narrator not in book.voices:
            self._note(
                ("narrator",), f"no voice {book.narrator!r}", hint=nearest(book.narrator, voices)
            )
        owners: dict[str, str] = {}
        for key, character in book.cast.items():
            if key == "narrator":
                self._note(("cast", key), "the narrator is no character: see narrator:")
            if character.voice not in book.voices:
                self._note(
                    ("cast", key, "voice"),
                    f"no voice {character.voice!r}",
                    hint=nearest(character.voice, voices),
                )
            for alias in character.aliases:
                other = owners.setdefault(alias.casefold(), key)
                if other != key:
                    self._note(("cast", key, "aliases"), f"{alias!r} is an alias of {other!r} too")
        who = book.narrator_character
        if who is not None and who not in book.cast:
            self._note(
                ("narrator_character",), f"no character {who!r}", hint=nearest(who, book.cast)
            )
        if not _LANGUAGE.fullmatch(book.language):
            self._note(
                ("language",), f"{book.language!r} is no language tag", expected="such as en or zh"
            )
        for key, voice in book.voices.items():
            self._voice(key, voice)

    def _voice(self, key: str, voice: Any) -> None:
        place: Place = ("voices", key)
        sources = [n for n in ("preset", "reference", "styles") if getattr(voice, n)]
        if len(sources) != 1:
            found = " and ".join(sources) or "none"
            self._note(place, f"has {found}", expected="exactly one of preset, reference or styles")
        if (voice.reference or voice.styles) and voice.consent is None:
            self._note(
                place,
                "a cloned voice without consent",
                expected="consent: {basis: self | licensed | public-domain | synthetic}",
            )
        if voice.transcript and not voice.reference:
            self._note((*place, "transcript"), "a transcript without a reference")
        if voice.consent is not None and voice.consent.record:
            self._file(voice.consent.record, (*place, "consent", "record"))

    def _manuscripts(self, book: Book) -> Iterator[Path]:
        many = book.manuscript if isinstance(book.manuscript, list) else [book.manuscript]
        for number, name in enumerate(many):
            place: Place = (
                ("manuscript", number) if isinstance(book.manuscript, list) else ("manuscript",)
            )
            yield self._file(name, place)

    def _clips(self, book: Book) -> Iterator[tuple[tuple[str, str], Path]]:
        for key, voice in book.voices.items():
            if voice.reference:
                yield (key, ""), self._file(voice.reference, ("voices", key, "reference"))
            for style, written in voice.styles.items():
                place = ("voices", key, "styles", style, "reference")
                yield (key, style), self._file(written.reference, place)

    def _lexicons(self, book: Book) -> Iterator[Path]:
        if self.library is not None and self.library_folder is not None:
            shared = self.library.data.get("lexicon") if self.library.data else None
            if isinstance(shared, str):
                yield self.library_folder / shared
        if isinstance(self.own.data.get("lexicon"), str):
            yield self._file(self.own.data["lexicon"], ("lexicon",))

    def _file(self, name: str, place: Place) -> Path:
        """A file inside the project or its library; a mistake is noted."""
        roots = [self.folder]
        if self.library_folder is not None:
            roots.append(self.library_folder)
        if Path(name).is_absolute():
            self._note(place, f"{name!r} is an absolute path", expected="one inside the project")
            return self.folder
        for root in roots:
            found = (root / name).resolve()
            if found.is_file() and any(found.is_relative_to(r) for r in roots):
                return found
        inside = any((r / name).resolve().is_relative_to(r) for r in roots)
        problem = f"no file {name!r}" if inside else f"{name!r} leaves the project"
        if inside and (self.folder / name).is_dir():
            problem = f"{name!r} is a folder"
        self._note(place, problem, expected="a file inside the project or its library")
        return self.folder

    def _mistake(self, error: ErrorDetails) -> ProjectError:
        place: Place = tuple(p for p in error["loc"] if not _branch(p))
        kind = error["type"]
        if kind == "extra_forbidden":
            known = fields_at(place[:-1])
            return self._wrong(
                place,
                "unknown key",
                expected="one of " + ", ".join(known),
                hint=nearest(str(place[-1]), known),
            )
        if kind == "missing":
            return self._wrong(place, "this key is missing")
        found = error.get("input")
        text = error["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        return self._wrong(place, f"found {_brief(found)}", expected=text)

    def _wrong(
        self, place: Place, message: str, expected: str | None = None, hint: str | None = None
    ) -> ProjectError:
        file = self.own
        if self.library is not None and place not in self.own.lines and place in self.library.lines:
            file = self.library
        return ProjectError(
            message,
            path=file.path,
            line=file.line(place),
            place=shown(place),
            expected=expected,
            hint=hint,
        )

    def _note(
        self, place: Place, message: str, expected: str | None = None, hint: str | None = None
    ) -> None:
        self.mistakes.append(self._wrong(place, message, expected, hint))


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` laid over ``below``, key by key through all maps."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = overlay(old, value) if both and old is not None else value
    return merged


def slug_of(name: str) -> str:
    """A folder's name made safe for file names and run names; letters of any script stay."""
    text = unicodedata.normalize("NFC", name).casefold()
    return re.sub(r"[^\w]+", "-", text).strip("-_") or "book"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """``did you mean 'watson'?`` or None."""
    near = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f"did you mean {near[0]!r}?" if near else None


def fields_at(place: Place) -> tuple[str, ...]:
    """The keys the schema knows at a place."""
    model: Any = Book
    for part in place:
        inner = _model_of(model, part)
        if inner is None:
            return ()
        model = inner
    return tuple(getattr(model, "model_fields", {}))


def _model_of(model: Any, part: str | int) -> Any:
    fields = getattr(model, "model_fields", None)
    if fields is None or part not in fields:
        return model if fields is not None and not isinstance(part, int) else None
    pending = [fields[part].annotation]
    while pending:
        kind = pending.pop()
        if hasattr(kind, "model_fields"):
            return kind
        pending += list(getattr(kind, "__args__", ()))
    return None


def _branch(part: str | int) -> bool:
    """Names pydantic adds to a place for the branch of a union."""
    return isinstance(part, str) and (
        part in ("str", "int", "float", "bool", "NoDisclosure") or "[" in part
    )


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _all(mistakes: list[ProjectError]) -> ProjectError:
    unique = list({str(m): m for m in mistakes}.values())
    return unique[0] if len(unique) == 1 else Mistakes(unique)
