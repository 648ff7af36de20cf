"""Bytes of a manuscript file to source text, or one clear refusal.

UTF-8, UTF-16 and UTF-32 with a byte-order mark or without, GB18030, Big5, Shift JIS, EUC-JP
and Windows-1252 by evidence (``charsets.py``). The source text is the decoded text without
the mark and with ``\\n`` newlines; nothing else is changed.
"""

from __future__ import annotations

import codecs
import re

from book.manuscript import line_number
from book.readers.charsets import damaged_utf8, find_charset, find_wide
from castbook.errors import ManuscriptError

LARGEST_FILE = 50_000_000  # bytes; the longest novels have about 12 MB
LONGEST_LINE = 1_000_000  # characters; a whole novel on one line is no manuscript

READ_NOW = "EPUB, Word (.docx), PDF, HTML, plain text (.txt), Markdown (.md) or script (.script)"
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
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
    ending = ".pdf" if what == "a PDF document" else ""
    if content.startswith(b"PK\x03\x04"):
        head = content[:4096]
        what = "a zip archive"
        if b"application/epub+zip" in head:
            what, ending = "an EPUB book", ".epub"
        elif b"word/" in head or b"[Content_Types].xml" in head:
            what, ending = "a Word document", ".docx"
    start = content[:512].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        what, ending = "a web page", ".html"
    elif start.startswith(b"<?xml"):
        what, ending = "XML", ".xhtml"
    if ending:
        raise ManuscriptError(
            f"the file is {what}, which its name does not say",
            path=name,
            hint=f"give it the ending {ending} if that is the book",
        )
    if what:
        raise ManuscriptError(
            f"the file is {what}, which is no book to read",
            path=name,
            expected=READ_NOW,
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
    wide = find_wide(content)  # before UTF-8: English in UTF-16 is valid UTF-8 full of NULs
    if wide:
        return content.decode(wide)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = error.start
    if b"\x00" in content[:4096]:
        raise ManuscriptError("the file is binary", path=name, expected=READ_NOW)
    charset = find_charset(content)
    if charset:
        return content.decode(charset)
    line = content.count(b"\n", 0, wrong) + 1
    if damaged_utf8(content):
        raise ManuscriptError(
            f"the file is UTF-8 but for byte 0x{content[wrong]:02x}",
            path=name,
            line=line,
            hint="correct that place in an editor and save it as UTF-8",
        )
    raise ManuscriptError(
        f"byte 0x{content[wrong]:02x} belongs to no encoding castbook knows",
        path=name,
        line=line,
        expected="UTF-8, UTF-16, GB18030, Big5, Shift JIS or Windows-1252",
        hint="open it in an editor and save it as UTF-8",
    )


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
