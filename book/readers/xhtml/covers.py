"""The cover of an EPUB: the picture that the package, the guide or the cover page names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Literal

from book.manuscript import Cover
from book.readers.trees import parse_markup
from book.readers.xhtml.elements import link_of, name_of
from book.readers.xhtml.package import Package
from castbook.errors import ManuscriptError

LARGEST = 30 * 2**20  # bytes; covers of 3000 x 3000 pixels have about 3 MB


def find_cover(package: Package) -> Cover | None:
    """The first JPEG or PNG that the book calls its cover; None when there is none to be had."""
    for member in _candidates(package):
        try:
            content = package.archive.read(member)
        except ManuscriptError:
            continue  # damaged: the text does not need it
        kind = picture_kind(content)
        if kind and len(content) <= LARGEST:
            return Cover(content, kind)
    return None


def picture_kind(content: bytes) -> Literal["jpeg", "png"] | None:
    """What a picture is by its first bytes."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    return "png" if content.startswith(b"\x89PNG\r\n\x1a\n") else None


def _candidates(package: Package) -> Iterator[str]:
    items = [item for item in package.items.values() if item.member]
    yield from (item.member for item in items if "cover-image" in item.properties)
    for element in islice(package.root.iter(), 20_000):
        if name_of(element) == "meta" and (element.get("name") or "").lower() == "cover":
            content = element.get("content") or ""
            named = package.items.get(content)
            member = named.member if named else package.find(content, package.path)
            if member:
                yield from _picture(package, member)
    for kind, href in package.guide:
        if kind in ("cover", "other.ms-coverimage-standard", "other.ms-coverimage"):
            member = package.find(href, package.path)
            if member:
                yield from _picture(package, member)
    yield from (
        item.member
        for item in items
        if item.media_type.startswith("image/") and "cover" in item.id.lower()
    )


def _picture(package: Package, member: str) -> Iterator[str]:
    """The member itself, or the first picture on it."""
    if not member.lower().endswith((".xhtml", ".html", ".htm", ".xml")):
        yield member
        return
    try:
        root = parse_markup(package.archive.read(member), member).root
    except ManuscriptError:
        return
    for element in islice(root.iter(), 1000):
        if name_of(element) in ("img", "image"):
            found = package.find(element.get("src") or link_of(element) or "", member)
            if found:
                yield found
            return
