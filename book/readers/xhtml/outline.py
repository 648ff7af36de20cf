"""Where parts and chapters begin: the book's navigation brought to the pieces of its text.

The spine decides the order, the navigation the titles. Where the two disagree, or a heading
disagrees with the entry that points to it, a warning says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from book.languages import Language
from book.readers.blocks import CHAPTER, PART, SECTION, Heading
from book.readers.headings import match_heading
from book.readers.xhtml.headlines import (
    HEAD_RUN,
    LOOK_AHEAD,
    completed,
    differ,
    find_head,
    heading_of,
)
from book.readers.xhtml.levels import OWN_TEXT, Place, rank_places
from book.readers.xhtml.meanings import READ, TEXT, part_of_title, part_of_types, states_rights
from book.readers.xhtml.navigation import Entry, Navigation
from book.readers.xhtml.pages import PASSED_OVER, Pages
from book.readers.xhtml.textbuilder import title_key

SURELY = 3  # signs that a listed page is the one with the rights
FEW = 2  # entries of a navigation that says nothing: "Start reading" and another


@dataclass(frozen=True, slots=True)
class Mark:
    """Something begins at a piece."""

    at: int
    heading: Heading
    head: tuple[int, ...] = ()  # the pieces that print it; none: its title is not in the text


@dataclass(frozen=True, slots=True)
class Outline:
    """What begins where."""

    marks: tuple[Mark, ...]
    matter: tuple[tuple[int, int, str], ...]  # [start, end) of pieces, and the part they are
    listed: frozenset[str]  # members that an entry points to
    warnings: tuple[str, ...]


def read_outline(
    navigation: Navigation, pages: Pages, language: Language, title: str | None
) -> Outline | None:
    """The outline that the navigation gives; None when it says nothing about the text."""
    warnings = list(navigation.warnings)
    landmarks: dict[tuple[str, str], frozenset[str]] = {}
    for mark in navigation.landmarks:
        key = (mark.member, mark.fragment)
        landmarks[key] = landmarks.get(key, frozenset()) | (mark.types - {"bodymatter"})
    found = [
        place
        for entry in navigation.entries
        if (place := _place(entry, pages, navigation, landmarks, warnings)) is not None
    ]
    places = _ordered(found, warnings)
    matter = tuple(_spans(places, pages))
    named = title_key(title) if title else ""
    read = _pruned(
        [p for p in places if not p.part and not (title_key(p.title) == named and p.own < OWN_TEXT)]
    )
    listed = frozenset(entry.member for entry in navigation.entries if entry.member)
    if len(read) <= FEW and all(part_of_title(p.title) == READ for p in read if p.at is not None):
        return None
    ranks = rank_places(read, language)
    marks: list[Mark] = []
    for place, rank, (nearest, stop) in zip(read, ranks, _following(read), strict=True):
        at = nearest if place.at is None else place.at
        if at is None or rank == SECTION:
            continue
        if part_of_title(place.title) == READ and (nearest == at or len(read) <= FEW):
            continue  # "Start reading", and not a chapter that is called "Beginning"
        marks.append(_mark(place, at, stop, rank, pages, marks, language, warnings))
    marks = _with_forgotten(marks, pages, listed, matter, language, warnings)
    return Outline(tuple(marks), matter, listed, tuple(warnings))


def _with_forgotten(
    marks: list[Mark],
    pages: Pages,
    listed: frozenset[str],
    matter: Sequence[tuple[int, int, str]],
    language: Language,
    warnings: list[str],
) -> list[Mark]:
    """Chapters that begin a document, say so, and are not in the navigation."""
    if not any(mark.heading.rank == CHAPTER for mark in marks):
        return marks
    found = list(marks)
    for page in pages.pages:
        at = pages.settled(page.first, min(page.last, page.first + HEAD_RUN))
        if page.member in listed or at >= page.last or not pages.pieces[at].level:
            continue
        if pages.pieces[at].part or any(start <= at < end for start, end, _ in matter):
            continue
        heading = match_heading(pages.line(at), language)
        if heading is None or heading.rank != CHAPTER:
            continue
        warnings.append(
            f"the navigation does not list {pages.line(at)!r} ({page.member}): it is read as a "
            "chapter"
        )
        head = find_head(pages.line(at), range(at, min(page.last, at + HEAD_RUN)), set(), pages)
        printed = [pages.line(i) for i in head]
        found.append(Mark(at, completed(heading, printed, CHAPTER, language), head))
    return sorted(found, key=lambda mark: mark.at)


def _place(
    entry: Entry,
    pages: Pages,
    navigation: Navigation,
    marks: Mapping[tuple[str, str], frozenset[str]],
    warnings: list[str],
) -> Place | None:
    if not entry.href:
        return Place(entry.title, entry.depth, None)
    at, exact = pages.place(entry.member, entry.fragment) if entry.member else (None, False)
    if at is None:
        unread = entry.member in navigation_members(navigation)
        if not unread and not part_of_title(entry.title):
            warnings.append(
                f"the navigation points {entry.title!r} to {entry.href!r}, which is not in the text"
            )
        return None
    if not exact:
        titled = pages.titled(entry.member, entry.title)
        at = at if titled is None else titled
        where = "its beginning" if titled is None else "the heading of that name"
        warnings.append(
            f"the navigation points {entry.title!r} to {entry.href!r}: there is no such place in "
            f"that document, {where} is taken"
        )
    settled = pages.settled(at, at + HEAD_RUN)
    types = pages.pieces[settled].types if pages.pieces else frozenset()
    marked = marks.get((entry.member, entry.fragment), frozenset())
    part = pages.pieces[settled].part if pages.pieces else ""
    part = "" if part in PASSED_OVER else part
    page = pages.of_member(entry.member)
    if page is not None and page.first == page.last and not entry.fragment:
        part = part_of_title(entry.title) or "captions"  # a document without text: a picture
        part = "" if part in (READ, "captions") and not part_of_types(marked) else part
    if not part and TEXT.isdisjoint(types | marked):
        part = part_of_types(marked) or part_of_title(entry.title)
        if not part and page is not None and not entry.fragment:
            part = "copyright" if states_rights(page.markup.text, SURELY) else ""
    part = "" if part == READ else part
    return Place(entry.title, entry.depth, at, types | marked, 0, part)


def navigation_members(navigation: Navigation) -> frozenset[str]:
    """Documents that are navigation themselves, whether in the spine or not."""
    return frozenset([navigation.source])


def _ordered(found: list[Place], warnings: list[str]) -> list[Place]:
    """The places as the text has them. Labels stay before the entries below them."""
    key = 0
    keys: list[int] = []
    for place in reversed(found):
        key = place.at if place.at is not None else key
        keys.append(key)
    keys.reverse()
    order = sorted(range(len(found)), key=lambda i: keys[i])
    if order != list(range(len(found))):
        first = next(i for i, j in enumerate(order) if i != j)
        warnings.append(
            f"the navigation lists its entries in another order than the book has them, from "
            f"{found[order[first]].title!r} on: the book's order is followed"
        )
    return [found[i] for i in order]


def _spans(places: list[Place], pages: Pages) -> list[tuple[int, int, str]]:
    """What the skipped entries cover; sets ``own`` of the places on the way."""
    spans = []
    total = len(pages.pieces)
    following = _following(places)
    for i, place in enumerate(places):
        if place.at is None:
            continue
        nearest, stop_at = following[i]
        end = total if stop_at is None else stop_at
        shared = nearest == place.at
        own = 0 if shared else sum(
            len(pages.text(j)) for j in range(place.at, min(end, place.at + 200))
            if not pages.pieces[j].level and not pages.pieces[j].titled and not pages.pieces[j].part
        )  # fmt: skip
        places[i] = replace(place, own=own)
        if place.part and not shared:
            stop = pages.page_of(place.at).last if place.at < total else end
            many = place.part in ("notes", "index", "bibliography", "advertisements", "licence")
            spans.append((place.at, end if many else min(end, stop), place.part))
    return spans


def _following(places: Sequence[Place]) -> list[tuple[int | None, int | None]]:
    """For each place the piece of the next one, and the next piece after its own (for a label:
    after that) at which something begins."""
    found: list[tuple[int | None, int | None]] = []
    begun: list[int] = []  # distinct pieces, the last one first
    for place in reversed(places):
        nearest = begun[-1] if begun else None
        same = place.at is None or place.at == nearest
        later = begun[-2:-1] if same else begun[-1:]
        found.append((nearest, later[0] if later else None))
        if place.at is not None and place.at != nearest:
            begun.append(place.at)
    return found[::-1]


def _pruned(places: list[Place]) -> list[Place]:
    """Without labels that have nothing below them, and with no gap in the depths."""
    kept: list[Place] = []
    for i, place in enumerate(places):
        below = places[i + 1].depth > place.depth if i + 1 < len(places) else False
        if place.at is not None or below:
            kept.append(place)
    above: list[tuple[int, int]] = []  # depths as written and as they become
    pruned = []
    for place in kept:
        while above and above[-1][0] >= place.depth:
            above.pop()
        depth = above[-1][1] + 1 if above else 1
        above.append((place.depth, depth))
        pruned.append(replace(place, depth=depth))
    return pruned


def _mark(
    place: Place,
    at: int,
    stop: int | None,
    rank: int,
    pages: Pages,
    before: Sequence[Mark],
    language: Language,
    warnings: list[str],
) -> Mark:
    heading = heading_of(place.title, rank, language)
    if place.at is None:
        return Mark(at, heading)
    taken = {i for mark in before[-3:] for i in mark.head}
    last = min(len(pages.pieces) if stop is None else stop, at + HEAD_RUN + 2 * LOOK_AHEAD)
    head = find_head(place.title, range(at, max(last, at)), taken, pages)
    printed = [pages.line(i) for i in head]
    if rank in (CHAPTER, PART):
        heading = completed(heading, printed, rank, language)
        own = next((h for line in printed if (h := match_heading(line, language))), None)
        if own and differ(own, heading):
            warnings.append(
                f"the navigation says {place.title!r} where the text says {printed[0]!r}"
            )
    return Mark(at, heading, head)
