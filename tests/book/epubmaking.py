"""Small EPUBs, made in memory: right ones and wrong ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from book.languages import load_language
from book.manuscript import Manuscript
from book.readers import read_manuscript
from book.readers.blocks import Contents, File
from book.readers.xhtml.epub import read_epub

CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" '
    'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
    'full-path="{opf}" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
SENTENCE = "The lamp was lit and the house was still, and nobody spoke of the road that evening."


def page(body: str, *, title: str = "A page", attributes: str = "") -> str:
    """An XHTML document."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        'xmlns:ssml="http://www.w3.org/2001/10/synthesis">'
        f"<head><title>{title}</title></head><body {attributes}>{body}</body></html>"
    )


def chapter(heading: str, *, times: int = 8, attributes: str = "") -> str:
    """A document with a heading and some text."""
    text = "".join(f"<p>{SENTENCE} {i + 1}.</p>" for i in range(times))
    return page(f"<h2>{heading}</h2>{text}", attributes=attributes)


def nav(entries: Sequence[Any], landmarks: Iterable[tuple[str, str]] = ()) -> str:
    """A navigation document; an entry is (title, href) or (title, href, entries)."""
    marks = "".join(f'<li><a epub:type="{t}" href="{h}">{t}</a></li>' for t, h in landmarks)
    return page(
        f'<nav epub:type="toc"><h2>Contents</h2>{_list(entries)}</nav>'
        + (f'<nav epub:type="landmarks"><ol>{marks}</ol></nav>' if marks else "")
    )


def _list(entries: Sequence[Any]) -> str:
    items = []
    for title, href, *below in entries:
        label = f'<a href="{href}">{title}</a>' if href else f"<span>{title}</span>"
        items.append(f"<li>{label}{_list(below[0]) if below else ''}</li>")
    return f"<ol>{''.join(items)}</ol>"


def ncx(entries: Sequence[Any]) -> str:
    """An EPUB 2 table of contents."""

    def points(some: Sequence[Any]) -> str:
        return "".join(
            f"<navPoint><navLabel><text>{title}</text></navLabel>"
            f'<content src="{href}"/>{points(below[0]) if below else ""}</navPoint>'
            for title, href, *below in some
        )

    return (
        '<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">'
        f"<navMap>{points(entries)}</navMap></ncx>"
    )


def opf(
    names: Sequence[str],
    *,
    metadata: str = "",
    spine: Sequence[str] | None = None,
    extra: str = "",
    guide: str = "",
    not_linear: Iterable[str] = (),
    version: str = "3.0",
) -> str:
    """A package of XHTML documents; those in ``spine`` (default: all) are read in that order."""
    items = "".join(
        f'<item id="i{i}" href="{name}" media-type="application/xhtml+xml"/>'
        for i, name in enumerate(names)
    )
    away = set(not_linear)
    refs = "".join(
        f'<itemref idref="i{names.index(name)}" linear="{"no" if name in away else "yes"}"/>'
        for name in (names if spine is None else spine)
    )
    return (
        f'<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="{version}">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:opf="http://www.idpf.org/2007/opf">'
        f"<dc:title>The Lamp</dc:title>{metadata}</metadata>"
        f'<manifest>{items}{extra}</manifest><spine toc="ncx">{refs}</spine>'
        f"<guide>{guide}</guide></package>"
    )


def pack(members: Mapping[str, str | bytes], *, compress: bool = True) -> bytes:
    """The bytes of an archive with these members."""
    out = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, method)
    return out.getvalue()


def epub(
    pages: Mapping[str, str | bytes],
    *,
    entries: Sequence[Any] | None = None,
    landmarks: Iterable[tuple[str, str]] = (),
    old: bool = False,
    members: Mapping[str, str | bytes] | None = None,
    extra: str = "",
    **package: Any,
) -> bytes:
    """A whole EPUB.

    Args:
        pages: XHTML documents by name.
        entries: the navigation; None for a book without one.
        old: EPUB 2, with an NCX.
        members: further members, or others instead of those made here.
        extra: items of the manifest.
        package: of ``opf``.
    """
    made: dict[str, str | bytes] = {"mimetype": "application/epub+zip"}
    made["META-INF/container.xml"] = CONTAINER.format(opf="OPS/book.opf")
    if entries is not None and old:
        made["OPS/toc.ncx"] = ncx(entries)
        extra += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    elif entries is not None:
        made["OPS/nav.xhtml"] = nav(entries, landmarks)
        extra += (
            '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        )
    made["OPS/book.opf"] = opf(list(pages), extra=extra, **package)
    made.update({f"OPS/{name}": content for name, content in pages.items()})
    made.update(members or {})
    return pack(made)


def contents(content: bytes, language: str = "en") -> Contents:
    """What the reader of EPUBs makes of it."""
    return read_epub(File(0, "book.epub", content, load_language(language)))


def read_book(
    folder: Path, content: bytes, *, name: str = "book.epub", language: str = "en", **options: Any
) -> Manuscript:
    """The manuscript of a file with this content."""
    path = folder / name
    path.write_bytes(content)
    return read_manuscript((path,), language=language, **options)


def titles(manuscript: Manuscript) -> list[str]:
    """The titles of its chapters."""
    return [chapter.title for chapter in manuscript.chapters]


def texts(manuscript: Manuscript) -> list[str]:
    """All that is read, paragraph by paragraph."""
    return [p.printed for chapter in manuscript.chapters for p in chapter.paragraphs]


def skipped(manuscript: Manuscript) -> dict[str, str]:
    """Skipped text by what ``include:`` calls it, joined."""
    found: dict[str, str] = {}
    for skip in manuscript.skips:
        text = manuscript.sources[skip.slice.document].text
        piece = text[skip.slice.start : skip.slice.end]
        key = skip.title or skip.reason
        found[key] = f"{found[key]}|{piece}" if key in found else piece
    return found


def assert_whole(manuscript: Manuscript) -> None:
    """Slices, gaps and skips give back each source; only white space lies between them."""
    for document, source in enumerate(manuscript.sources):
        spans = [
            (p.slice.start, p.slice.end)
            for chapter in manuscript.chapters
            for p in chapter.paragraphs
            if p.slice.document == document
        ]
        spans += [
            (s.slice.start, s.slice.end) for s in manuscript.skips if s.slice.document == document
        ]
        at = 0
        for start, end in sorted(spans):
            assert start >= at, f"{source.name}: {source.text[start:at]!r} twice"
            assert not source.text[at:start].strip(), (
                f"{source.name}: {source.text[at:start]!r} lost"
            )
            at = end
        assert not source.text[at:].strip(), f"{source.name}: {source.text[at:]!r} lost"
