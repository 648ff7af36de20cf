"""``retakes.yaml``: the takes people want again, and the doubtful ones they accept.

``count`` is the value of ``retake`` in the key of a segment's takes: raising it asks for
takes that were never made before; ``use`` goes back to those of a lower count. An acceptance
names the take by its key, and so does the mark of a bad one: another take of the same sentence
is neither accepted nor bad with it.
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
NO_TAKE = "0" * _KEY_DIGITS  # instead of an entry's key: it holds no longer, and its comments stay
_HEAD = """\
# Sentences to be spoken again, and doubtful takes that are good enough.
# Written by `castbook retake PROJECT WHERE`, `castbook accept PROJECT WHERE` and the review page.
#   anchor: names the sentence, wherever it moves to
#   count:  how many times another take was asked for; higher means new takes
#   use:    the count whose takes are in the book, where an earlier one was better
#   key:    the take that is accepted, or bad
#   note, text: for people; castbook does not read them
# Your own comments stay: castbook adds entries and changes values, and nothing else.
version: 1"""


@dataclass(frozen=True, slots=True)
class Retake:
    """The wish for another take of one segment."""

    anchor: Anchor
    count: int  # 1…: how often; the value of ``retake`` in the key
    note: str = ""  # why, for people
    text: str = ""  # the beginning of the line, for people
    use: int | None = None  # 0…count: the value of ``retake`` instead of ``count``

    @property
    def used(self) -> int:
        """The value of ``retake`` in the key."""
        return self.count if self.use is None else self.use


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A doubtful take that is good enough."""

    anchor: Anchor
    key: str  # of the take, 64 hex digits
    text: str = ""


@dataclass(frozen=True, slots=True)
class BadTake:
    """A take that a person found bad, whatever its verdict. It stays in use: the mark is a note
    from one who listens to one who mends."""

    anchor: Anchor
    key: str  # of the take, 64 hex digits
    note: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Retakes:
    """Everything in ``retakes.yaml``, in its order."""

    retakes: tuple[Retake, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    bad: tuple[BadTake, ...] = ()


_Note = Annotated[str, Field(max_length=2000)]


class _RetakeEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    anchor: str = Field(description="an anchor, as `castbook find` shows it")
    count: int = Field(1, ge=1, le=COUNT_LIMIT, description="how many times it was asked for")
    use: int | None = Field(
        None, ge=0, le=COUNT_LIMIT, description="the count whose takes are in the book"
    )
    note: _Note = Field("", description="why, for people")
    text: _Note = Field("", description="for people")


class _AcceptanceEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    anchor: str = Field(description="an anchor, as `castbook find` shows it")
    key: str = Field(description="the key of the accepted take: 64 hex digits")
    text: _Note = Field("", description="for people")


class _BadEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    anchor: str = Field(description="an anchor, as `castbook find` shows it")
    key: str = Field(description="the key of the bad take: 64 hex digits")
    note: _Note = Field("", description="what is wrong with it, for people")
    text: _Note = Field("", description="for people")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    retakes: list[_RetakeEntry] | None = Field(None, description="takes that are wanted again")
    accepted: list[_AcceptanceEntry] | None = Field(None, description="takes that are accepted")
    bad: list[_BadEntry] | None = Field(None, description="takes that a person found bad")


def read_retakes(path: Path) -> Retakes:
    """What ``path`` says; nothing when there is no such file.

    Raises:
        ProjectError: with one line for each mistake.
    """
    if not path.exists():
        return Retakes()
    file = read_yaml(path)
    data = validate(file, _File)
    retakes, accepted, bad = data.retakes or [], data.accepted or [], data.bad or []
    wanted, mistakes = read_anchors("retakes", [entry.anchor for entry in retakes])
    kept, more = read_anchors("accepted", [entry.anchor for entry in accepted])
    disliked, others = read_anchors("bad", [entry.anchor for entry in bad])
    mistakes += [*more, *others]
    for i, retake in enumerate(retakes):
        if retake.use is not None and retake.use > retake.count:
            mistakes.append(
                Mistake(("retakes", i, "use"), f"found {retake.use}", f"at most {retake.count}")
            )
    for name, keys in (("accepted", [e.key for e in accepted]), ("bad", [e.key for e in bad])):
        for i, key in enumerate(keys):
            if len(key) != _KEY_DIGITS or set(key) - set("0123456789abcdef"):
                mistakes.append(Mistake((name, i, "key"), f"found {shown(key)}", "64 hex digits"))
    raise_mistakes([mistake.error(file) for mistake in mistakes])
    return Retakes(
        tuple(
            Retake(a, e.count, e.note, e.text, e.use) for a, e in zip(wanted, retakes, strict=True)
        ),
        tuple(Acceptance(a, e.key, e.text) for a, e in zip(kept, accepted, strict=True)),
        tuple(BadTake(a, e.key, e.note, e.text) for a, e in zip(disliked, bad, strict=True)),
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
            {
                "anchor": str(r.anchor),
                "count": r.count,
                "use": r.use,
                "note": r.note,
                "text": r.text,
            }
            for r in state.retakes
        ],
        "accepted": [
            {"anchor": str(a.anchor), "key": a.key, "text": a.text} for a in state.accepted
        ],
        "bad": [
            {"anchor": str(b.anchor), "key": b.key, "note": b.note, "text": b.text}
            for b in state.bad
        ],
    }
    changed: str | None = text
    for key, rows in lists.items():
        if changed is not None and (rows or Entries.find(changed, key).count):
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
            old, count=old.count + 1, note=note or old.note, text=one_line(text), use=None
        )
        return dataclasses.replace(
            state, retakes=tuple(raised if r is old else r for r in state.retakes)
        )
    before = max((r.count for r in state.retakes if r.anchor.text == anchor.text), default=0)
    new = Retake(anchor, before + 1, note, one_line(text))
    return dataclasses.replace(state, retakes=(*state.retakes, new))


