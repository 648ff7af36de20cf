"""YAML that a stranger may have written: plain data, and the line of every key.

Only plain data comes out: maps with text keys, lists, text, numbers, true, false, nothing.
Refused, each with one clear line: duplicate keys, anchors and aliases (so no alias bomb can
exist), tags, a second document, tabs, control characters, other encodings than UTF-8, files
over 4 MiB and nesting over 32 levels. The file is read as a stream of events, so that a
limit stops the reading, not only the using.

Plain words follow YAML 1.2: only ``true`` and ``false`` are yes and no, so that
``language: no`` is Norwegian. Numbers with a leading zero and dates stay text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from castbook.errors import ProjectError

KeyPath = tuple[str | int, ...]

SIZE_LIMIT = 4 * 2**20  # bytes: a retakes.yaml with 20,000 entries is about 3 MB
DEPTH_LIMIT = 32  # levels: the deepest real file has 6
_NAME_LIMIT = 60  # characters of a key or value shown in a message

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is about 10 times faster
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(  # with a point or an exponent: a long row of digits is text
    r"[-+]?(?=[0-9]*[.eE])(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class YamlFile:
    """A file's plain data and where each part of it is written."""

    path: Path
    data: Any
    lines: Mapping[KeyPath, int] = field(repr=False)  # 1-based; of a map's keys, a list's items
    text: str = field(repr=False, default="")  # as it stands, for ``book/yamledit.py``

    def depth(self, place: KeyPath) -> int:
        """How many leading parts of ``place`` are written in this file."""
        return next((n for n in range(len(place), 0, -1) if place[:n] in self.lines), 0)

    def line(self, place: KeyPath) -> int | None:
        """The line of ``place``, or of the nearest part above it that is written."""
        return self.lines.get(place[: self.depth(place)])

    def error(
        self,
        place: KeyPath,
        message: str,
        *,
        expected: str | None = None,
        hint: str | None = None,
    ) -> ProjectError:
        """One line about ``place``: ``file:line: key.path: message; expected …; hint``."""
        return ProjectError(
            message,
            path=self.path,
            line=self.line(place),
            place=place_name(place) or None,
            expected=expected,
            hint=hint,
        )


def read_yaml(path: Path) -> YamlFile:
    """Reads one YAML file whose top is a map.

    Raises:
        ProjectError: it is missing, unreadable, unsafe or not YAML.
    """
    text = _read_text(path)
    try:
        data, lines = _build(path, _events(text))
    except yaml.YAMLError as error:
        raise _syntax_error(path, text, error) from error
    if data is None:
        raise ProjectError("is empty", path=path, expected="'version: 1' and the keys below it")
    if not isinstance(data, dict):
        raise ProjectError(
            f"holds {shown(data)} at the top", path=path, line=1, expected="keys: 'key: value'"
        )
    return YamlFile(path, data, lines, text)


def place_name(place: KeyPath) -> str:
    """``voices.holmes.reference``, ``manuscript[2]``: list items count from 1."""
    parts = []
    for part in place:
        if isinstance(part, int):
            parts.append(f"[{part + 1}]")
        else:
            parts.append(("." if parts else "") + _short(part))
    return "".join(parts)


def shown(value: object) -> str:
    """A value in a message: short, on one line, in the words of YAML."""
    if isinstance(value, str):
        return repr(value if len(value) <= _NAME_LIMIT else value[: _NAME_LIMIT - 1] + "…")
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    return str(value)


def _short(key: str) -> str:
    cut = key if len(key) <= _NAME_LIMIT else key[: _NAME_LIMIT - 1] + "…"
    return cut if cut.isprintable() and cut else repr(cut)


def _read_text(path: Path) -> str:
    if not path.exists():
        raise ProjectError("does not exist", path=path, expected="a YAML file")
    if not path.is_file():
        raise ProjectError("is not a file", path=path, expected="a YAML file")
    try:
        with path.open("rb") as handle:
            raw = handle.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ProjectError(f"cannot be read: {error.strerror}", path=path) from error
    if len(raw) > SIZE_LIMIT:
        raise ProjectError("is too large", path=path, expected=f"at most {SIZE_LIMIT // 2**20} MiB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProjectError(
            "is not UTF-8 text",
            path=path,
            line=raw.count(b"\n", 0, error.start) + 1,
            expected="UTF-8: save it again with that encoding",
        ) from error
    bad = _UNPRINTABLE.search(text)
    if bad:
        raise ProjectError(
            f"holds the invisible character U+{ord(bad.group()):04X}",
            path=path,
            line=text.count("\n", 0, bad.start()) + 1,
            expected="text: delete the character, or write it as an escape in double quotes",
        )
    return text


def _events(text: str) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
    return events


