"""The memory of the last run: what each segment was made of, and from which project.

It stands in the script on disk (``tasks/scripts.py``). A damaged row only costs a reason.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from book.anchors import Anchor, normalise
from book.script import Replacement
from castbook.errors import SelectionError
from tasks.keys import Ingredients
from tasks.location import Build
from tasks.stamps import Stamp

STAMPS_FILE = "stamps.json"
TELLING = 24  # characters: texts this long hardly ever repeat in a book (book/anchors.py)


@dataclass(frozen=True, slots=True)
class Made:
    """A segment as it was when somebody last asked for its take."""

    chapter: int
    anchor: Anchor
    printed: str
    spoken: str
    replacements: tuple[Replacement, ...]
    speaker: str | None
    rule: str
    ingredients: Ingredients
    stamp: str  # id of a stamp


@dataclass(frozen=True)
class Memory:
    """Everything the last runs left."""

    made: tuple[Made, ...] = ()
    stamps: Mapping[str, Stamp] = field(default_factory=dict)

    def of(self, chapter: int, anchor: Anchor) -> Made | None:
        """The segment with the same text and occurrence in its chapter; else anywhere, for a
        chapter gets another number when one is inserted before it, but a short text is any."""
        place = (anchor.text, anchor.occurrence)
        if here := self._by_place.get((chapter, *place)):
            return here
        there = self._anywhere.get(place)
        return there if there and len(there.printed) >= TELLING else None

    def knows(self, chapter: int) -> bool:
        """Whether a chapter of that number was ever planned to be made."""
        return chapter in self._texts

    def held(self, chapter: int, printed: str) -> bool:
        """Whether the chapter had this text, wherever its segments began and ended."""
        return _letters(printed) in self._texts.get(chapter, "")

    def stamp_of(self, chapter: int) -> Stamp | None:
        """From which project a chapter was last asked for."""
        return self.stamps.get(self._stamp_of.get(chapter, ""))

    @cached_property
    def _stamp_of(self) -> dict[int, str]:
        return {made.chapter: made.stamp for made in self.made}

    @cached_property
    def _by_place(self) -> dict[tuple[int, str, int], Made]:
        return {(m.chapter, m.anchor.text, m.anchor.occurrence): m for m in self.made}

    @cached_property
    def _anywhere(self) -> dict[tuple[str, int], Made]:
        return {(m.anchor.text, m.anchor.occurrence): m for m in self.made}

    @cached_property
    def _texts(self) -> dict[int, str]:
        texts: dict[int, list[str]] = defaultdict(list)
        for made in self.made:
            texts[made.chapter].append(_letters(made.printed))
        return {chapter: "".join(parts) for chapter, parts in texts.items()}


def recall(build: Build) -> Memory:
    """What the scripts of a build remember."""
    if not build.script.is_dir():
        return Memory()
    return Memory(tuple(_rows(build)), _stamps(build))


def plain_made(made: Made) -> dict[str, Any]:
    """As it is kept in a row."""
    return {
        "chapter": made.chapter,
        "anchor": str(made.anchor),
        "printed": made.printed,
        "spoken": made.spoken,
        "replacements": [[r.start, r.end, r.spoken, r.rule] for r in made.replacements],
        "speaker": made.speaker or "narrator",
        "rule": made.rule,
        "ingredients": made.ingredients.plain(),
        "stamp": made.stamp,
    }


def made_from(row: Mapping[str, Any]) -> Made:
    """Back from a row.

    Raises:
        KeyError, TypeError, ValueError, SelectionError: it is damaged, or of an older castbook.
    """
    speaker = str(row["speaker"])
    return Made(
        int(row["chapter"]),
        Anchor.parse(row["anchor"]),
        str(row["printed"]),
        str(row["spoken"]),
        tuple(Replacement(int(a), int(b), str(s), str(r)) for a, b, s, r in row["replacements"]),
        None if speaker == "narrator" else speaker,
        str(row["rule"]),
        Ingredients(**row["ingredients"]),
        str(row.get("stamp", "")),
    )


def _rows(build: Build) -> Iterator[Made]:
    for path in sorted(build.script.glob("*.jsonl")):
        for text in path.read_text("utf-8").splitlines():
            try:
                row = json.loads(text)
                yield made_from(row.get("held") or row)
            except (ValueError, KeyError, TypeError, AttributeError, SelectionError):
                continue


def _stamps(build: Build) -> dict[str, Stamp]:
    try:
        loaded = json.loads((build.script / STAMPS_FILE).read_bytes())
        return {str(name): Stamp(dict(parts)) for name, parts in loaded.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _letters(text: str) -> str:
    """What stays the same when a text is cut elsewhere: no white space."""
    return "".join(normalise(text).split())
