"""``retakes.yaml``: segments to be spoken again, and doubtful takes a person accepted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from book.anchors import Anchor
from book.casting import anchor_of, dump, entries
from book.yamlfile import read_yaml
from castbook.files import write_text


@dataclass(frozen=True, slots=True)
class Retake:
    """A wish for another take: ``count`` is the ``retake`` of the key."""

    anchor: Anchor
    count: int
    note: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A doubtful take that is good enough."""

    anchor: Anchor
    key: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Retakes:
    """The whole file."""

    retakes: tuple[Retake, ...] = ()
    accepted: tuple[Acceptance, ...] = ()


def read_retakes(path: Path) -> Retakes:
    """The wishes; none when there is no file."""
    if not path.exists():
        return Retakes()
    file = read_yaml(path)
    retakes, accepted = [], []
    for i, row in enumerate(entries(file, "retakes")):
        anchor, values = anchor_of(file, row, "retakes", i)
        retakes.append(
            Retake(
                anchor,
                int(str(values.get("count", 1))),
                str(values.get("note", "")),
                str(values.get("text", "")),
            )
        )
    for i, row in enumerate((file.data or {}).get("accepted") or []):
        anchor, values = anchor_of(file, row, "accepted", i)
        accepted.append(Acceptance(anchor, str(values.get("key", "")), str(values.get("text", ""))))
    return Retakes(tuple(retakes), tuple(accepted))


def write_retakes(path: Path, state: Retakes) -> None:
    """Writes the file."""
    data = {
        "version": 1,
        "retakes": [
            {"anchor": str(r.anchor), "count": r.count, "note": r.note, "text": r.text[:80]}
            for r in state.retakes
        ],
        "accepted": [
            {"anchor": str(a.anchor), "key": a.key, "text": a.text[:80]} for a in state.accepted
        ],
    }
    write_text(path, "# Written by castbook retake and accept.\n" + dump(data))


def with_retake(state: Retakes, anchor: Anchor, text: str, note: str) -> Retakes:
    """One more take of the segment ``anchor`` names."""
    for i, known in enumerate(state.retakes):
        if known.anchor == anchor:
            raised = replace(known, count=known.count + 1, note=note or known.note)
            return replace(state, retakes=(*state.retakes[:i], raised, *state.retakes[i + 1 :]))
    return replace(state, retakes=(*state.retakes, Retake(anchor, 1, note, text)))


def with_acceptance(state: Retakes, anchor: Anchor, key: str, text: str) -> Retakes:
    """The take ``key`` accepted for the segment ``anchor`` names."""
    kept = tuple(a for a in state.accepted if a.anchor != anchor)
    return replace(state, accepted=(*kept, Acceptance(anchor, key, text)))
