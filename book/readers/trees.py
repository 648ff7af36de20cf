"""Bytes of XML, XHTML or HTML to a tree, whatever is wrong with them.

Nothing outside the bytes is ever read: document types and entity declarations are cut out
before any parser sees them, so that no entity is expanded. Character references become
characters. What is not well-formed is read as a browser would, and a flag says so.
"""

from __future__ import annotations

import codecs
import html
import re
from dataclasses import dataclass

from lxml import etree

from book.readers.charsets import find_charset, find_wide
from castbook.errors import ManuscriptError

# One document of a book. A novel in a single file has about 2 MB and 40,000 tags; a tree needs
# some 150 bytes for a tag or an attribute, and 1 GiB has to be enough for everything.
LARGEST_MARKUP = 16 * 2**20  # bytes
MOST_TAGS = 500_000  # "<" of one document
MOST_ATTRIBUTES = 1_000_000  # "=" of one document, text included

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})"""
    rb"""|<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""",
    re.I,
)
# Labels that browsers, too, read as the larger set that was meant.
_MEANT = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252",
    "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "euc-kr": "cp949",
    "iso-8859-9": "cp1254", "x-mac-roman": "mac-roman", "unicode": "utf-16",
}  # fmt: skip
_SINGLE_BYTE = ("cp125", "iso-8859", "mac-roman", "koi8")  # sets in which any bytes are text
_PROLOGUE = re.compile(r"\s*<\?xml[^>]{0,500}>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*+(?:\[[^\]]*+\]\s*+)?>", re.I)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_CLOSED = re.compile(r"<([A-Za-z][\w:.-]*+)([^<>]*+)(?<=/)>")
_VOID = frozenset([
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
])  # fmt: skip
_XML_OWN = frozenset("<>&\"'")


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed document."""

    root: etree._Element
    broken: bool  # not well-formed: read as a browser would
    encoding: str


def parse_markup(content: bytes, name: str, *, as_html: bool = False) -> Tree:
    """The tree of an XHTML or HTML document.

    Args:
        name: how messages call it.
        as_html: it need not be well-formed XML, so that broken is no news.

    Raises:
        ManuscriptError: empty, too large, nested too deeply to be a book, or no markup at all.
    """
    text, encoding = _prepared(content, name)
    if not as_html:
        try:
            return Tree(_parse_xml(text), False, encoding)
        except etree.XMLSyntaxError:
            pass  # a browser would show it all the same
    root = _parse_html(text, name)
    return Tree(root, True, encoding)


def parse_xml(content: bytes, name: str) -> Tree:
    """The tree of a package file, NCX or lexicon; small mistakes are passed over.

    Raises:
        ManuscriptError: empty, too large, or no XML.
    """
    text, encoding = _prepared(content, name)
    try:
        return Tree(_parse_xml(text), False, encoding)
    except etree.XMLSyntaxError:
        pass
    try:
        root = _parse_xml(text, recover=True)
    except etree.XMLSyntaxError as error:
        raise _unreadable(name, error) from error
    if root is None:
        raise _unreadable(name, None)
    return Tree(root, True, encoding)


def decode_markup(content: bytes) -> tuple[str, str]:
    """The characters of a document and the encoding found; ``\\n`` newlines.

    The encoding is the mark's, else the declared one if the bytes agree, else what they look
    like. A declared single-byte set does not count for bytes that are UTF-8.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _newlines(content.decode(encoding, "replace")), encoding
    candidates = [find_wide(content)]
    declared = _DECLARED.search(content[:4096])
    label = (declared[1] or declared[2]).decode("ascii").lower() if declared else ""
    label = _MEANT.get(label, label)
    candidates += ["utf-8", label] if label.startswith(_SINGLE_BYTE) else [label, "utf-8"]
    for candidate in candidates:
        text = _strictly(content, candidate)
        if text is not None and candidate:
            return _newlines(text), candidate
    found = find_charset(content) or "cp1252"
    return _newlines(content.decode(found, "replace")), found


def _strictly(content: bytes, encoding: str | None) -> str | None:
    if not encoding:
        return None
    try:
        text = content.decode(encoding)
    except (UnicodeError, LookupError, ValueError):
        return None
    return text if isinstance(text, str) else None  # "base64" and its like are no charsets


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _prepared(content: bytes, name: str) -> tuple[str, str]:
    if not content.strip():
        raise ManuscriptError("the document is empty", path=name, hint="get the file again")
    if (
        len(content) > LARGEST_MARKUP
        or content.count(b"<") > MOST_TAGS
        or content.count(b"=") > MOST_ATTRIBUTES
    ):
        raise ManuscriptError(
            f"the document has {len(content):,} bytes and {content.count(b'<'):,} tags",
            path=name,
            expected=f"at most {LARGEST_MARKUP:,} and {MOST_TAGS:,}",
            hint="split it into its chapters",
        )
    text, encoding = decode_markup(content)
    text = _PROLOGUE.sub("", text, count=1)
    text = _DOCTYPE.sub("", text)
    text = _REFERENCE.sub(_character, text)
    return _ILLEGAL.sub("", text), encoding


def _character(match: re.Match[str]) -> str:
    reference = match.group()
    text = html.unescape(reference)
    if text in _XML_OWN:
        return f"&#{ord(text)};"
    if text == reference:  # an entity of somebody's own: never resolved
        return "&#38;" + reference[1:]
    return text


def _parse_xml(text: str, *, recover: bool = False) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
    )
    return etree.fromstring(text.encode("utf-8"), parser)


def _parse_html(text: str, name: str) -> etree._Element:
    parser = etree.HTMLParser(
        encoding="utf-8",
        recover=True,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    markup = _CLOSED.sub(_opened, text).encode("utf-8")
    try:
        root = etree.fromstring(markup, parser)
    except (etree.XMLSyntaxError, etree.ParserError) as error:
        raise _unreadable(name, error) from error
    if root is None:
        raise _unreadable(name, None)
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise ManuscriptError(
            "the document is nested too deeply",
            path=name,
            expected="at most 256 elements inside each other",
            hint="convert it with an e-book editor",
        )
    return root


def _opened(match: re.Match[str]) -> str:
    """``<a id="x"/>`` as HTML writes it: the slash alone would leave the element open."""
    if match[1].lower() in _VOID:
        return match.group()
    return f"<{match[1]}{match[2][:-1]}></{match[1]}>"


def _unreadable(name: str, error: Exception | None) -> ManuscriptError:
    detail = f": {' '.join(str(error).split())[:120]}" if error else ""
    return ManuscriptError(
        f"the document cannot be read{detail}", path=name, hint="get the file again"
    )
