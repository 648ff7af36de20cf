"""``retakes.yaml``: the takes people want again, and the doubtful ones they accept.

``count`` is the value of ``retake`` in the key of a segment's takes: raising it asks for
takes that were never made before. An acceptance names the take by its key: another take of
the same sentence is not accepted with it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from book.anchors import Anchor
from book.mistakes import Mistake, raise_mistakes, validate
from book.storedanchors import read_anchors
from book.yamledit import Entries
from book.yamlfile import read_yaml, shown
from book.yamltext import one_line
from castbook.files import write_text

COUNT_LIMIT = 10_000
_KEY_DIGITS = 64  # sha256
_HEAD = """\
# Sentences to be spoken again, and doubtful takes that are good enough.
# Written by `castbook retake PROJECT WHERE` and `castbook accept PROJECT WHERE`.
#   anchor: names the sentence, wherever it moves to
#   count:  how many times another take was asked for; higher means new takes
#   key:    the take that is accepted
#   note, text: for people; castbook does not read them
# Your own comments stay: castbook adds entries and changes values, and nothing else.
version: 1"""


@dataclass(frozen=True, slots=True)
class Retake:
    """The wish for another take of one segment."""

    anchor: Anchor
    count: int  # 1…: the value of ``retake`` in the key
    note: str = ""  # why, for people
    text: str = ""  # the beginning of the line, for people


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A doubtful take that is good enough."""

    anchor: Anchor
    key: str  # of the take, 64 hex digits
    text: str = ""


@dataclass(frozen=True, slots=True)
class Retakes:
    """Everything in ``retakes.yaml``, in its order."""

    retakes: tuple[Retake, ...] = ()
    accepted: tuple[Acceptance, ...] = ()


_Note = Annotated[str, Field(max_length=2000)]


class _RetakeEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    anchor: str = Field(description="an anchor, as `castbook find` shows it")
    count: int = Field(1, ge=1, le=COUNT_LIMIT, description="how many times it was asked for")
    note: _Note = Field("", description="why, for people")
    text: _Note = Field("", description="for people")


class _AcceptanceEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    anchor: str = Field(description="an anchor, as `castbook find` shows it")
    key: str = Field(description="the key of the accepted take: 64 hex digits")
    text: _Note = Field("", description="for people")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    retakes: list[_RetakeEntry] | None = Field(None, description="takes that are wanted again")
    accepted: list[_AcceptanceEntry] | None = Field(None, description="takes that are accepted")


def read_retakes(path: Path) -> Retakes:
    """What ``path`` says; nothing when there is no such file.

    Raises:
        ProjectError: with one line for each mistake.
    """
    if not path.exists():
        return Retakes()
    file = read_yaml(path)
    data = validate(file, _File)
    retakes, accepted = data.retakes or [], data.accepted or []
    wanted, mistakes = read_anchors("retakes", [entry.anchor for entry in retakes])
    kept, more = read_anchors("accepted", [entry.anchor for entry in accepted])
    mistakes += more
    for i, entry in enumerate(accepted):
        if len(entry.key) != _KEY_DIGITS or set(entry.key) - set("0123456789abcdef"):
            mistakes.append(
                Mistake(("accepted", i, "key"), f"found {shown(entry.key)}", "64 hex digits")
            )
    raise_mistakes([mistake.error(file) for mistake in mistakes])
    return Retakes(
        tuple(Retake(a, e.count, e.note, e.text) for a, e in zip(wanted, retakes, strict=True)),
        tuple(Acceptance(a, e.key, e.text) for a, e in zip(kept, accepted, strict=True)),
    )


def write_retakes(path: Path, state: Retakes) -> None:
    """Writes ``state`` in its own order, whole or not at all.

    Where the file holds the first entries already, only what is new or different is
    written: comments and everything else stay.

    Raises:
        StorageError: the file cannot be written; the old one stays.
    """
    empty = f"{_HEAD}\nretakes: []\naccepted: []\n"
    text = read_yaml(path).text if path.exists() else empty
    write_text(path, _with_state(text, state) or _with_state(empty, state) or empty)


def _with_state(text: str, state: Retakes) -> str | None:
    """The file ``text`` saying ``state``; None when its entries are others."""
    lists: dict[str, list[dict[str, str | int | None]]] = {
        "retakes": [
            {"anchor": str(r.anchor), "count": r.count, "note": r.note, "text": r.text}
            for r in state.retakes
        ],
        "accepted": [
            {"anchor": str(a.anchor), "key": a.key, "text": a.text} for a in state.accepted
        ],
    }
    changed: str | None = text
    for key, rows in lists.items():
        if changed is not None:
            changed = Entries.find(changed, key).update(rows)
    return changed


def with_retake(state: Retakes, anchor: Anchor, text: str, note: str = "") -> Retakes:
    """``state`` with one more take of the segment asked for.

    A segment whose neighbours were edited since its last retake has a new anchor; its count
    then goes on from the highest one of the same text, so that it never falls back to takes
    that were made and rejected before. The new entry stands last, and the last one counts.
    """
    old = next((retake for retake in state.retakes if retake.anchor == anchor), None)
    if old is not None:
        raised = dataclasses.replace(
            old, count=old.count + 1, note=note or old.note, text=one_line(text)
        )
        return dataclasses.replace(
            state, retakes=tuple(raised if r is old else r for r in state.retakes)
        )
    before = max((r.count for r in state.retakes if r.anchor.text == anchor.text), default=0)
    new = Retake(anchor, before + 1, note, one_line(text))
    return dataclasses.replace(state, retakes=(*state.retakes, new))


def with_acceptance(state: Retakes, anchor: Anchor, key: str, text: str) -> Retakes:
    """``state`` with the take ``key`` of the segment accepted, instead of any other of it."""
    new = Acceptance(anchor, key, one_line(text))
    others = tuple(a for a in state.accepted if a.anchor != anchor)
    if len(others) == len(state.accepted):
        return dataclasses.replace(state, accepted=(*others, new))
    return dataclasses.replace(
        state, accepted=tuple(new if a.anchor == anchor else a for a in state.accepted)
    )
