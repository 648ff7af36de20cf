"""The watched folder: files of JSON lines that other programs drop, read line by line.

A line is taken when it is whole: it ends with a line end, or it is a whole JSON object, which
the beginning of a longer one never is. A file moves to ``done/`` when all its lines were taken
and nobody has written it for a while. Nothing here remembers what was taken: the key of a line
says it again, however often it is read.
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from castbook.errors import InputError
from castbook.files import storage_error, write_text
from tasks.batches.jsonlines import MOST_BYTES, MOST_ROWS, read_line
from tasks.batches.rows import Row, read_row

DONE = "done"
QUIET_S = 30.0  # without a write, before a file counts as finished


@dataclass(frozen=True, slots=True)
class DroppedLine:
    """A whole line of a dropped file."""

    file: str
    number: int  # 1… in the file
    content: bytes

    @property
    def key(self) -> str:
        """The same for the same line of the same file, 64 hex digits."""
        told = b"\0".join((self.file.encode(), str(self.number).encode(), self.content))
        return hashlib.sha256(told).hexdigest()

    def row(self) -> Row:
        """What it asks for; a row without a name gets one that no other line has.

        Raises:
            InputError: it is no row.
        """
        try:
            written = read_line(self.content)
        except InputError as error:
            raise InputError(
                error.message, path=self.file, line=self.number, expected=error.expected
            ) from error
        return read_row(written, number=self.number, line=self.number, path=self.file)

    def said(self, error: InputError) -> str:
        """What is wrong with it, in one sentence that names the file and the line."""
        here = "" if error.path else f"{self.file}:{self.number}: "
        return f"{here}{error}"

    @property
    def name(self) -> str:
        """For the output of a row without a name."""
        stem = re.sub(r"[^A-Za-z0-9_-]", "_", Path(self.file).stem)[:60]
        return f"drop_{stem}_{self.number:03d}_{self.key[:8]}"


@dataclass(frozen=True, slots=True)
class Drop:
    """A dropped file as it is now."""

    path: Path
    lines: tuple[DroppedLine, ...]
    whole: bool  # False: its last line is still being written
    size: int
    written: float  # Unix seconds of its last write

    def finished(self, now: float, quiet_s: float = QUIET_S) -> bool:
        """Whether its writer seems to be done."""
        return self.whole and now - self.written >= quiet_s


@dataclass(frozen=True, slots=True)
class Collected:
    """What one look at the folder came to."""

    taken: int  # lines handed on, or found to have been before
    refused: tuple[str, ...]  # lines that are no rows, one sentence each
    moved: tuple[str, ...]  # files that are done


def collect(
    inbox: Path, place: Callable[[DroppedLine, Row], None], now: float, quiet_s: float = QUIET_S
) -> Collected:
    """Hands every whole line of every file to ``place``, and moves away what is done.

    Args:
        place: takes a row; the same key again must change nothing. An ``InputError`` refuses
            the row for good. Whatever else it raises ends this look; nothing moves, and the
            next look begins again.
        now: Unix seconds.

    Raises:
        StorageError: a file cannot be read or moved.
    """
    taken, refused, moved = 0, [], []
    for path in dropped(inbox):
        try:
            drop = read_drop(path)
        except InputError as error:  # too large: nobody will ever take it
            refused.append(str(error))
            moved.append(_away(path, [str(error)]).name)
            continue
        except FileNotFoundError:
            continue  # another look was faster
        wrong = []
        for line in drop.lines:
            try:
                place(line, line.row())
            except InputError as error:
                wrong.append(line.said(error))
                continue
            taken += 1
        refused += wrong
        if drop.finished(now, quiet_s) and _unchanged(drop):
            moved.append(_away(path, wrong).name)
    return Collected(taken, tuple(refused), tuple(moved))


def dropped(inbox: Path) -> Iterator[Path]:
    """The files to look at, sorted. Hidden ones, links and folders are none."""
    for path in sorted(inbox.glob("*.jsonl")):
        if not path.name.startswith(".") and path.is_file() and not path.is_symlink():
            yield path


def read_drop(path: Path) -> Drop:
    """A file's whole lines.

    Raises:
        InputError: it has too many bytes or lines.
        FileNotFoundError: it is gone.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise storage_error(error, path) from error
    if len(content) > MOST_BYTES:
        raise InputError("is too large", path=path.name, expected=f"at most {MOST_BYTES} bytes")
    *lines, last = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
    whole = not last.strip() or _is_object(last)
    if whole:
        lines.append(last)
    if len(lines) > MOST_ROWS + 1:
        raise InputError("has too many lines", path=path.name, expected=f"at most {MOST_ROWS}")
    rows = tuple(
        DroppedLine(path.name, number, line.strip())
        for number, line in enumerate(lines, 1)
        if line.strip()
    )
    return Drop(path, rows, whole, len(content), found.st_mtime)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(read_line(line), dict)
    except InputError:
        return False


def _unchanged(drop: Drop) -> bool:
    with contextlib.suppress(OSError):
        return drop.path.stat().st_size == drop.size
    return False


def _away(path: Path, wrong: list[str]) -> Path:
    """Moves a file to ``done/`` without replacing one; beside it goes what was refused."""
    folder = path.parent / DONE
    try:
        folder.mkdir(exist_ok=True)
        target, number = folder / path.name, 1
        while target.exists():
            number += 1
            target = folder / f"{path.stem}-{number}{path.suffix}"
        if wrong:
            write_text(target.with_suffix(".refused.txt"), "\n".join(wrong) + "\n")
        path.rename(target)
    except OSError as error:
        raise storage_error(error, path) from error
    return target
