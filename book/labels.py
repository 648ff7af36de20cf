"""``labels.yaml``: what a language model said about lines whose speaker was unsure.

Written by ``castbook label``, kept with the project so that the book can be rebuilt without
asking again. A person's word in ``casting.yaml`` and what the text states go before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from book.anchors import Anchor
from book.mistakes import raise_mistakes, unknown, validate
from book.project import Project, Slug
from book.speakers.windows import UNKNOWN
from book.storedanchors import read_anchors
from book.yamlfile import read_yaml
from book.yamltext import note_rows, scalar
from castbook.files import write_text

LABELS_FILE = "labels.yaml"
_HEAD = """\
# What a language model said about lines whose speaker castbook's rules do not know.
# Written by `castbook label`; delete a line, or the file, to have it asked again.
# Corrections belong into casting.yaml: they go before this.
version: 1
labels:"""
_WINDOW_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Label:
    """One answer."""

    anchor: Anchor
    speaker: str | None  # a key of cast; None: the model does not know, or nobody of the cast
    window: str  # digest of the request it answers
    text: str = ""  # for people


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    anchor: str = Field(description="an anchor, as `castbook find` shows it")
    speaker: Slug = Field(description="a key of cast, or unknown")
    window: str = Field(pattern=r"^[0-9a-f]{16}$", description="the request it answers")
    text: Annotated[str, Field(max_length=2000)] = Field("", description="for people")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    labels: list[_Entry] | None = Field(None, description="the answers")


def read_labels(path: Path, project: Project) -> tuple[Label, ...]:
    """The answers in ``path``; none when there is no such file.

    Raises:
        ProjectError: with one line for each mistake.
    """
    if not path.exists():
        return ()
    file = read_yaml(path)
    entries = validate(file, _File).labels or []
    anchors, mistakes = read_anchors("labels", [entry.anchor for entry in entries])
    known = (*project.book.cast, UNKNOWN)
    for i, entry in enumerate(entries):
        if entry.speaker not in known:
            mistakes.append(unknown(("labels", i, "speaker"), "character", entry.speaker, known))
    raise_mistakes([mistake.error(file) for mistake in mistakes])
    return tuple(
        Label(anchor, None if e.speaker == UNKNOWN else e.speaker, e.window, e.text)
        for anchor, e in zip(anchors, entries, strict=True)
    )


def write_labels(path: Path, labels: Sequence[Label]) -> None:
    """Writes the answers in the order given, whole or not at all.

    Raises:
        StorageError: the file cannot be written; the old one stays.
    """
    rows = [_HEAD if labels else f"{_HEAD} []"]
    for label in labels:
        rows.append(f"  - anchor: {scalar(str(label.anchor))}")
        rows.append(f"    speaker: {scalar(label.speaker or UNKNOWN)}")
        rows.append(f"    window: {scalar(label.window[:_WINDOW_DIGITS])}")
        rows += note_rows(text=label.text)
    write_text(path, "\n".join(rows) + "\n")


def with_labels(old: Iterable[Label], new: Mapping[Anchor, Label]) -> tuple[Label, ...]:
    """``old`` with ``new`` in the place of what it answers anew, the rest behind."""
    left = dict(new)
    kept = [left.pop(label.anchor, label) for label in old]
    return (*kept, *left.values())
