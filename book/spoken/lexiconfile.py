"""Lexicon files to a ``Lexicon``: our own YAML, and the dictionaries of GLM-TTS users.

``lexicon.yaml`` is described by ``_File``; ``.json`` and ``.jsonl`` files are read by
``book/spoken/dictionaries.py``. Read from disk for every plan, so an edit needs no restart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from book.languagetags import language_mistake
from book.manuscript import NARRATOR
from book.mistakes import Mistake, raise_mistakes, unknown, validate
from book.spoken.dictionaries import DICTIONARIES, read_dictionary
from book.spoken.entries import Entry, Word
from book.spoken.lexicon import Lexicon
from book.yamlfile import read_yaml


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    words: dict[Word, Word] | None = Field(None, description="short form: word: as spoken")
    entries: list[Entry] | None = Field(None, description="words with conditions")


def read_lexicon(
    paths: Sequence[Path],
    *,
    cast: Collection[str] | None = None,
    alphabets: Mapping[str, Collection[str]] | None = None,
) -> Lexicon:
    """The lexicon of several files; an entry of a later file replaces an earlier one's.

    Args:
        paths: the library's first, the project's last.
        cast: keys of cast; an entry of the last file for any other character is a mistake.
            A library may name characters that this book has not. None: not checked.
        alphabets: engine -> alphabets of phonemes that it reads.

    Raises:
        ProjectError: with one line for each mistake of the first file that has any.
    """
    entries: dict[object, Entry] = {}
    for path in paths:
        known = cast if path == paths[-1] else None
        for entry in _read(path, known):
            entries.pop(entry.scope, None)  # so that it stands where the last file puts it
            entries[entry.scope] = entry
    return Lexicon(tuple(entries.values()), alphabets or {})


def _read(path: Path, cast: Collection[str] | None) -> list[Entry]:
    if path.suffix.lower() in DICTIONARIES:
        return read_dictionary(path)
    file = read_yaml(path)
    data = validate(file, _File)
    placed = list(_placed(data.words or {}, data.entries or []))
    first: dict[object, tuple[str | int, ...]] = {}
    mistakes: list[Mistake] = []
    for place, entry in placed:
        where = place if place[0] == "words" else (*place, "word")
        if entry.mistake:
            silent = entry.say is None and entry.phonemes is None
            mistakes.append(Mistake((*place, "say") if silent else where, *entry.mistake))
        if entry.language is not None:
            wrong = language_mistake(entry.language, (*place, "language"))
            mistakes += [wrong] if wrong else []
        if cast is not None and entry.character not in (None, NARRATOR, *cast):
            who = str(entry.character)
            mistakes.append(unknown((*place, "character"), "character", who, (*cast, NARRATOR)))
        if first.setdefault(entry.scope, where) != where:
            line = file.line(first[entry.scope])
            mistakes.append(
                Mistake(where, f"{entry.word!r} is defined twice", f"one: see line {line}")
            )
    raise_mistakes([mistake.error(file) for mistake in mistakes])
    return [entry for _, entry in placed]


def _placed(
    words: Mapping[str, str], entries: Sequence[Entry]
) -> Iterator[tuple[tuple[str | int, ...], Entry]]:
    for word, say in words.items():
        yield ("words", word), Entry(word=word, say=say)
    for i, entry in enumerate(entries):
        yield ("entries", i), entry
