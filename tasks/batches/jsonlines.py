"""A batch as a file: JSON lines to rows, each line by itself."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from castbook.errors import InputError
from castbook.files import storage_error
from tasks.batches.rows import Row, read_row
from tasks.batches.running import Unread

MOST_ROWS = 10_000
MOST_BYTES = 64 * 1024 * 1024  # of a file: 6 kB for each of MOST_ROWS
MOST_LINE = 1024 * 1024  # bytes


def read_batch(path: Path, defaults: Mapping[str, object] | None = None) -> list[Row | Unread]:
    """The rows of a JSONL file.

    Raises:
        InputError: there is no such file, it is empty or too large.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError("is too large", path=path, expected=f"at most {MOST_BYTES} bytes")
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError("there is no such file", path=path, expected="a JSONL file") from error
    except IsADirectoryError as error:
        raise InputError("is a folder", path=path, expected="a JSONL file") from error
    except OSError as error:
        raise storage_error(error, path) from error
    rows = read_lines(content.removeprefix(codecs.BOM_UTF8).split(b"\n"), path.name, defaults)
    if not rows:
        raise InputError("has no rows", path=path, expected='lines such as {"text": "Hello."}')
    return rows


def read_lines(
    lines: Iterable[bytes], file: str = "", defaults: Mapping[str, object] | None = None
) -> list[Row | Unread]:
    """Rows of the lines of a file; blank lines are none.

    Raises:
        InputError: more than ``MOST_ROWS``, or a default that cannot be.
    """
    check_defaults(defaults)
    return _settled(_limited(_parsed(lines, file, defaults)))


def read_objects(
    objects: Iterable[object], defaults: Mapping[str, object] | None = None
) -> list[Row | Unread]:
    """Rows of objects that were JSON before.

    Raises:
        InputError: more than ``MOST_ROWS``, or a default that cannot be.
    """
    check_defaults(defaults)
    pairs = enumerate(objects, 1)
    return _settled(_limited(_row(each, number, 0, "", defaults) for number, each in pairs))


def read_line(line: bytes) -> object:
    """What JSON makes of a line.

    Raises:
        InputError: it is no JSON, no UTF-8, too long, too deep, or says a key twice.
    """
    if len(line) > MOST_LINE:
        raise InputError(f"has {len(line)} bytes", expected=f"at most {MOST_LINE}")
    try:
        return json.loads(
            line.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8", expected="a JSON object in UTF-8") from error
    except RecursionError as error:
        raise InputError("is nested too deeply", expected="a plain JSON object") from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"is not JSON: {error.msg} at character {error.pos + 1}",
            expected="one JSON object a line",
        ) from error
    except ValueError as error:
        raise InputError(f"is not JSON: {error}", expected="one JSON object a line") from error


def check_defaults(defaults: Mapping[str, object] | None) -> None:
    """Refuses defaults that would make every row wrong.

    Raises:
        InputError: the mistake, with the field.
    """
    read_row({"text": "-"}, defaults=defaults)


def _parsed(
    lines: Iterable[bytes], file: str, defaults: Mapping[str, object] | None
) -> Iterator[Row | Unread]:
    number = 0
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        number += 1
        try:
            written = read_line(line)
        except InputError as error:
            wrong = InputError(
                error.message, path=file or None, line=place, expected=error.expected
            )
            yield Unread(number, str(wrong) if file else f"line {place}: {wrong}", place)
            continue
        yield _row(written, number, place, file, defaults)


def _row(
    written: object, number: int, line: int, file: str, defaults: Mapping[str, object] | None
) -> Row | Unread:
    try:
        return read_row(written, number=number, line=line, path=file or None, defaults=defaults)
    except InputError as error:
        return Unread(number, str(error), line)


def _limited(rows: Iterable[Row | Unread]) -> Iterator[Row | Unread]:
    for row in rows:
        if row.number > MOST_ROWS:
            raise InputError(f"has more than {MOST_ROWS} rows", hint="cut it into several batches")
        yield row


def _settled(rows: Iterable[Row | Unread]) -> list[Row | Unread]:
    """Of two rows for one file the second is refused. Case is no difference: some disks see
    none."""
    taken: dict[str, int] = {}
    settled: list[Row | Unread] = []
    for row in rows:
        if isinstance(row, Row):
            first = taken.setdefault(row.numbered.casefold(), row.number)
            if first != row.number:
                reason = f"output_name: {row.numbered} is the name of task {first} already"
                settled.append(Unread(row.number, reason, row.line, row.id))
                continue
        settled.append(row)
    return settled


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1)
        raise ValueError(f"{twice[:80]!r} stands there twice")
    return found


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no number")
