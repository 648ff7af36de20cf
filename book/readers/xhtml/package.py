"""The package of an EPUB: container, manifest, spine, guide; where its files are found.

Links in books are wrong in all the ways that file systems forgive: percent signs, backslashes,
another case, another Unicode form, a folder too many. ``Package.find`` forgives them, too.
"""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import unquote

from lxml import etree

from book.readers.archive import Archive
from book.readers.trees import parse_xml
from book.readers.xhtml.elements import name_of
from castbook.errors import ManuscriptError

MOST_ITEMS = 20_000  # of a manifest or a spine
MARKUP_TYPES = frozenset(
    ["application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/xml", "text/xml"]
)
_MARKUP_ENDS = (".xhtml", ".html", ".htm", ".xml")
DRAWING = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the book."""

    id: str
    member: str  # its name in the archive; empty when it is missing
    href: str  # as the manifest writes it
    media_type: str
    properties: frozenset[str]

    @property
    def is_markup(self) -> bool:
        """Whether it holds text."""
        if self.media_type in MARKUP_TYPES or self.media_type == DRAWING:
            return True
        return not self.media_type and self.href.lower().endswith(_MARKUP_ENDS)


@dataclass(frozen=True, slots=True)
class Spined:
    """A document in reading order."""

    item: Item
    linear: bool


@dataclass(slots=True)
class Package:
    """What the OPF says."""

    archive: Archive
    path: str  # of the OPF in the archive
    root: etree._Element
    items: Mapping[str, Item]
    spine: tuple[Spined, ...]
    guide: tuple[tuple[str, str], ...]  # type, href as written
    toc: str  # id of the NCX
    broken: bool  # the OPF is not well-formed
    _index: dict[str, str] = field(default_factory=dict)

    def find(self, href: str, base: str) -> str:
        """The member that ``href``, written in the member ``base``, means; empty if none."""
        path = unquote(href.partition("#")[0]).replace("\\", "/").strip()
        if not path or "://" in path:
            return base if not path and "#" in href else ""
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), path.lstrip("/")))
        plain = posixpath.normpath(path.lstrip("/"))
        while plain.startswith("../"):  # a folder too many
            plain = plain[3:]
        for candidate in (joined, plain, posixpath.join(posixpath.dirname(self.path), plain)):
            if candidate in self.archive:
                return candidate
            found = self._index.get(_folded(candidate))
            if found:
                return found
        return ""


def open_package(archive: Archive) -> Package:
    """The package of a book.

    Raises:
        ManuscriptError: no OPF, or one that is no XML or lists nothing to read.
    """
    path = _find_opf(archive)
    tree = parse_xml(archive.read(path), f"{archive.path}!{path}")
    index: dict[str, str] = {}
    for name in archive.names:
        index.setdefault(_folded(name), name)
    package = Package(archive, path, tree.root, {}, (), (), "", tree.broken, index)
    items: dict[str, Item] = {}
    spine: list[tuple[str, bool]] = []
    guide: list[tuple[str, str]] = []
    for element in islice(tree.root.iter(), MOST_ITEMS * 4):
        match name_of(element):
            case "item" if len(items) < MOST_ITEMS:
                item = _item(element, package)
                items.setdefault(item.id, item)
            case "itemref" if len(spine) < MOST_ITEMS:
                linear = (element.get("linear") or "yes").strip().lower() != "no"
                spine.append(((element.get("idref") or "").strip(), linear))
            case "spine":
                package.toc = (element.get("toc") or "").strip()
            case "reference" if element.get("href"):
                guide.append(((element.get("type") or "").lower(), element.get("href") or ""))
    package.items, package.guide = items, tuple(guide)
    package.spine = tuple(_spine(items, spine))
    if not package.spine:
        raise ManuscriptError(
            "the book lists no text in its spine",
            path=archive.path,
            place=path,
            hint="repair it with an e-book editor, or get it again",
        )
    return package


def _spine(items: Mapping[str, Item], order: list[tuple[str, bool]]) -> list[Spined]:
    """The documents in order, each once; all text of the manifest where there is no spine."""
    seen: set[str] = set()
    found = []
    for key, linear in order:
        item = items.get(key)
        if item is not None and item.is_markup and item.id not in seen:
            seen.add(item.id)
            found.append(Spined(item, linear))
    if order and found:
        return found
    return [
        Spined(item, True)
        for item in items.values()
        if item.is_markup and item.media_type != DRAWING and "nav" not in item.properties
    ]


def _item(element: etree._Element, package: Package) -> Item:
    href = element.get("href") or ""
    return Item(
        id=(element.get("id") or href).strip(),
        member=package.find(href, package.path),
        href=href,
        media_type=(element.get("media-type") or "").strip().lower(),
        properties=frozenset((element.get("properties") or "").lower().split()),
    )


def _find_opf(archive: Archive) -> str:
    """The OPF that the container names, else the only one there is."""
    names = {_folded(name): name for name in archive.names}
    container = names.get("meta-inf/container.xml")
    listed: list[str] = []
    if container:
        try:
            root = parse_xml(archive.read(container), f"{archive.path}!{container}").root
            listed = [e.get("full-path") or "" for e in root.iter() if name_of(e) == "rootfile"]
        except ManuscriptError:
            listed = []  # broken: the OPF may still be found by its name
    for path in listed:
        found = names.get(_folded(posixpath.normpath(unquote(path).replace("\\", "/"))))
        if found:
            return found
    own = [name for name in archive.names if name.lower().endswith(".opf")]
    if own:
        return own[0]
    raise ManuscriptError(
        "the archive is no EPUB: it has no package file (.opf)",
        path=archive.path,
        expected="META-INF/container.xml that names one",
        hint="get the book again, or convert it with an e-book editor",
    )


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path.replace("\\", "/")).casefold()