_Node = yaml.ScalarEvent | yaml.CollectionStartEvent
_Refuse = Callable[[int, str, str, KeyPath], ProjectError]


@dataclass(slots=True)
class _Open:
    """A map or list whose end has not been read yet."""

    place: KeyPath
    container: dict[str, Any] | list[Any]
    key: str | None = None  # of a map, read and waiting for its value


def _build(path: Path, events: Iterator[yaml.Event]) -> tuple[Any, dict[KeyPath, int]]:
    lines: dict[KeyPath, int] = {}
    stack: list[_Open] = []
    documents, root = 0, None

    def refuse(line: int, message: str, expected: str, place: KeyPath = ()) -> ProjectError:
        name = place_name(place) or None
        return ProjectError(message, path=path, line=line, place=name, expected=expected)

    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise refuse(line, "a second document begins here", "one: remove the '---'")
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
            continue
        top = stack[-1] if stack else None
        if isinstance(event, yaml.AliasEvent):
            alias = _short(str(event.anchor))
            raise refuse(line, f"uses the alias '*{alias}'", "the value itself")
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            continue
        if event.anchor is not None:
            raise refuse(line, f"defines the anchor '&{_short(event.anchor)}'", "plain values")
        if event.tag is not None:
            raise refuse(line, f"uses the tag {shown(event.tag)}", "a plain value without a tag")
        if top is not None and isinstance(top.container, dict) and top.key is None:
            top.key = _key(event, line, top, lines, refuse)
            continue
        place = top.place if top else ()
        if top is not None:
            place += (top.key if top.key is not None else len(top.container),)
            lines.setdefault(place, line)
        value = _value(event, line, place, refuse)
        if top is None:
            root = value
        elif isinstance(top.container, dict):
            top.container[str(top.key)] = value
            top.key = None
        else:
            top.container.append(value)
        if isinstance(value, dict | list):
            if len(stack) >= DEPTH_LIMIT:
                raise refuse(line, "is nested too deeply", f"at most {DEPTH_LIMIT} levels")
            stack.append(_Open(place, value))
    return root, lines


def _key(event: _Node, line: int, top: _Open, lines: dict[KeyPath, int], refuse: _Refuse) -> str:
    if not isinstance(event, yaml.ScalarEvent):
        raise refuse(line, "uses a list or map as a key", "text before the colon", top.place)
    key = str(event.value)
    if not key:
        raise refuse(line, "has an empty key", "a name before the ':'", top.place)
    place = (*top.place, key)
    if place in lines:
        first = f"one: it stands on line {lines[place]} already"
        raise refuse(line, "is written twice", first, place)
    lines[place] = line
    return key


def _value(event: _Node, line: int, place: KeyPath, refuse: _Refuse) -> Any:
    if not isinstance(event, yaml.ScalarEvent):
        return {} if isinstance(event, yaml.MappingStartEvent) else []
    text = str(event.value)
    if not event.implicit[0]:  # in quotes, or a block of text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NOT_FINITE.fullmatch(text) or _FLOAT.fullmatch(text):
        number = math.inf if _NOT_FINITE.fullmatch(text) else float(text)
        if not math.isfinite(number):
            raise refuse(line, f"found {shown(text)}", "a number of ordinary size", place)
        return number
    return text


def _syntax_error(path: Path, text: str, error: yaml.YAMLError) -> ProjectError:
    """The parser's complaint in the words of somebody who never saw a parser."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return ProjectError(f"is not YAML: {' '.join(str(error).split())}", path=path)
    problem = str(getattr(error, "problem", None) or "something is wrong here")
    rows = text.splitlines()
    row = rows[mark.line] if mark.line < len(rows) else ""
    opened = getattr(error, "context_mark", None)
    line, hint = mark.line + 1, None
    if "\t" in row[: len(row) - len(row.lstrip())] or "tab" in problem.split():
        problem, hint = "a tab stands in the indentation", "expected spaces"
    elif "end of stream" in problem and opened is not None:
        line, problem, hint = opened.line + 1, "a quote is opened and never closed", "close it"
    elif "mapping values are not allowed" in problem:
        problem = "a ':' stands where no key can be"
        hint = "check the indentation, or put the text in quotes"
    elif "cannot start any token" in problem:
        problem = f"a value begins with {row[mark.column : mark.column + 1]!r}"
        hint = "put the text in quotes"
    elif ("',' or" in problem or "flow" in str(error)) and opened is not None:
        line, problem = opened.line + 1, "a '[' or '{' is opened and not closed properly"
        hint = "separate the items with commas and close the bracket"
    else:
        problem = f"is not YAML: {problem}"
    return ProjectError(problem, path=path, line=line, hint=hint)
