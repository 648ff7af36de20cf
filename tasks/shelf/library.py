"""The library of a service: ``DATA/library``, made on first use, read again when it changes.

It is a castbook library like any other: a book whose ``project.yaml`` says ``library:`` speaks
with the same voices. The file may be edited by hand at any time; castbook changes it where it
stands, under a lock, as a whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from book.mistakes import explain
from book.project import Voice
from book.projectfile import LEXICON_FILE, LIBRARY_FILE
from book.yamlfile import SIZE_LIMIT, place_name, read_yaml
from castbook.errors import InputError, StorageError, Unavailable
from castbook.files import publish, storage_error, temporary_beside, write_text

MOST_VOICES: Final = 1000  # of which each costs about 0.3 ms whenever the file is read anew
_PATIENCE_S: Final = 10.0  # a change takes milliseconds; whoever holds the lock so long is stuck
_LOCK: Final = ".lock"
_NEW: Final = """\
# Voices and defaults that every text and every book of this service can use. A book takes them
# with `library:` and this folder's path in its project.yaml. Voices that are uploaded come here,
# yours may stand beside them.
version: 1
engine: {engine}  # speaks every voice that names no other
# narrator: NAME  # the voice of texts that name none; else one that fits the text's language
# engines: {{}}  # options of each engine, as in a project.yaml
# lexicon: lexicon.yaml  # for books; single texts read a file of that name without being told
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What ``library.yaml`` says."""

    signature: tuple[int, ...]  # another one, another file
    voices: Mapping[str, Voice]
    broken: Mapping[str, str]  # voices that cannot be used, and why
    engine: str  # "": it names none
    engines: Mapping[str, Mapping[str, Any]]
    narrator: str  # "": it names none
    lexicons: tuple[Path, ...]


class Library:
    """The folder and its file. Any number of threads and processes may share it.

    Args:
        engine: written into a library that is made anew.
    """

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder = folder
        self.file = folder / LIBRARY_FILE
        self._engine = engine
        self._contents: Contents | None = None
        self._reading = threading.Lock()

    def read(self) -> Contents:
        """What the file says now; parsed only when it has changed.

        Raises:
            StorageError: it cannot be read, or is no library.
        """
        signature = self._signature()
        known = self._contents
        if known is not None and known.signature == signature:
            return known
        with self._reading:
            if self._contents is None or self._contents.signature != signature:
                self._contents = self._parsed(signature)
            return self._contents

    def change(self, edit: Callable[[str], str]) -> None:
        """Replaces the file by ``edit`` of its text; nobody else changes it meanwhile.

        Raises:
            StorageError: it cannot be written, or would be too large to be read again.
            Unavailable: somebody has been changing it for 10 s.
        """
        with self.locked():
            self._signature()
            text = edit(read_yaml(self.file).text)
            if len(text.encode()) > SIZE_LIMIT:
                raise StorageError(f"{LIBRARY_FILE} is full: delete voices that nobody uses")
            write_text(self.file, text)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Alone with the folder, among all processes of this machine. Not reentrant."""
        path = self.folder / _LOCK
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise storage_error(error, path) from error
        try:
            _wait_for(handle)
            yield
        finally:
            os.close(handle)  # and the lock with it, as it is when the process dies

    def _signature(self) -> tuple[int, ...]:
        try:
            found = self.file.stat()
        except FileNotFoundError:
            with temporary_beside(self.file) as temporary:
                temporary.write_text(_NEW.format(engine=self._engine), "utf-8")
                publish(temporary, self.file)
            found = self.file.stat()
        except OSError as error:
            raise StorageError(f"{LIBRARY_FILE} cannot be read: {error.strerror}") from error
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _parsed(self, signature: tuple[int, ...]) -> Contents:
        try:
            data = read_yaml(self.file).data
        except InputError as error:
            raise _damaged(error.message, error.line) from error
        voices, broken = {}, {}
        for name, entry in (_map(data, "voices") or {}).items():
            try:
                voices[name] = Voice.model_validate(entry)
            except ValidationError as error:
                mistake = next(iter(explain(error, Voice, entry)))
                broken[name] = f"{place_name(mistake.place)} {mistake.message}".strip()
        lexicon = data.get("lexicon", LEXICON_FILE)
        named = [self.folder / str(part) for part in _list(lexicon)]
        return Contents(
            signature=signature,
            voices=voices,
            broken=broken,
            engine=_text(data, "engine"),
            engines=_map(data, "engines") or {},
            narrator=_text(data, "narrator"),
            lexicons=tuple(path for path in named if path.is_file()),
        )


def _wait_for(handle: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Unavailable("somebody else is changing the library: try again") from None
            time.sleep(0.01)


def _map(data: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    value = data.get(key)
    if value is not None and not isinstance(value, dict):
        raise _damaged(f"{key}: is no map", None)
    return value


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key) or ""
    if not isinstance(value, str):
        raise _damaged(f"{key}: is no name", None)
    return value


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _damaged(why: str, line: int | None) -> StorageError:
    at = f":{line}" if line else ""
    return StorageError(f"{LIBRARY_FILE}{at}: {why}; mend the file: it is read again at once")
