"""From a payload to what is ordered: a text, or a book. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from book.languagetags import language_mistake
from castbook.errors import InputError
from tasks.hooks.pointers import MISSING, resolve
from tasks.hooks.schema import Where
from tasks.hooks.sources import Source

Form = Literal["text", "html", "markdown"]
MOST_CONTENT = 4_000_000  # characters of a book: three times War and Peace's first volume
_MOST_WORD = 300  # characters of a title or name
_MOST_ID = 200
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,60}")


@dataclass(frozen=True, slots=True)
class Ignored:
    """A request that is answered and starts nothing."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hooked:
    """What a source asks for."""

    source: str
    id: str
    digest: str  # of the whole payload: a revision
    form: Form
    content: str
    title: str = ""
    author: str = ""
    language: str = ""
    voice: str = ""
    callback: str = ""
    template: str = ""

    @property
    def kind(self) -> Literal["speech", "book"]:
        """What is ordered."""
        return "speech" if self.form == "text" else "book"

    @property
    def name(self) -> str:
        """Of its file or project: the same for every revision, another for every id."""
        plain = _PLAIN_ID.fullmatch(self.id) is not None
        part = self.id if plain else hashlib.sha256(self.id.encode()).hexdigest()[:16]
        return f"{self.source}-{part}"


def read_payload(body: bytes) -> Any:
    """A body as JSON.

    Raises:
        InputError: it is none, is nested too deeply, or holds what JSON does not have.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise InputError("the body is not in UTF-8", place="body") from error
    except RecursionError as error:
        raise InputError("the body is nested too deeply", place="body") from error
    except ValueError as error:  # also numbers of more than 4300 digits
        raise InputError(f"the body is no JSON: {error}", place="body") from error


def payload_digest(payload: Any) -> str:
    """SHA-256 of a payload: spaces and the order of keys make no difference."""
    written = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()


def map_payload(source: Source, payload: Any, headers: Mapping[str, str]) -> Hooked | Ignored:
    """What a payload asks for.

    Args:
        headers: by lower-case name.

    Raises:
        InputError: a field is missing or of another kind; its place is the pointer.
    """
    file = source.file
    for wanted in file.only:
        if wanted.header is not None:
            place, value = wanted.header, headers.get(wanted.header.lower(), "")
        else:
            assert wanted.pointer is not None  # the schema: one of them
            place, found = wanted.pointer, resolve(payload, wanted.pointer)
            value = "" if found is MISSING else _scalar(found, place, _MOST_WORD)
        if value not in wanted.any:
            return Ignored(f"{place} is not {' or '.join(wanted.any)}"[:300])
    form: Form = "text" if file.text else "html" if file.html else "markdown"
    content = _needed(payload, getattr(file, form), form, MOST_CONTENT)
    hooked = Hooked(
        source=source.name,
        id=_needed(payload, file.id, "id", _MOST_ID),
        digest=payload_digest(payload),
        form=form,
        content=content,
        title=" ".join(_find(payload, file.title, _MOST_WORD).split()),
        author=" ".join(_find(payload, file.author, _MOST_WORD).split()),
        language=_find(payload, file.language, _MOST_WORD).strip().replace("_", "-"),
        voice=_find(payload, file.voice, _MOST_WORD),
        callback=_find(payload, file.callback, 2000),
        template=file.template or "",
    )
    wrong = language_mistake(hooked.language, ("language",)) if hooked.language else None
    if wrong is not None:
        raise InputError(wrong.message, place="language", expected=wrong.expected)
    return hooked


def _needed(payload: Any, where: Where, name: str, most: int) -> str:
    found = _find(payload, where, most)
    if not found.strip():
        places = where if isinstance(where, list) else [where]
        raise InputError("is missing or empty", place=" or ".join(places), expected=f"the {name}")
    return found


def _find(payload: Any, where: Where | None, most: int) -> str:
    """The first of the places that has something; "" for none."""
    for one in where if isinstance(where, list) else [where] if where is not None else []:
        if one.startswith("="):
            return one[1:]
        value = resolve(payload, one)
        if value is MISSING or value is None or value == "":
            continue
        return _scalar(value, one, most)
    return ""


def _scalar(value: Any, place: str, most: int) -> str:
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        raise InputError("is no text", place=place, expected="text or a number")
    if len(value) > most:
        raise InputError(f"has {len(value)} characters", place=place, expected=f"at most {most}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError("holds half a character", place=place, expected="text") from error
    return value


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")
