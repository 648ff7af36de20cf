"""``casting.yaml``: who speaks a line, and in which style, when the sieve was wrong.

Written by castbook and edited by people; anchored by text, so that corrections survive
edits of the manuscript.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from book.anchors import Anchor
from book.project import Project
from book.projectfile import nearest
from book.yamlfile import YamlFile, read_yaml, shown
from castbook.errors import ProjectError, SelectionError
from castbook.files import write_text

_KEYS = ("anchor", "speaker", "style", "text")


@dataclass(frozen=True, slots=True)
class CastingLine:
    """One correction."""

    anchor: Anchor
    speaker: str | None  # a key of cast; None is the narrator
    style: str | None = None
    text: str = ""  # for people


def read_castings(path: Path, project: Project) -> tuple[CastingLine, ...]:
    """The corrections; none when there is no file.

    Raises:
        ProjectError: the file is wrong.
    """
    if not path.exists():
        return ()
    file = read_yaml(path)
    rows = entries(file, "castings")
    return tuple(_line(file, row, i, project) for i, row in enumerate(rows))


def write_castings(path: Path, lines: Sequence[CastingLine]) -> None:
    """Writes the corrections in their order."""
    rows = [
        {
            "anchor": str(line.anchor),
            "speaker": line.speaker or "narrator",
            **({"style": line.style} if line.style else {}),
            **({"text": line.text[:80]} if line.text else {}),
        }
        for line in lines
    ]
    head = "# Who speaks a line. anchor: from castbook find; speaker: a key of cast, or narrator.\n"
    write_text(path, head + dump({"version": 1, "castings": rows}))


def entries(file: YamlFile, key: str) -> list[object]:
    """The list under ``key`` of a version 1 file."""
    data = file.data if file.data is not None else {}
    if not isinstance(data, dict):
        raise ProjectError("not a map", path=file.path, expected=f"version: 1 and {key}:")
    for name in data:
        if name not in ("version", key, "accepted"):
            raise ProjectError(
                "unknown key",
                path=file.path,
                line=file.line((name,)),
                place=name,
                hint=nearest(name, ("version", key)),
            )
    rows = data.get(key) or []
    if not isinstance(rows, list):
        raise ProjectError("not a list", path=file.path, line=file.line((key,)), place=key)
    return rows


def dump(data: object) -> str:
    """YAML that reads and diffs well."""
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    return text


def anchor_of(
    file: YamlFile, row: object, key: str, number: int
) -> tuple[Anchor, dict[str, object]]:
    """A row's anchor and the row."""
    place = (key, number)
    if not isinstance(row, dict):
        raise ProjectError("not a map", path=file.path, line=file.line(place), place=shown(place))
    try:
        return Anchor.parse(str(row["anchor"])), row
    except KeyError:
        raise ProjectError(
            "no anchor", path=file.path, line=file.line(place), place=shown(place)
        ) from None
    except SelectionError as error:
        raise ProjectError(
            error.message,
            path=file.path,
            line=file.line((*place, "anchor")),
            place=shown((*place, "anchor")),
            expected=error.expected,
        ) from error


def _line(file: YamlFile, row: object, number: int, project: Project) -> CastingLine:
    anchor, values = anchor_of(file, row, "castings", number)
    speaker, style = values.get("speaker", "narrator"), values.get("style")
    place = ("castings", number, "speaker")
    if speaker != "narrator" and speaker not in project.book.cast:
        raise ProjectError(
            f"no character {speaker!r}",
            path=file.path,
            line=file.line(place),
            place=shown(place),
            hint=nearest(str(speaker), project.book.cast),
        )
    for key in values:
        if key not in _KEYS:
            raise ProjectError(
                "unknown key",
                path=file.path,
                line=file.line(("castings", number, key)),
                place=shown(("castings", number, key)),
                hint=nearest(key, _KEYS),
            )
    return CastingLine(
        anchor,
        None if speaker == "narrator" else str(speaker),
        str(style) if style else None,
        str(values.get("text", "")),
    )
