"""YAML as people write it, with the line of every key, and nothing unsafe.

Refused with one clear line each: duplicate keys, aliases (and so alias bombs), tags, more
than one document, keys that are not text, files over 4 MiB, nesting over 40 levels,
anything but UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from castbook.errors import ProjectError

MOST_BYTES = 4 * 2**20
MOST_LEVELS = 40

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A read file: plain data, and where each key path stands."""

    path: Path
    data: Any
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int | None:
        """The 1-based line of a key path, or of its nearest ancestor that is written."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)


def read_yaml(path: Path) -> YamlFile:
    """Reads one YAML document.

    Raises:
        ProjectError: see the module's docstring; also for a missing or unreadable file.
    """
    return parse_yaml(path, _text(path))


def parse_yaml(path: Path, text: str) -> YamlFile:
    """Like ``read_yaml`` for text that is already there."""
    lines: dict[Place, int] = {}
    try:
        _refuse_aliases(path, text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = None if node is None else _plain(path, node, (), lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise ProjectError(
            f"not valid YAML: {problem}", path=path, line=mark.line + 1 if mark else None
        ) from error
    return YamlFile(path, data, lines)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ProjectError(f"cannot be read: {error.strerror or error}", path=path) from error
    if len(raw) > MOST_BYTES:
        raise ProjectError(
            f"{len(raw) / 2**20:.0f} MiB", path=path, expected=f"at most {MOST_BYTES >> 20} MiB"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ProjectError("not UTF-8 text", path=path, line=line) from error


def _refuse_aliases(path: Path, text: str) -> None:
    depth = 0
    for event in _events(text):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ProjectError(
                "anchors and aliases are not allowed",
                path=path,
                line=event.start_mark.line + 1,
                expected="the value written out",
            )
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            depth += 1
            if depth > MOST_LEVELS:
                raise ProjectError(
                    f"nested deeper than {MOST_LEVELS} levels",
                    path=path,
                    line=event.start_mark.line + 1,
                )
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            depth -= 1


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=yaml.SafeLoader)


def _plain(path: Path, node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if isinstance(node, yaml.MappingNode):
        return _mapping(path, node, place, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(path, item, (*place, i), lines) for i, item in enumerate(node.value)]
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value  # a date is text here
    try:
        return yaml.SafeLoader("").construct_object(node)  # type: ignore[no-untyped-call]
    except (yaml.YAMLError, ValueError) as error:
        raise ProjectError(
            f"the tag {node.tag} is not allowed", path=path, line=line, place=shown(place)
        ) from error


def _mapping(
    path: Path, node: yaml.MappingNode, place: Place, lines: dict[Place, int]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        line = key_node.start_mark.line + 1
        if key is None:
            raise ProjectError("a key is not text", path=path, line=line, place=shown(place))
        if key in found:
            raise ProjectError(
                "this key stands twice", path=path, line=line, place=shown((*place, key))
            )
        lines[(*place, key)] = line
        found[key] = _plain(path, value_node, (*place, key), lines)
    return found


def shown(place: Place) -> str | None:
    """``voices.holmes.styles`` or ``castings[3].anchor``; None for the whole file."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or None
