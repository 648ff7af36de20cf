"""Faulty manuscripts: what is wrong with the bytes of a file, and the one line it must give.

``Fault.content`` is written to ``Fault.name`` and read; ``Fault.says`` are fragments of the
error, in order. ``speakers`` is the cast a script is read with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_BODY = "The lamp was lit. Nobody spoke for a long time, and the rain went on.\n"
_TALK = "ANNA: Come in.\nBORIS: No.\nANNA: Why?\nBORIS: It is late.\nANNA: Good night.\n"
_CAST = {"anna": "anna", "boris": "boris", "Boris Petrov": "boris"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One faulty manuscript."""

    name: str
    content: bytes | None  # None: there is no such file
    says: tuple[str, ...]
    file: str = "book.txt"
    line: int | None = None
    speakers: Mapping[str, str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


FAULTS = (
    Fault("missing", None, ("no such file", "manuscript:")),
    Fault("empty", b"", ("empty", "expected")),
    Fault("only a byte-order mark and space", b"\xef\xbb\xbf \n\n", ("no letters", "expected")),
    Fault("only white space", b" \n\t\n \r\n", ("empty",)),
    Fault("no letters", b"* * *\n\n1234\n\n!?\n", ("no letters",)),
    Fault("a picture", b"\x89PNG\r\n\x1a\n" + b"\x00\x01" * 40, ("a picture", "plain text")),
    Fault("a sound", b"RIFF\x24\x00\x00\x00WAVEfmt ", ("an audio file", "plain text")),
    Fault("a program", b"\x7fELF\x02\x01\x01" + b"\x00" * 64, ("a program",)),
    Fault("an archive", b"PK\x03\x04\x14\x00\x00\x00data.bin", ("a zip archive",)),
    Fault(
        "an EPUB named as text",
        b"PK\x03\x04\x0a\x00\x00\x00\x00\x00mimetypeapplication/epub+zip",
        ("an EPUB book", "its name does not say", ".epub"),
    ),
    Fault("a Word file named as text", b"PK\x03\x04\x14\x00word/document.xml", ("Word", ".docx")),
    Fault("a PDF named as text", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", ("PDF", "ending .pdf")),
    Fault("an old Word file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 40, (".doc",)),
    Fault("rich text", b"{\\rtf1\\ansi Hello}", (".rtf",)),
    Fault("a web page", b"<!DOCTYPE html><p>Hello there.</p>", ("a web page", ".html")),
    Fault(
        "a broken EPUB",
        b"PK\x03\x04",
        ("no zip archive", "EPUB"),
        "book.epub",
    ),
    Fault("a broken Word file", b"PK\x03\x04", ("no zip archive", "save it again"), "book.docx"),
    Fault("an old Word file by its suffix", b"\xd0\xcf", ("Word 97", ".docx"), "book.doc"),
    Fault("a Kindle book", b"BOOKMOBI", ("Kindle", "EPUB"), "book.mobi"),
    Fault("a broken PDF", b"%PDF-1.4", ("no PDF, or damaged", "save or print it"), "book.pdf"),
    Fault("binary", bytes(range(256)) * 8, ("binary", "expected")),
    Fault(
        "no known encoding",
        b"First line.\nSecond \xff\x81\x8d line.\n",
        ("byte 0xff", "UTF-8", "GB18030"),
        line=2,
    ),
    Fault(
        "UTF-8 with a damaged byte",
        "“Where?”\n“Here, in the café — with a naïve friend.”\n".encode().replace(b"af\xc3", b"af"),
        ("UTF-8 but for byte 0xa9", "editor"),
        line=2,
    ),
    Fault("broken UTF-16", b"\xff\xfea\x00b\x00c", ("UTF-16", "save it again")),
    Fault(
        "a control character",
        _BODY.encode() + b"A bell\x07 rings.\n",
        ("control character U+0007", "delete it"),
        line=2,
    ),
    Fault("a null character", _BODY.encode() + b"\x00\n", ("control character U+0000",), line=2),
    Fault("an endless line", b"a " * 600_000, ("a line of 1,200,000 characters",), line=1),
    Fault(
        "only a licence",
        b"The Project Gutenberg eBook\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\n\n"
        b"*** END OF THE PROJECT GUTENBERG EBOOK X ***\n\nTerms of use.\n",
        ("no text to read", "licence"),
    ),
    Fault("only headings", b"Chapter I\n\nChapter II\n\nChapter III\n", ("no text to read",)),
    Fault(
        "an unknown speaker",
        (_TALK + "BORISS: Good night.\n").encode(),
        ("'BORISS' is nobody in cast", "did you mean 'boris'"),
        line=6,
        speakers=_CAST,
    ),
    Fault(
        "a stranger in a script",
        (_TALK + "ZEBEDEE: Hello.\n").encode(),
        ("'ZEBEDEE' is nobody in cast", "add it to cast"),
        "book.script",
        line=6,
        speakers=_CAST,
    ),
    Fault(
        "a misspelled tag in a novel",
        (_BODY + "\n[Anna] Come in.\n\n[Borris] I will not.\n").encode(),
        ("'Borris' is nobody in cast", "did you mean 'boris'"),
        line=5,
        speakers=_CAST,
    ),
    Fault(
        "a tag with a style for a stranger",
        (_BODY + "\n[Zebedee|angry] I will not.\n").encode(),
        ("'Zebedee' is nobody in cast",),
        line=3,
        speakers=_CAST,
    ),
    Fault(
        "include names nothing",
        _BODY.encode(),
        ("include:", "'appendix'"),
        options={"include": ("appendix",)},
    ),
    Fault(
        "exclude nearly names a chapter",
        f"Prologue\n\n{_BODY}\nChapter I\n\n{_BODY}".encode(),
        ("exclude:", "'prolog'", "did you mean 'Prologue'"),
        options={"exclude": ("prolog",)},
    ),
    Fault(
        "exclude leaves nothing",
        f"Prologue\n\n{_BODY}".encode(),
        ("nothing is left to read", "exclude:"),
        options={"exclude": ("Prologue",)},
    ),
)
