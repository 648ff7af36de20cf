"""Bytes of a manuscript file to source text, or one clear refusal.

UTF-8 with or without a byte-order mark, UTF-16 and UTF-32 with one, GB18030 and Windows-1252
by evidence. The source text is the decoded text without the mark and with ``\\n`` newlines;
nothing else is changed.
"""

from __future__ import annotations

import codecs
import re

from book.manuscript import line_number
from castbook.errors import ManuscriptError

LARGEST_FILE = 50_000_000  # bytes; the longest novels have about 12 MB
LONGEST_LINE = 1_000_000  # characters; a whole novel on one line is no manuscript

_READ_NOW = "plain text (.txt), Markdown (.md) or script format (.script)"
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_WESTERN_SIGNS = frozenset("‘’“”–—…£€°§©®™†•«»´")
_MARKS = (  # the longer first: UTF-32's mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Word document (.doc)"),
    (b"{\\rtf", "a Rich Text document (.rtf)"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"ID3", "an audio file"),
    (b"RIFF", "an audio file"),
    (b"fLaC", "an audio file"),
    (b"OggS", "an audio file"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"7z\xbc\xaf", "a compressed archive"),
    (b"Rar!", "a compressed archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a database"),
)


def decode(content: bytes, name: str) -> str:
    """The source text of a file's ``content``; ``name`` is for messages.

    Raises:
        ManuscriptError: empty, too large, a binary format, HTML, no known encoding, control
            characters, an endless line, no letters.
    """
    _refuse_other_formats(content, name)
    text = _decoded(content, name).replace("\r\n", "\n").replace("\r", "\n")
    text = text.removesuffix("\x1a")  # DOS wrote its end-of-file mark into the file
    _refuse_unreadable(text, name)
    return text


def _refuse_other_formats(content: bytes, name: str) -> None:
    if not content.strip():
        raise ManuscriptError("the file is empty", path=name, expected="the text of a book")
    if len(content) > LARGEST_FILE:
        raise ManuscriptError(
            f"the file has {len(content):,} bytes",
            path=name,
            expected=f"at most {LARGEST_FILE:,}",
            hint="split it and list the parts under manuscript:",
        )
    what = next((what for magic, what in _MAGIC if content.startswith(magic)), None)
    if content.startswith(b"PK\x03\x04"):
        head = content[:4096]
        what = "a zip archive"
        if b"application/epub+zip" in head:
            what = "an EPUB book"
        elif b"word/" in head or b"[Content_Types].xml" in head:
            what = "a Word document (.docx)"
    start = content[:512].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        what = "a web page (HTML or XML)"
    if what:
        raise ManuscriptError(
            f"the file is {what}, which cannot be read yet",
            path=name,
            expected=_READ_NOW,
            hint="save it as plain text in UTF-8",
        )


def _decoded(content: bytes, name: str) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError as error:
                raise ManuscriptError(
                    f"the file says it is {encoding.upper()} but byte {error.start} is not",
                    path=name,
                    hint="save it again as UTF-8",
                ) from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = error.start
    if b"\x00" in content[:4096]:
        raise ManuscriptError("the file is binary", path=name, expected=_READ_NOW)
    for encoding, plausible in (("gb18030", _is_chinese), ("cp1252", _is_western)):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if plausible(text):
            return text
    raise ManuscriptError(
        f"byte 0x{content[wrong]:02x} belongs to no encoding castbook knows",
        path=name,
        line=content.count(b"\n", 0, wrong) + 1,
        expected="UTF-8, UTF-16, GB18030 or Windows-1252",
        hint="open it in an editor and save it as UTF-8",
    )


def _is_chinese(text: str) -> bool:
    """Most of what is not ASCII is Han or Chinese punctuation, and half of the Han is common.

    Western bytes read as GB18030 give rare characters; GB2312's first level, in code the
    ones whose lead byte is 0xB0-0xD7, covers 99.7 % of modern running text.
    """
    foreign = [c for c in text if c > "\x7f"]
    chinese = [c for c in foreign if "\u3000" <= c <= "\u9fff" or "\uff00" <= c <= "\uffef"]
    other = len(foreign) - len(chinese) - sum(c in _WESTERN_SIGNS for c in foreign)
    han = [c for c in chinese if "\u4e00" <= c <= "\u9fff"]
    common = sum(0xB0 <= c.encode("gb18030")[0] <= 0xD7 for c in han[:5000])
    return bool(han) and other <= 0.1 * len(foreign) and common >= 0.5 * len(han[:5000])


def _is_western(text: str) -> bool:
    """Few characters are not ASCII, and nearly all of those are letters or book signs."""
    foreign = [c for c in text if c > "\x7f"]
    known = sum(c.isalpha() or c in _WESTERN_SIGNS for c in foreign)
    return len(foreign) <= 0.3 * len(text) and known >= 0.8 * len(foreign)


def _refuse_unreadable(text: str, name: str) -> None:
    control = _CONTROL.search(text)
    if control:
        raise ManuscriptError(
            f"control character U+{ord(control.group()):04X}",
            path=name,
            line=line_number(text, control.start()),
            expected="readable text",
            hint="delete it, or save the file again as UTF-8",
        )
    longest = max(text.split("\n"), key=len)
    if len(longest) > LONGEST_LINE:
        raise ManuscriptError(
            f"a line of {len(longest):,} characters",
            path=name,
            line=line_number(text, text.index(longest)),
            expected="paragraphs on lines of their own",
        )
    if not any(map(str.isalpha, text)):
        raise ManuscriptError("the file holds no letters", path=name, expected="the text of a book")
