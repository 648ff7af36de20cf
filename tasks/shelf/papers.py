"""Small YAML files that castbook alone writes: the cards of voices, the records of consents.

One flat map each, in the order of their fields; written whole, read with everything
``book/yamlfile.py`` refuses. What another release wrote and this one does not know is kept out
of the way, not an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from book.yamlfile import read_yaml
from book.yamltext import scalar
from castbook.errors import InputError, StorageError
from castbook.files import finished, write_text

Value = str | int | float | bool


def write_paper(path: Path, fields: Mapping[str, Value]) -> None:
    """Writes the fields that say something: neither "" nor 0.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    rows = [f"{key}: {scalar(value)}" for key, value in fields.items() if value not in ("", 0)]
    write_text(path, "\n".join(rows) + "\n")


def read_paper(path: Path) -> Mapping[str, Value] | None:
    """The fields of a file; None without one.

    Raises:
        StorageError: it is damaged.
    """
    try:
        data = read_yaml(path).data
    except InputError as error:
        if not path.exists():
            return None
        raise StorageError(f"{path.name} is damaged: {error.message}") from error
    return {key: value for key, value in data.items() if isinstance(value, str | int | float)}


def papers(folder: Path) -> Iterator[tuple[Path, Mapping[str, Value]]]:
    """All that can be read in a folder, by name; a damaged one hides no other."""
    for path in finished(folder, "*.yaml"):
        try:
            fields = read_paper(path)
        except StorageError:
            continue
        if fields is not None:
            yield path, fields
