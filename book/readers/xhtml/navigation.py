"""The navigation of an EPUB: ``nav.xhtml`` (EPUB 3) or the NCX (EPUB 2), landmarks, the guide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from book.readers.trees import parse_markup, parse_xml
from book.readers.xhtml.elements import link_of, name_of, text_of, types_of
from book.readers.xhtml.package import Item, Package
from book.readers.xhtml.textbuilder import clean_line
from castbook.errors import ManuscriptError

MOST_ENTRIES = 20_000
LONGEST_TITLE = 400  # characters; longer ones are cut
DEEPEST = 12  # levels; deeper ones count as this one
_UNREAD = frozenset(["rt", "rp", "script", "style", "math"])


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation."""

    title: str
    member: str  # the document it points to; empty: to none, or one that is missing
    fragment: str
    depth: int  # 1 at the top
    types: frozenset[str] = frozenset()  # of its link, in landmarks
    href: str = ""  # as written, for messages


@dataclass(frozen=True, slots=True)
class Navigation:
    """What the book says about its parts."""

    entries: tuple[Entry, ...]
    landmarks: tuple[Entry, ...]
    source: str  # the member that was read; empty: there is none
    warnings: tuple[str, ...] = ()


def read_navigation(package: Package) -> Navigation:
    """The entries in their own order; empty when nothing usable is there."""
    landmarks: list[Entry] = []
    warnings: list[str] = []
    entries: list[Entry] = []
    source = ""
    for item in _candidates(package):
        try:
            if item.media_type == "application/x-dtbncx+xml" or item.member.endswith(".ncx"):
                found = list(_ncx(package, item.member))
            else:
                found, marks = _nav(package, item.member)
                landmarks.extend(marks)
        except ManuscriptError as error:
            warnings.append(f"{item.member}: the navigation cannot be read: {error.message}")
            continue
        if not entries and any(entry.member for entry in found):
            entries, source = found, item.member
    for kind, href in package.guide:
        landmarks.append(_entry(package, "", href, package.path, 1, frozenset([kind])))
    return Navigation(tuple(entries), tuple(landmarks), source, tuple(warnings))


def _candidates(package: Package) -> Iterator[Item]:
    """EPUB 3's document first, then the NCX that the spine names, then any."""
    items = [item for item in package.items.values() if item.member]
    yield from (item for item in items if "nav" in item.properties)
    ncx = [item for item in items if item.media_type == "application/x-dtbncx+xml"]
    named = package.items.get(package.toc)
    if named is not None and named.member and named not in ncx:
        ncx.insert(0, named)
    yield from sorted(ncx, key=lambda item: item.id != package.toc)


def _entry(
    package: Package, title: str, href: str, base: str, depth: int, types: frozenset[str]
) -> Entry:
    return Entry(
        clean_line(title)[:LONGEST_TITLE],
        package.find(href, base) if href else "",
        unquote(href.partition("#")[2]),
        min(depth, DEEPEST),
        types,
        href,
    )


def _ncx(package: Package, member: str) -> Iterator[Entry]:
    root = parse_xml(package.archive.read(member), f"{package.archive.path}!{member}").root
    depth = count = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if name_of(element) != "navpoint":
            continue
        if event == "end":
            depth -= 1
            continue
        depth += 1
        count += 1
        title = href = ""
        for child in element:
            if name_of(child) == "navlabel" and not title:
                title = text_of(child)
            elif name_of(child) == "content" and not href:
                href = child.get("src") or ""
        if count <= MOST_ENTRIES and (title.strip() or href):
            yield _entry(package, title, href, member, depth, frozenset())


def _nav(package: Package, member: str) -> tuple[list[Entry], list[Entry]]:
    """The entries of ``toc``, and those of ``landmarks``."""
    root = parse_markup(package.archive.read(member), f"{package.archive.path}!{member}").root
    lists = [element for element in root.iter() if name_of(element) == "nav"]
    entries: list[Entry] = []
    landmarks: list[Entry] = []
    for element in lists:
        types = types_of(element)
        if "landmarks" in types:
            landmarks.extend(_items(package, element, member))
        elif "toc" in types and not entries:
            entries = list(_items(package, element, member))
    if not entries and not any(types_of(element) for element in lists):
        entries = list(_items(package, root, member))
    return entries, landmarks


def _items(package: Package, top: etree._Element, member: str) -> Iterator[Entry]:
    """Links and unlinked labels of nested lists; a label without entries below it is none."""
    depth = count = 0
    for event, element in etree.iterwalk(top, events=("start", "end")):
        name = name_of(element)
        if name in ("ol", "ul"):
            depth += 1 if event == "start" else -1
        if event == "end" or name not in ("a", "span"):
            continue
        parent = element.getparent()
        if parent is None or (name == "span" and name_of(parent) != "li"):
            continue
        href = link_of(element) or "" if name == "a" else ""
        title = _label(element)
        count += 1
        if count <= MOST_ENTRIES and (title or href):
            types = frozenset(types_of(element))
            yield _entry(package, title, href, member, max(depth, 1), types)


def _label(element: etree._Element) -> str:
    parts: list[str] = []
    inside = 0
    for event, child in etree.iterwalk(element, events=("start", "end")):
        unread = name_of(child) in _UNREAD
        inside += (1 if event == "start" else -1) if unread else 0
        if event == "start" and not inside:
            parts.append(child.text or "")
            if name_of(child) == "img":
                parts.append(child.get("alt") or "")
        elif event == "end" and not inside and child is not element:
            parts.append(child.tail or "")
    return "".join(parts)
