"""Maps of entries in YAML files that people edit, such as ``voices:``: changed where they stand.

An entry is added behind the last one, or put in the place of the one it replaces; every other
character of the file (comments, order, blank lines, quotes) stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from book.yamltext import scalar
from book.yamltree import Node, column, last_character, line_end, parse_tree

_STEP = 2  # of the indentation of what is added

Value = str | int | float | bool | Mapping[str, Any]


def with_entry(text: str, path: tuple[str, ...], key: str, value: Mapping[str, Value]) -> str:
    """``text`` with ``key: value`` in the map at ``path``.

    Args:
        text: a file with a map at the top.
        path: keys that lead to the map; the last of them may be missing or empty, what is
            above it may not.
        key: replaced with all that it holds, if it is there.

    Raises:
        KeyError: the path leads to no map.
    """
    root = parse_tree(text)
    home = root.child(*path)
    if home is None:
        above = root.child(*path[:-1])
        if not path or above is None or not isinstance(above.children, dict):
            raise KeyError(path)
        return _added(text, above, path[-1], {key: value})
    if isinstance(home.children, dict):
        there = home.children.get(key)
        return (
            _added(text, home, key, value) if there is None else _put(text, home, there, key, value)
        )
    if home.value.strip().lower() not in ("", "~", "null"):
        raise KeyError(path)
    above = root.child(*path[:-1])
    assert above is not None  # a child was found below it
    return _put(text, above, home, path[-1], {key: value})


def _added(text: str, home: Node, key: str, value: Mapping[str, Value]) -> str:
    """Behind the last entry of a map."""
    children = list(home.below())
    if home.flow:
        at = last_character(text, children[-1]) if children else home.start + 1
        return text[:at] + (", " if children else "") + _flow_entry(key, value) + text[at:]
    at = line_end(text, last_character(text, children[-1])) if children else len(text)
    indent = column(text, children[0].named) if children else 0
    ending = "\n" if at and text[at - 1] != "\n" else ""
    return text[:at] + ending + _block_entry(key, value, indent) + (text[at:] or "\n")


def _put(text: str, home: Node, there: Node, key: str, value: Mapping[str, Value]) -> str:
    """In the place of an entry of a map."""
    start, end = there.named, max(there.named, last_character(text, there))
    if not there.value and there.children is None:
        end = text.index(":", start) + 1  # nothing stands behind the key
    if home.flow:
        return text[:start] + _flow_entry(key, value) + text[end:]
    entry = _block_entry(key, value, column(text, start)).lstrip(" ")
    return text[:start] + entry + text[end:]


def _block_entry(key: str, value: Value, indent: int) -> str:
    """A map that holds other maps over several lines, everything else in one."""
    pad = " " * indent
    if not isinstance(value, Mapping) or not any(isinstance(v, Mapping) for v in value.values()):
        return pad + _flow_entry(key, value)
    rows = [_block_entry(name, inner, indent + _STEP) for name, inner in value.items()]
    return "\n".join([f"{pad}{scalar(key)}:", *rows])


def _flow_entry(key: str, value: Value) -> str:
    return f"{scalar(key)}: {_flow(value)}"


def _flow(value: Value) -> str:
    if not isinstance(value, Mapping):
        return scalar(value)
    return "{" + ", ".join(_flow_entry(name, inner) for name, inner in value.items()) + "}"


def without_entry(text: str, path: tuple[str, ...], key: str) -> str:
    """``text`` without an entry of the map at ``path``; unchanged if it is not there."""
    home = parse_tree(text).child(*path)
    if home is None or not isinstance(home.children, dict) or key not in home.children:
        return text
    gone = home.children[key]
    if not home.flow:
        start = gone.named - column(text, gone.named)
        end = line_end(text, max(gone.named, last_character(text, gone)))
        return text[:start] + text[text.find("\n", end) + 1 or len(text) :]
    entries = list(home.below())
    place = entries.index(gone)
    if place:
        return text[: last_character(text, entries[place - 1])] + text[_end(text, gone) :]
    following = entries[1].named if len(entries) > 1 else _end(text, gone)
    return text[: gone.named] + text[following:]


def _end(text: str, node: Node) -> int:
    """Where an entry of a flow map ends; its key's end, where nothing stands behind that."""
    empty = not node.value and node.children is None and node.start == node.end
    return text.index(":", node.named) + 1 if empty else last_character(text, node)
