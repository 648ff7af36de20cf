"""From what is wrong with a file to lines a person can act on.

Every mistake is one line, ``file:line: key.path: what is wrong; expected …; did you mean
'…'?``. Several mistakes are one ``ProjectError`` with one such line each. This is the only
module that knows pydantic's vocabulary of errors.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from book.yamlfile import KeyPath, YamlFile, shown
from castbook.errors import ProjectError

SHOWN_LIMIT = 20  # mistakes of one file that are listed: more would hide the first
_LIST_LIMIT = 12  # words that an "expected one of" lists
_MISSING = "is missing"

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at one place of a file."""

    place: KeyPath
    message: str
    expected: str | None = None
    hint: str | None = None

    def error(self, file: YamlFile) -> ProjectError:
        """The mistake as an error of ``file``, with its line."""
        return file.error(self.place, self.message, expected=self.expected, hint=self.hint)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """``did you mean 'holmes'?`` for the known word nearest to ``word``, or None."""
    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.casefold(), candidate)
    close = difflib.get_close_matches(word.casefold()[:80], folded, n=1, cutoff=0.6)
    return f"did you mean {folded[close[0]]!r}?" if close else None


def one_of(words: Sequence[str]) -> str:
    """``a, b or c``, cut when there are many."""
    if len(words) > _LIST_LIMIT:
        return ", ".join([*words[: _LIST_LIMIT - 1], "…"])
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def unknown(place: KeyPath, what: str, word: str, known: Sequence[str]) -> Mistake:
    """A reference to something that is not there."""
    return Mistake(
        place,
        f"no {what} {shown(word)}",
        one_of(known) if known else f"a {what} that exists",
        nearest(word, known),
    )


def raise_mistakes(errors: Sequence[ProjectError]) -> None:
    """One error for all of them, in the order of the files' lines; nothing when empty.

    Raises:
        ProjectError: its text has one line for each mistake.
    """
    if not errors:
        return
    if len(errors) == 1:
        raise errors[0]
    files = list(dict.fromkeys(str(error.path) for error in errors))
    ranked = sorted(errors, key=lambda e: (files.index(str(e.path)), e.line or 0))
    rows = [str(error) for error in ranked[:SHOWN_LIMIT]]
    if len(ranked) > SHOWN_LIMIT:
        more = len(ranked) - SHOWN_LIMIT
        rows.append(f"{ranked[0].path}: {more} more mistakes; mend these first")
    raise ProjectError("\n".join(rows))


def check_version(file: YamlFile, *, current: int = 1) -> None:
    """The ``version`` key, before anything else: other keys mean something only under it.

    Raises:
        ProjectError: it is missing, not a version number, or of a newer castbook.
    """
    version = file.data.get("version")
    if "version" not in file.data:
        raise file.error(("version",), "is missing", expected=f"the line 'version: {current}'")
    if isinstance(version, int) and not isinstance(version, bool) and version > current:
        raise file.error(
            ("version",),
            f"version {version} was written for a newer castbook",
            expected=f"version {current}",
            hint="upgrade castbook to open it",
        )
    if version != current or isinstance(version, bool):
        raise file.error(("version",), f"found {shown(version)}", expected=str(current))


def validate(file: YamlFile, model: type[ModelT]) -> ModelT:
    """A file's data as ``model``.

    Raises:
        ProjectError: one line for each mistake.
    """
    check_version(file)
    try:
        return model.model_validate(file.data)
    except ValidationError as error:
        raise_mistakes([m.error(file) for m in explain(error, model, file.data)])
        raise file.error((), "is not valid") from error


def explain(error: ValidationError, model: type[BaseModel], data: Any) -> list[Mistake]:
    """Pydantic's complaints, one for each place.

    A value that fits no branch of a union is complained about once for each branch; the
    complaint from deepest inside it is the one the writer meant, and others are joined.
    """
    groups: dict[KeyPath, list[tuple[KeyPath, ErrorDetails]]] = {}
    for detail in error.errors(include_url=False):
        place, union = _place(detail, data)
        groups.setdefault(union, []).append((place, detail))
    mistakes = []
    for union, members in groups.items():
        deeper = [member for member in members if len(member[0]) > len(union)]
        if deeper or len(members) == 1:
            mistakes += [_mistake(place, detail, model) for place, detail in deeper or members]
            continue
        parts = [_mistake(place, detail, model) for place, detail in members]
        expected = list(dict.fromkeys(part.expected for part in parts if part.expected))
        hint = next((part.hint for part in parts if part.hint), None)
        mistakes.append(Mistake(union, parts[0].message, one_of(expected), hint))
    return [m for m in mistakes if m.message != _MISSING or not _misspelt(m, mistakes)]


