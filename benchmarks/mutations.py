"""Files made wrong in the ways that files go wrong: damage, mixture, malice.

Pure functions of bytes and a seeded ``Random``. An archive is also unpacked, one member made
wrong (its XML by its tree), and packed again, so that readers are reached behind the zip.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy
from random import Random

from lxml import etree

PIECES = (
    b"\x00", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xff", b"\x80\x81", b"\r", b"\n" * 400,
    b"A" * 6000, b" " * 3000, b"<" * 300, b"&" * 300, b"<p>" * 700, b"</p>" * 40, b"]]>", b"<!--",
    b"<![CDATA[", b"&lol;&#0;&#xD800;&#99999999;", b"%s%n%x", b"../../etc/passwd", b"\x1b[31m",
    "\u202e\u2066\ufeff\u200b\u00ad".encode(), "“‘「『«".encode() * 200,
    "\U0010ffff\ufffe".encode(),
    "e\u0301\u0301\u0301".encode() * 100, "第一章\n".encode() * 50, b"Chapter I\n\n" * 200,
    b"[1] " * 500, b"_" * 999, b"* * *\n" * 99, b"[" * 2000, "（".encode() * 2000, b"\xed\xa0\x80",
    b"- \"" * 500, b"MMMMCMXCIX. ", b"99999999999999999999", b"-1", b"1e999",
)  # fmt: skip
_XML = (".xml", ".xhtml", ".html", ".htm", ".opf", ".ncx", ".rels", ".svg", ".smil", ".pls")
DEEP = 600  # elements inside each other
_Change = Callable[[bytes, Random, Sequence[bytes]], bytes]


def mutate(content: bytes, random: Random, others: Sequence[bytes], archive: bool) -> bytes:
    """``content`` made wrong once or a few times.

    Args:
        others: files of the same kind, to splice from.
        archive: whether it is a zip archive; then its members are made wrong more often.
    """
    if archive and random.random() < 0.85:
        return _repacked(content, random)
    for _ in range(random.choice((1, 1, 2, 5))):
        content = random.choice(_CHANGES)(content, random, others)
    return content


def _flip(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 4, 30)) if changed else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _delete(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    start, end = _range(content, random)
    return content[:start] + content[end:]


def _double(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    start, end = _range(content, random)
    return content[:end] + content[start:end] * random.choice((1, 1, 1, 20)) + content[end:]


def _cut(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _splice(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    other = random.choice(others) if others else content
    start, end = _range(other, random)
    where = random.randrange(len(content) + 1)
    return content[:where] + other[start:end] + content[where:]


def _insert(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    where = random.randrange(len(content) + 1)
    return content[:where] + random.choice(PIECES) + content[where:]


def _recode(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """The same text in another encoding, or said to be in one that it is not."""
    text = content.decode("utf-8", "replace")
    charset = random.choice(("utf-16", "utf-16-le", "gb18030", "big5", "cp1252", "utf-32", "cp932"))
    return text.encode(charset, "ignore")


def _shuffle(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    lines = content.split(b"\n")
    for _ in range(random.randrange(1, 6)):
        i, j = random.randrange(len(lines)), random.randrange(len(lines))
        lines[i], lines[j] = lines[j], lines[i]
    return random.choice((b"\n", b"\n", b"\r\n", b"\r", b"")).join(lines)


_CHANGES: tuple[_Change, ...] = (
    _flip, _delete, _double, _cut, _splice, _insert, _insert, _recode, _shuffle,
)  # fmt: skip


def _range(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(content) + 1)
    return start, min(len(content), start + random.choice((1, 3, 20, 300, 5000)))


def _repacked(content: bytes, random: Random) -> bytes:
    """The archive with one or two of its members made wrong."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return _flip(content, random, ())
    for _ in range(random.choice((1, 1, 2))):
        if members:
            members = _changed(members, random)
    out = io.BytesIO()
    method = random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    with zipfile.ZipFile(out, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # two members of one name are one fault more
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def _changed(members: list[tuple[str, bytes]], random: Random) -> list[tuple[str, bytes]]:
    texts = [i for i, (name, _) in enumerate(members) if name.lower().endswith(_XML)]
    at = random.choice(texts or range(len(members)))
    name, data = members[at]
    changed = list(members)
    match random.randrange(12):
        case 0:
            del changed[at]
        case 1:
            changed[at] = (random.choice(("x.xml", name.upper(), "/" + name, "a/" + name)), data)
        case 2:
            other = random.choice(members)
            changed[at] = (name, other[1])
        case 3:
            changed[at] = (name, b"")
        case 4 | 5:
            others = [data for _, data in members]
            changed[at] = (name, random.choice(_CHANGES)(data, random, others))
        case _:
            changed[at] = (name, change_xml(data, random))
    return changed


def change_xml(content: bytes, random: Random) -> bytes:
    """A document with its tree made wrong, or its bytes where it has no tree."""
    parser = etree.XMLParser(resolve_entities=False, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        return _insert(content, random, ())
    for _ in range(random.choice((1, 2, 6))):
        with suppress(ValueError):  # recovering lets names through that lxml then refuses
            _change_tree(root, random)
    written: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    if random.random() < 0.08:
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "' + b"&a;" * 50 + b'">]>'
        written = written.replace(b"?>", b"?>" + bomb, 1).replace(b"</", b"&b;</", 3)
    return written


def _change_tree(root: etree._Element, random: Random) -> None:
    elements = [e for e in root.iter() if isinstance(e.tag, str)]
    one, other = random.choice(elements), random.choice(elements)
    parent = one.getparent()
    match random.randrange(9):
        case 0 if parent is not None:
            parent.remove(one)
        case 1 if parent is not None:
            parent.append(deepcopy(one))
        case 2 if (
            parent is not None and one not in list(other.iterancestors()) and one is not other
        ):
            other.append(one)
        case 3:
            for _ in range(random.choice((3, 40, DEEP))):
                one = etree.SubElement(one, other.tag)
            one.text = "deep"
        case 4 if one.attrib:
            key = random.choice(list(one.attrib))
            values = [
                "",
                "x",
                "#",
                "../../../x",
                "-1",
                "9" * 30,
                "%",
                "http://[::1",
                "\u202e",
                "a b",
            ]
            values += [str(v) for v in other.attrib.values()]
            one.attrib[key] = random.choice(values)
        case 5 if one.attrib:
            del one.attrib[random.choice(list(one.attrib))]
        case 6:
            one.tag = other.tag
        case 7:
            piece = random.choice(PIECES).decode("utf-8", "ignore")
            one.text = "".join(c for c in piece if c >= " " and c not in "\ufffe\uffff")[:4000]
        case _:
            one.tail = (one.tail or "") + "“tail "
