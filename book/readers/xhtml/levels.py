"""Which level of a nested navigation holds the chapters: above it are parts, below it sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from book.languages import Language
from book.readers.blocks import CHAPTER, PART, SECTION
from book.readers.headings import match_heading
from book.readers.xhtml.meanings import PARTS

SURE = 3  # a vote with a reason in the book itself
OWN_TEXT = 400  # characters between an entry and its first sub-entry that make it a chapter


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation that stands somewhere in the book."""

    title: str
    depth: int
    at: int | None  # piece; None: an unlinked label
    types: frozenset[str] = frozenset()  # what is known of the place
    own: int = 0  # characters before the next entry
    part: str = ""  # what it is, when it is skipped


def rank_places(places: Sequence[Place], language: Language) -> list[int]:
    """PART, CHAPTER or SECTION for each entry that is read.

    An entry without sub-entries at or above the level of chapters is a chapter; one with them
    above that level is a part, or a chapter if it has text of its own and nothing says part.
    """
    parents = [i + 1 < len(places) and places[i + 1].depth > p.depth for i, p in enumerate(places)]
    level = _level(places, parents, language)
    ranks = []
    for place, parent in zip(places, parents, strict=True):
        if place.depth > level:
            ranks.append(SECTION)
        elif place.depth == level or not parent:
            ranks.append(CHAPTER)
        else:
            ranks.append(PART)
    _spread(places, parents, ranks, level)
    return ranks


def _level(places: Sequence[Place], parents: Sequence[bool], language: Language) -> int:
    depths = sorted({place.depth for place in places})
    for depth in depths:
        here = [i for i, place in enumerate(places) if place.depth == depth]
        nested = [i for i in here if parents[i]]
        if not nested:
            return depth
        if len(here) == 1 and len(places) > 2:
            continue  # the whole book under its title
        votes = [_vote(places, i, language) for i in nested]
        outnumbered = len(here) - len(nested) > len(nested) and max(votes) < SURE
        if sum(votes) < 0 or outnumbered:
            return depth
    return depths[-1] if depths else 1


def _vote(places: Sequence[Place], i: int, language: Language) -> int:
    """Above 0 for a part, below for a chapter."""
    place = places[i]
    heading = match_heading(place.title, language)
    child = match_heading(places[i + 1].title, language)
    if heading is not None and heading.rank == PART:
        return SURE
    if heading is not None and heading.rank == CHAPTER and heading.number is not None:
        return -SURE
    if "chapter" in place.types:  # perhaps inside a part: the inner type is meant
        return -SURE
    if not PARTS.isdisjoint(place.types):
        return SURE
    if child is not None and child.rank == CHAPTER and child.number is not None:
        return SURE
    if place.at is None:
        return 2
    if child is not None and heading is None:
        return 1
    return 1 if place.own < OWN_TEXT else -1


def _spread(places: Sequence[Place], parents: Sequence[bool], ranks: list[int], level: int) -> None:
    """A lone top entry over the whole book is its title: a chapter if it has text, else nothing
    that needs saying in every chapter's name."""
    top = [i for i, rank in enumerate(ranks) if rank == PART and places[i].depth < level]
    if not top or top[0] != 0:
        return
    first = places[0]
    if all(place.depth > first.depth for place in places[1:]) and first.own >= OWN_TEXT:
        ranks[0] = CHAPTER
