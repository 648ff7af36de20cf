"""Books that only their shop's program may open: refused with advice, never half read."""

from __future__ import annotations

from book.readers.archive import Archive
from book.readers.trees import parse_xml
from book.readers.xhtml.elements import name_of
from castbook.errors import ManuscriptError

# Fonts are obfuscated in free books, too; nothing that is read depends on them.
FONTS = frozenset(["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"])
_LOCKS = {
    "meta-inf/rights.xml": "Adobe's",
    "meta-inf/sinf.xml": "Apple's",
    "meta-inf/license.lcpl": "the LCP",
}


def refuse_protected(archive: Archive) -> None:
    """Raises ManuscriptError when the book's text is locked (DRM)."""
    names = {name.lower(): name for name in archive.names}
    for lock, whose in _LOCKS.items():
        if lock in names:
            raise _protected(archive, f"by {whose} copy protection")
    listing = names.get("meta-inf/encryption.xml")
    if listing is None:
        return
    root = parse_xml(archive.read(listing), f"{archive.path}!{listing}").root
    for element in root.iter():
        if name_of(element) != "encrypteddata":
            continue
        methods = [e.get("Algorithm") or "" for e in element if name_of(e) == "encryptionmethod"]
        if not methods or methods[0] not in FONTS:
            raise _protected(archive, "by copy protection (DRM)")


def _protected(archive: Archive, how: str) -> ManuscriptError:
    return ManuscriptError(
        f"the book is locked {how}",
        path=archive.path,
        expected="a book without DRM",
        hint="ask the shop or the publisher for an unprotected copy",
    )