def with_acceptance(state: Retakes, anchor: Anchor, key: str, text: str) -> Retakes:
    """``state`` with the take ``key`` of the segment accepted, instead of any other of it; it is
    no longer a bad one."""
    state = without_bad_take(state, anchor, key)
    new = Acceptance(anchor, key, one_line(text))
    others = tuple(a for a in state.accepted if a.anchor != anchor)
    if len(others) == len(state.accepted):
        return dataclasses.replace(state, accepted=(*others, new))
    return dataclasses.replace(
        state, accepted=tuple(new if a.anchor == anchor else a for a in state.accepted)
    )


def with_use(state: Retakes, anchor: Anchor, count: int) -> Retakes:
    """``state`` with the takes of ``count`` in the book, of a segment retaken at least as often.

    Takes of higher counts are not forgotten: the next retake goes on behind them.
    """
    return dataclasses.replace(
        state,
        retakes=tuple(
            dataclasses.replace(r, use=None if count == r.count else count)
            if r.anchor == anchor
            else r
            for r in state.retakes
        ),
    )


def with_bad_take(state: Retakes, anchor: Anchor, key: str, text: str, note: str = "") -> Retakes:
    """``state`` with the take ``key`` marked as bad; an acceptance of it holds no longer."""
    new = BadTake(anchor, key, note, one_line(text))
    others = tuple(b for b in state.bad if b.anchor != anchor)
    marked = (
        (*others, new)
        if len(others) == len(state.bad)
        else tuple(new if b.anchor == anchor else b for b in state.bad)
    )
    accepted = tuple(
        dataclasses.replace(a, key=NO_TAKE) if (a.anchor, a.key) == (anchor, key) else a
        for a in state.accepted
    )
    return dataclasses.replace(state, bad=marked, accepted=accepted)


def without_bad_take(state: Retakes, anchor: Anchor, key: str) -> Retakes:
    """``state`` with the take ``key`` no longer marked as bad."""
    return dataclasses.replace(
        state,
        bad=tuple(
            dataclasses.replace(b, key=NO_TAKE) if (b.anchor, b.key) == (anchor, key) else b
            for b in state.bad
        ),
    )
