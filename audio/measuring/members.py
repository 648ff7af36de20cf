"""The sounds that a name on the command line stands for: a file, an EPUB's, a folder's.

An EPUB's audio members are copied out one at a time under our own name, so that no name in a
package reaches the file system; how much may come out of it is limited. Measures nothing.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from castbook.errors import InputError, StorageError

SUFFIXES: Final = frozenset({".mp3", ".m4b", ".m4a", ".flac", ".wav", ".opus", ".ogg"})
_PACKAGE: Final = ".epub"
# sound hardly packs: ours is stored as it is, 16-bit silence alone comes down to a thousandth
_MOST_PACKED: Final = 100
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)


@dataclass(frozen=True, slots=True)
class Member:
    """One sound: a file, or a part of a package."""

    path: Path  # what the person named, or a file in the folder they named
    member: str = ""  # its name in the package; empty for a plain file


def members(path: Path) -> tuple[Member, ...]:
    """Every sound of a file, package or folder, in the order of their names.

    Folders are searched to the bottom; what is no sound in them is passed over. A plain file
    is taken for a sound whatever its name.

    Raises:
        InputError: a folder or package without sound, or a package that is none.
    """
    if path.is_dir():
        known = SUFFIXES | {_PACKAGE}
        files = [f for f in path.rglob("*") if f.suffix.lower() in known and f.is_file()]
        found = [m for file in sorted(files, key=_natural) for m in members(file)]
        if not found:
            raise InputError("there is no sound in this folder", path=path, expected=_expected())
        return tuple(found)
    if path.suffix.lower() != _PACKAGE:
        return (Member(path),)
    with _opened(path) as package:
        names = dict.fromkeys(i.filename for i in package.infolist() if not i.is_dir())
    sounds = [name for name in names if PurePosixPath(name).suffix.lower() in SUFFIXES]
    if not sounds:
        raise InputError("this EPUB has no sound in it", path=path, expected=_expected())
    return tuple(Member(path, name) for name in sounds)


@contextlib.contextmanager
def as_file(sound: Member) -> Iterator[Path]:
    """The sound as a file of its own; what was copied out is gone afterwards.

    Raises:
        InputError: the package is damaged, or the member packed as no sound can be.
        StorageError: no room for the copy.
    """
    if not sound.member:
        yield sound.path
        return
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="castbook-check-"))
            copy = Path(folder) / f"sound{PurePosixPath(sound.member).suffix.lower()}"
            _copy(sound, copy)
        except OSError as error:
            raise StorageError(
                f"{tempfile.gettempdir()}: {sound.member} cannot be copied out to be measured "
                f"({error.strerror or error}): free some space, or set TMPDIR to another folder, "
                "and run the same command again"
            ) from error
        yield copy


def _copy(sound: Member, copy: Path) -> None:
    with _opened(sound.path) as package:
        info = package.getinfo(sound.member)
        if info.file_size > _MOST_PACKED * max(1, info.compress_size):
            raise InputError(
                f"{sound.member} is packed more than {_MOST_PACKED} times: that is no sound",
                path=sound.path,
                expected="sound as it comes from an encoder",
            )
        with package.open(info) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        package = zipfile.ZipFile(path)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputError(f"cannot be opened: {why}", path=path, expected=_expected()) from error
    except _BROKEN as error:
        raise _damaged(path, error) from error
    with package:
        try:
            yield package
        except _BROKEN as error:
            raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"the EPUB is damaged ({error})", path=path, expected="a whole ZIP package")


def _natural(path: Path) -> list[tuple[int, str]]:
    """Chapter 2 before chapter 10."""
    parts = re.findall(r"\d+|\D+", str(path))
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def _expected() -> str:
    return f"{', '.join(sorted(s[1:].upper() for s in SUFFIXES))} or EPUB with sound"
