"""``casting.yaml``: who really speaks a line, and in which mood.

Written by people and by castbook; each entry names its segment by an anchor, so that it
stays on its sentence when text is inserted above. Reading checks form and names; whether an
anchor still fits the text is the script's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from book.anchors import Anchor
from book.manuscript import NARRATOR
from book.mistakes import Mistake, raise_mistakes, unknown, validate
from book.project import Project, Slug
from book.storedanchors import read_anchors
from book.yamledit import Entries
from book.yamlfile import read_yaml
from castbook.files import write_text

CASTING_FILE = "casting.yaml"
_HEAD = """\
# Who speaks a line, and how, where castbook should not guess.
# One entry a line of the book. `castbook find PROJECT "a few words"` shows its anchor.
#   anchor:  names the sentence, wherever it moves to
#   speaker: a key of cast in project.yaml, or narrator
#   style:   a mood of that voice (optional)
#   text:    for people; castbook does not read it
# Your own comments stay: castbook adds entries and changes values, and nothing else.
version: 1
castings:"""


@dataclass(frozen=True, slots=True)
class CastingLine:
    """One correction."""

    anchor: Anchor
    speaker: str | None  # a key of cast; None is the narrator
    style: str | None = None  # a key of the voice's styles
    text: str = ""  # the beginning of the line, for people


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    anchor: str = Field(description="an anchor, as `castbook find` shows it")
    speaker: Slug = Field(description="a key of cast, or narrator")
    style: Slug | None = Field(None, description="a mood of the speaker's voice")
    text: Annotated[str, Field(max_length=2000)] = Field("", description="for people")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    castings: list[_Entry] | None = Field(None, description="the corrections")


def read_castings(path: Path, project: Project) -> tuple[CastingLine, ...]:
    """The corrections in ``path``, in its order; none when there is no such file.

    Raises:
        ProjectError: with one line for each mistake.
    """
    if not path.exists():
        return ()
    file = read_yaml(path)
    entries = validate(file, _File).castings or []
    anchors, mistakes = read_anchors("castings", [entry.anchor for entry in entries])
    for i, entry in enumerate(entries):
        mistakes += _check(entry, i, project)
    raise_mistakes([mistake.error(file) for mistake in mistakes])
    return tuple(
        CastingLine(
            anchor,
            None if entry.speaker == NARRATOR else entry.speaker,
            entry.style,
            entry.text,
        )
        for anchor, entry in zip(anchors, entries, strict=True)
    )


def write_castings(path: Path, lines: Sequence[CastingLine]) -> None:
    """Writes the corrections in the order given, whole or not at all.

    Where the file holds the first of them already, only what is new or different is written:
    comments and everything else stay.

    Raises:
        StorageError: the file cannot be written; the old one stays.
    """
    text = casting_text(path)
    rows = [
        {
            "anchor": str(line.anchor),
            "speaker": line.speaker or NARRATOR,
            "style": line.style,
            "text": line.text,
        }
        for line in lines
    ]
    changed = Entries.find(text, "castings").update(rows)
    if changed is None:
        changed = Entries.find(f"{_HEAD} []\n", "castings").update(rows)
    write_text(path, changed or text)


def casting_text(path: Path) -> str:
    """The file as it stands, or a new one without entries.

    Raises:
        ProjectError: it cannot be read.
    """
    return read_yaml(path).text if path.exists() else f"{_HEAD} []\n"


def _check(entry: _Entry, i: int, project: Project) -> list[Mistake]:
    cast = project.book.cast
    if entry.speaker != NARRATOR and entry.speaker not in cast:
        known = (*cast, NARRATOR)
        return [unknown(("castings", i, "speaker"), "character", entry.speaker, known)]
    if entry.style is None:
        return []
    voice = project.voice_of(None if entry.speaker == NARRATOR else entry.speaker)
    styles = tuple(project.book.voices[voice].styles)
    if entry.style in styles:
        return []
    place = ("castings", i, "style")
    if not styles:
        return [Mistake(place, f"voice {voice!r} has no styles", "no style for this line")]
    return [unknown(place, f"style of voice {voice!r}:", entry.style, styles)]
