"""The parts of a Word document: XML trees by what they are, metadata, refusals.

Knows where things stand in a package, and nothing of paragraphs.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from book.readers.archive import Archive, open_archive
from castbook.errors import ManuscriptError

_RELATIONS = "_rels/{}.rels"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class WordPackage:
    """The parts that castbook reads; a part that is missing or broken beside the body is None."""

    body: etree._Element
    styles: etree._Element | None
    numbering: etree._Element | None
    footnotes: etree._Element | None
    endnotes: etree._Element | None
    core: Mapping[str, str]  # title, creator, language, …


def open_word(content: bytes, name: str) -> WordPackage:
    """The parts of the document in ``content``.

    Raises:
        ManuscriptError: no Word document, an old or locked one, damaged.
    """
    _refuse_others(content, name)
    archive = open_archive(content, name)
    if "mimetype" in archive and b"opendocument" in archive.read("mimetype"):
        raise ManuscriptError(
            "the file is an OpenDocument text (.odt)",
            path=name,
            hint="save it as Word document (.docx) or as EPUB",
        )
    main = _main_part(archive)
    if main is None:
        raise ManuscriptError(
            "the archive holds no Word document",
            path=name,
            expected="word/document.xml in it",
            hint="open it in Word or LibreOffice and save it as .docx again",
        )
    root = _parse(archive.read(main))
    found = None if root is None else next(_named(root, "body"), None)
    if found is None:
        raise ManuscriptError(
            f"the document is damaged: {main} is not what Word writes",
            path=name,
            hint="open it in Word or LibreOffice, let it be repaired, and save it again",
        )
    related = dict(_related(archive, main))
    parts = {
        kind: _parse(archive.read(related[kind])) if kind in related else None
        for kind in ("styles", "numbering", "footnotes", "endnotes")
    }
    return WordPackage(body=found, core=_core(archive), **parts)


def _refuse_others(content: bytes, name: str) -> None:
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise ManuscriptError(
                "the document is locked with a password",
                path=name,
                hint="open it with the password and save it without",
            )
        raise ManuscriptError(
            "the file is an old Word document (.doc), whatever its name says",
            path=name,
            hint="save it as .docx in Word or LibreOffice",
        )
    if content.startswith(b"{\\rtf"):
        raise ManuscriptError(
            "the file is a Rich Text document (.rtf), whatever its name says",
            path=name,
            hint="save it as .docx in Word or LibreOffice",
        )
    if not content:
        raise ManuscriptError("the file is empty", path=name, expected="the text of a book")


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; empty for comments and entities.

    Word writes two sets of namespaces (transitional and strict) for the same names.
    """
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: etree._Element | None, name: str) -> str | None:
    """An attribute by its name without namespace."""
    if element is None:
        return None
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The first descendant along ``path``."""
    for name in path:
        if element is None:
            return None
        element = next((c for c in element if local(c) == name), None)
    return element


def is_on(element: etree._Element | None) -> bool:
    """Whether a switch such as ``<w:b/>`` is there and not turned off."""
    return element is not None and (attribute(element, "val") or "1").lower() not in (
        "0",
        "false",
        "off",
        "none",
    )


def _parse(content: bytes) -> etree._Element | None:
    """The tree of a part; no entity is resolved, nothing is fetched, no depth without limit."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _named(root: etree._Element, name: str) -> Iterator[etree._Element]:
    return (element for element in root.iter() if local(element) == name)


def _main_part(archive: Archive) -> str | None:
    for kind, target in _related(archive, ""):
        if kind == "officeDocument":
            return target
    return "word/document.xml" if "word/document.xml" in archive else None


def _related(archive: Archive, part: str) -> Iterator[tuple[str, str]]:
    """(kind, member) of the parts that ``part`` points to and that are there."""
    folder, base = posixpath.split(part)
    relations = posixpath.join(folder, _RELATIONS.format(base))
    root = _parse(archive.read(relations)) if relations in archive else None
    if root is None:
        return
    for relation in _named(root, "Relationship"):
        kind = (relation.get("Type") or "").rpartition("/")[2]
        target = relation.get("Target") or ""
        path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        if path in archive and relation.get("TargetMode") != "External":
            yield kind, path


def _core(archive: Archive) -> dict[str, str]:
    path = next((m for kind, m in _related(archive, "") if kind == "core-properties"), None)
    root = _parse(archive.read(path)) if path else None
    if root is None:
        return {}
    return {
        local(element): " ".join(element.text.split())
        for element in root
        if element.text and element.text.strip()
    }
