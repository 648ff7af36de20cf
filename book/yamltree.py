"""Where the values of a YAML text stand, for edits that leave every other character alone.

The text must have been read by ``book/yamlfile.py`` before: what that refuses (anchors, tags,
keys twice) is not understood here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Key = tuple[str, int]  # and where it stands


@dataclass(slots=True)
class Node:
    """A value in the text."""

    start: int  # code points
    end: int  # the parser's: of a block it is where the next thing begins
    named: int = 0  # where its key stands, in a map
    flow: bool = False
    children: dict[str, Node] | list[Node] | None = None
    closed: bool = False  # ``end`` is exact: a bracket
    value: str = ""  # of a scalar

    def below(self) -> Iterator[Node]:
        """The values in it."""
        children = self.children
        yield from children.values() if isinstance(children, dict) else children or ()

    def child(self, *path: str) -> Node | None:
        """The value at a path of keys."""
        node: Node | None = self
        for key in path:
            children = node.children if node is not None else None
            node = children.get(key) if isinstance(children, dict) else None
        return node


def parse_tree(text: str) -> Node:
    """The values of a document and where they stand."""
    root = Node(0, 0)
    stack: list[tuple[Node, list[_Key]]] = []  # open containers, and a key waiting for its value
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionEndEvent):
            node, _ = stack.pop()
            node.end, node.closed = _at(event.end_mark), node.flow
            continue
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            continue
        parent, waiting = stack[-1] if stack else (None, [])
        if parent is not None and isinstance(parent.children, dict) and not waiting:
            waiting.append((str(getattr(event, "value", "")), _at(event.start_mark)))
            continue
        node = Node(_at(event.start_mark), _at(event.end_mark))
        if isinstance(event, yaml.CollectionStartEvent):
            node.flow = bool(event.flow_style)
            node.children = {} if isinstance(event, yaml.MappingStartEvent) else []
        else:
            node.value = str(event.value)
        if parent is None:
            root = node
        elif isinstance(parent.children, dict):
            name, node.named = waiting.pop()
            parent.children[name] = node
        elif parent.children is not None:
            parent.children.append(node)
        if node.children is not None:
            stack.append((node, []))
    return root


def last_character(text: str, node: Node) -> int:
    """Where a value really ends."""
    if node.children is not None and not node.closed:
        return max((last_character(text, child) for child in node.below()), default=node.start)
    return node.start + len(text[node.start : node.end].rstrip())


def line_end(text: str, position: int) -> int:
    """Where the line ends that ``position`` is in."""
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    return end - 1 if text[position:end].endswith("\r") else end


def column(text: str, position: int) -> int:
    """Characters before ``position`` in its line."""
    return position - (text.rfind("\n", 0, position) + 1)


def _at(mark: Any) -> int:
    """The code point of a mark; the type stubs allow that there is none."""
    return int(mark.index) if mark is not None else 0