def _misspelt(missing: Mistake, mistakes: Sequence[Mistake]) -> bool:
    """Whether the missing key stands there under a name that was told to be nearly right."""
    hint = f"did you mean {missing.place[-1]!r}?"
    return any(m.hint == hint and m.place[:-1] == missing.place[:-1] for m in mistakes)


def _place(detail: ErrorDetails, data: Any) -> tuple[KeyPath, KeyPath]:
    """Where the complaint is in the file, and where the union around it begins (else there)."""
    place: list[str | int] = []
    union: KeyPath | None = None
    value = data
    for part in detail["loc"]:
        if (isinstance(value, dict) and part in value) or isinstance(part, int):
            value = value[part]
        elif detail["type"] == "missing" and part == detail["loc"][-1]:
            value = None
        else:  # the name of a union's branch, or the mark of a key
            union = union if union is not None else tuple(place)
            continue
        place.append(part)
    return tuple(place), tuple(place) if union is None else union


def _mistake(place: KeyPath, detail: ErrorDetails, model: type[BaseModel]) -> Mistake:
    kind, value = detail["type"], detail["input"]
    context = detail.get("ctx", {})
    found = f"found {shown(value)}"
    if detail["loc"][-1] == "[key]":
        return Mistake(place, "is not a usable name", _NAME)
    if kind == "extra_forbidden":
        known = tuple(_fields(model, place[:-1]))
        near = nearest(str(place[-1]), known)
        listed = None if near and len(known) > _LIST_LIMIT else one_of(known)
        return Mistake(place, "unknown key", listed, near)
    if kind == "missing":
        field = _fields(model, place[:-1])[str(place[-1])]
        return Mistake(place, _MISSING, field or "a value")
    if kind == "literal_error":
        known = _choices(str(context["expected"]))
        return Mistake(place, found, one_of(known), nearest(str(value), known))
    if kind == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        quoted = f'put it in quotes: "{value}"' if isinstance(value, int) else "put it in quotes"
        return Mistake(place, found, "text", quoted)
    if kind == "bool_type":
        return Mistake(place, found, "true or false", _truth(value))
    expected = _EXPECTED.get(kind)
    return Mistake(place, found, expected(context) if expected else detail["msg"])


_NAME = (
    "letters, digits, '-' and '_', at most 64 of them, beginning with a letter or a digit:"
    " no spaces and no dots"
)
_EXPECTED: dict[str, Callable[[dict[str, Any]], str]] = {
    "string_type": lambda _: "text",
    "int_type": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "float_type": lambda _: "a number",
    "list_type": lambda _: "a list, such as [one, two]",
    "dict_type": lambda _: "keys with values below it",
    "model_type": lambda _: "keys with values below it",
    "greater_than_equal": lambda c: f"a number of at least {c['ge']}",
    "less_than_equal": lambda c: f"a number of at most {c['le']}",
    "string_too_short": lambda _: "some text",
    "string_too_long": lambda c: f"at most {c['max_length']} characters",
    "string_pattern_mismatch": lambda c: "some text" if c["pattern"] == r"\S" else _NAME,
    "too_short": lambda _: "at least one",
    "too_long": lambda c: f"at most {c['max_length']}",
}


def _truth(value: object) -> str | None:
    word = str(value).casefold()
    if word in ("yes", "on", "y", "1"):
        return "did you mean true?"
    return "did you mean false?" if word in ("no", "off", "n", "0") else None


def _choices(expected: str) -> tuple[str, ...]:
    """The words of pydantic's ``'a', 'b' or 'c'``."""
    return tuple(part.strip("'") for part in expected.replace(" or ", ", ").split(", "))


def _fields(model: type[BaseModel], place: KeyPath) -> dict[str, str | None]:
    """The known keys at ``place`` with what each one is, in the order of the schema."""
    kinds: list[Any] = [model]
    for part in place:
        inner: list[Any] = []
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                field = kind.model_fields.get(str(part))
                inner += _branches(field.annotation) if field else []
            elif typing.get_origin(kind) is dict:
                inner += _branches(typing.get_args(kind)[1])
            elif typing.get_origin(kind) is list and isinstance(part, int):
                inner += _branches(typing.get_args(kind)[0])
        kinds = inner
    models = [k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)]
    return {name: field.description for m in models for name, field in m.model_fields.items()}


def _branches(annotation: Any) -> list[Any]:
    """The members of a union, without the wrapping that constraints add."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _branches(typing.get_args(annotation)[0])
    if origin is typing.Union or origin is types.UnionType:
        return [branch for part in typing.get_args(annotation) for branch in _branches(part)]
    return [] if origin is Literal else [annotation]
