"""The dictionaries that GLM-TTS users already have, read as lexicon entries.

Four dialects, as JSON (one object or a list) or JSON lines, told apart by their content:

- ``{"弈": "<|I4|>"}``: upstream's ``G2P_replace_dict.jsonl``; values mix text and tokens;
- ``{"word": "弈", "phoneme": "yi4"}``: of web interfaces; the value in any of these forms;
- ``{"重": "chong"}``: pinyin, with or without tones, several syllables apart by spaces;
- ``{"origin": "噢", "new": "哦"}``: upstream's ``custom_replace.jsonl``; a respelling.

As everywhere in a lexicon the longest word wins. Tokens and pinyin reach only engines that
read them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from book.spoken.entries import Entry
from castbook.errors import ProjectError
from castbook.files import storage_error

DICTIONARIES = frozenset({".json", ".jsonl"})
LARGEST = 20_000_000  # bytes; 300,000 words
_TOKENS = re.compile(r"(?:<\|[A-Z]+[1-5]?\|>|[^<|>])+")
_PINYIN = re.compile(r"[a-zü:]+[1-5]?(?:[ '’-][a-zü:]+[1-5]?)*", re.IGNORECASE)
_EXPECTED = 'an object such as {"重": "chong2"}, {"弈": "<|I4|>"} or {"word": …, "phoneme": …}'


def read_dictionary(path: Path) -> list[Entry]:
    """The entries of a JSON dictionary; of a word that comes twice, the last.

    Raises:
        ProjectError: naming the line of the first mistake.
    """
    entries: dict[str, Entry] = {}
    for line, pairs in _pairs(path):
        for word, value in pairs:
            entries.pop(word, None)
            entries[word] = _entry(path, line, word, value)
    return list(entries.values())


def _pairs(path: Path) -> Iterator[tuple[int, list[tuple[str, Any]]]]:
    """(line, words with their values) of each object of the file."""
    text = _text(path)
    try:
        loaded = json.loads(text)
    except ValueError:
        for number, row in enumerate(text.splitlines(), 1):
            if not row.strip():
                continue
            try:
                loaded = json.loads(row)
            except ValueError as error:
                raise ProjectError(
                    f"is not JSON: {error}", path=path, line=number, expected=_EXPECTED
                ) from error
            yield number, _words(path, number, loaded)
        return
    for number, item in enumerate(loaded if isinstance(loaded, list) else [loaded], 1):
        yield number if isinstance(loaded, list) else 1, _words(path, number, item)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise ProjectError("is too large", path=path, expected=f"at most {LARGEST} bytes")
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProjectError(
            "is not UTF-8", path=path, expected="a JSON dictionary in UTF-8"
        ) from error
    except OSError as error:
        raise storage_error(error, path) from error


def _words(path: Path, line: int, item: Any) -> list[tuple[str, Any]]:
    if not isinstance(item, Mapping) or not item:
        raise ProjectError("is no entry", path=path, line=line, expected=_EXPECTED)
    for word, value in (("word", "phoneme"), ("origin", "new")):
        if word in item and value in item:
            return [(item[word], item[value])]
    return list(item.items())


def _entry(path: Path, line: int, word: Any, value: Any) -> Entry:
    try:
        if isinstance(value, str) and "<|" in value and _TOKENS.fullmatch(value):
            entry = Entry(word=word, phonemes=value, alphabet="glm")
        elif isinstance(value, str) and _PINYIN.fullmatch(value.strip()):
            entry = Entry(word=word, phonemes=value.strip().casefold(), alphabet="pinyin")
        else:
            entry = Entry(word=word, say=value)
    except ValidationError as error:
        raise ProjectError(
            f"{str(word)[:40]!r}: {str(value)[:60]!r} is no entry",
            path=path, line=line, expected=_EXPECTED,
        ) from error  # fmt: skip
    if entry.mistake or "<|" in (entry.say or ""):
        what, expected = entry.mistake or ("has a token that is not closed", "<|CH|><|ONG2|>")
        raise ProjectError(f"{entry.word[:40]!r} {what}", path=path, line=line, expected=expected)
    return entry
