"""Lists of entries in YAML files that people edit: changed where they stand.

``casting.yaml`` and ``retakes.yaml`` are written by castbook and by people. An entry is added
behind the last one, a value is put in the place of the old one, and every other character of
the file (comments, order, blank lines, quotes) stays as it is. The text must have been read
by ``book/yamlfile.py`` before: what that refuses is not understood here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from book.yamltext import one_line, scalar
from book.yamltree import Node, column, last_character, line_end, parse_tree

LONGEST = 80  # characters of a note, and more than any other value
_INDENT = 2  # of a list's first entry, as the files begin

Row = Mapping[str, str]  # field -> its value as YAML text
Edit = tuple[int, int, str]  # text[start:end] is replaced


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value of an entry stands (``text[start:end]``), or would stand."""

    start: int  # code points
    end: int  # equal to start where there is no value yet
    before: str = ""  # stands before a value that is not there yet

    def edit(self, value: str) -> Edit:
        """Puts ``value`` there."""
        return self.start, self.end, self.before + value


@dataclass(frozen=True, slots=True)
class Seat:
    """Where further entries of a list are written."""

    edits: tuple[Edit, ...]  # to be made before: an empty list's [] is taken away
    position: int
    before: str  # of all that is added
    flow: bool  # entries as {…} behind commas, instead of one field a line
    indent: int = _INDENT  # of the dash

    def edit(self, rows: Sequence[Row]) -> list[Edit]:
        """Adds entries."""
        if not rows:
            return []
        if self.flow:
            added = "".join(
                ", {" + ", ".join(f"{k}: {v}" for k, v in row.items()) + "}" for row in rows
            )
        else:
            added = "".join(_block(row, self.indent) for row in rows)
        return [*self.edits, (self.position, self.position, self.before + added)]


@dataclass(frozen=True, slots=True)
class Entries:
    """The list ``key`` of a file, and where it can be changed."""

    text: str
    key: str
    _list: Node | None  # None: the file does not have the key

    @classmethod
    def find(cls, text: str, key: str) -> Entries:
        """The list in ``text``, a file with a map at the top."""
        top = parse_tree(text).children
        return cls(text, key, top.get(key) if isinstance(top, dict) else None)

    def slot(self, index: int, field: str, behind: str) -> Slot:
        """Where the value of ``field`` of an entry is; a new one goes behind that of ``behind``."""
        item = self._items()[index]
        fields = item.children if isinstance(item.children, dict) else {}
        if field in fields:
            return Slot(fields[field].start, self._end(fields[field]))
        at = self._end(fields[behind])
        if item.flow:
            return Slot(at, at, f", {field}: ")
        at = self._line_end(at)
        column = self._column(min(node.named for node in fields.values()))
        return Slot(at, at, f"\n{' ' * column}{field}: ")

    def seat(self) -> Seat:
        """Where further entries go."""
        text, items = self.text, self._items()
        ending = "" if not text or text.endswith("\n") else "\n"
        if self._list is None:
            return Seat((), len(text), f"{ending}{self.key}:", flow=False)
        if items and self._list.flow:
            return Seat((), self._end(items[-1]), "", flow=True)
        if items:
            indent = self._column(self._list.start)
            return Seat((), self._line_end(self._end(items[-1])), "", flow=False, indent=indent)
        start, end = self._list.start, self._list.end  # nothing, ~, null or []
        while not text[end : self._line_end(end)].strip() and text[start - 1] == " ":
            start -= 1  # no space is left at the end of the line
        return Seat(((start, end, ""),) if end > start else (), self._line_end(end), "", flow=False)

    def changed(self, edits: Iterable[Edit]) -> str:
        """The text with all edits made; they do not overlap."""
        out, at = [], 0
        for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
            out += [self.text[at:start], new]
            at = end
        return "".join([*out, self.text[at:]])

    def values(self, index: int) -> dict[str, str]:
        """What an entry says, as text."""
        fields = self._items()[index].children
        return {k: n.value for k, n in fields.items()} if isinstance(fields, dict) else {}

    @property
    def count(self) -> int:
        """How many entries there are."""
        return len(self._items())

    def update(self, rows: Sequence[Mapping[str, str | int | None]]) -> str | None:
        """The text with the entries ``rows``; None unless it holds their beginning, in order.

        The first field of a row names its entry. A field that is None or blank is not
        written, and does not take away a note that stands there.
        """
        if self.count > len(rows):
            return None
        edits: list[Edit] = []
        for index, row in enumerate(rows[: self.count]):
            name, *fields = row
            there = self.values(index)
            if there.get(name) != str(row[name]):
                return None
            behind = name
            for field in fields:
                wanted = row[field]
                if wanted is None and field in there:
                    edits.append(self.slot(index, field, name).edit("null"))
                elif wanted not in (None, "") and there.get(field) != str(wanted):
                    edits.append(self.slot(index, field, behind).edit(_written(wanted)))
                behind = field if field in there else behind
        new = [
            {field: _written(value) for field, value in row.items() if value not in (None, "")}
            for row in rows[self.count :]
        ]
        return self.changed([*edits, *self.seat().edit(new)])

    def _items(self) -> list[Node]:
        children = self._list.children if self._list else None
        return children if isinstance(children, list) else []

    def _end(self, node: Node) -> int:
        return last_character(self.text, node)

    def _line_end(self, position: int) -> int:
        return line_end(self.text, position)

    def _column(self, position: int) -> int:
        return column(self.text, position)


def _written(value: str | int | None) -> str:
    return scalar(one_line(value, LONGEST) if isinstance(value, str) else value or 0)


def _block(row: Row, indent: int) -> str:
    pad = " " * indent
    lines = [f"{field}: {value}" for field, value in row.items()]
    return f"\n{pad}- " + f"\n{pad}  ".join(lines)
