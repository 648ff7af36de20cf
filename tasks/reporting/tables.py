"""Tables that a screen reader can walk and a phone can show: rows become cards there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasks.pages import Markup, element, joined
from tasks.reporting.numbers import UNKNOWN


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    title: str
    number: bool = False  # right-aligned
    unit: str = ""
    wide: bool = False  # takes the whole width of a card


@dataclass(frozen=True, slots=True)
class Cell:
    """Content with a class; plain content needs no Cell."""

    content: object
    tone: str = ""  # class of the cell: good, bad, …
    title: str = ""  # shown when pointed at


@dataclass(frozen=True, slots=True)
class Row:
    """Cells in the order of the columns; the first one names the row."""

    cells: tuple[object, ...]
    id: str | None = None
    tone: str | None = None


def table(caption: str, columns: Sequence[Column], rows: Iterable[Row]) -> Markup:
    """A table whose roles are written out: as cards its rows keep their meaning.

    Empty and unknown cells are left out of cards.
    """
    head = [
        element(
            "th",
            column.title,
            element("span", column.unit, class_="unit") if column.unit else "",
            scope="col",
            role="columnheader",
            class_="number" if column.number else None,
        )
        for column in columns
    ]
    return element(
        "div",
        element(
            "table",
            element("caption", caption, class_="quiet"),
            element("thead", element("tr", *head, role="row"), role="rowgroup"),
            element("tbody", *(_row(row, columns) for row in rows), role="rowgroup"),
            role="table",
        ),
        class_="wide",
        role="region",
        aria_label=caption,
        tabindex=0,
    )


def _row(row: Row, columns: Sequence[Column]) -> Markup:
    cells = []
    for place, (content, column) in enumerate(zip(row.cells, columns, strict=True)):
        cell = content if isinstance(content, Cell) else Cell(content)
        kinds = ("number" if column.number else "", "long" if column.wide else "", cell.tone)
        classes = " ".join(filter(None, kinds))
        label = f"{column.title} {column.unit}".strip()
        kind = {"scope": "row", "role": "rowheader"} if place == 0 else {"role": "cell"}
        cells.append(
            element(
                "td" if place else "th",
                cell.content,
                **kind,
                class_=classes or None,
                title=cell.title or None,
                data_label=label if str(cell.content) not in ("", UNKNOWN) else None,
            )
        )
    return element("tr", joined(*cells), role="row", id=row.id, class_=row.tone)
