"""Books to make wrong: those below a folder, without their pictures, and generated small ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_KINDS = {
    ".epub": "epub", ".docx": "docx", ".pdf": "pdf", ".html": "html", ".xhtml": "html",
    ".txt": "text", ".md": "text", ".script": "text",
}  # fmt: skip
LARGEST_MEMBER = 60_000  # bytes of a member that is no text: pictures and fonts are cut to this
LARGEST = 2_000_000  # bytes of a seed
SENTENCES = (
    "The lamp was lit and the house was still.",
    "“Who is there?” said Anna. “Come in—or stay out.”",
    "Mr. Grey had 1,250 pounds on 3 May 1890, he said.",
    "* * *",
    "He went up ‘the old stair’ and never came back.[1]",
    "“I do not know,” he answered; “nobody does.”",
)
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_DOCUMENTS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


@dataclass(frozen=True, slots=True)
class Seed:
    """A whole book."""

    name: str
    kind: str  # "epub", "docx", "text", "html" or "pdf"
    suffix: str
    content: bytes
    language: str


def load_seeds(folder: Path) -> Iterator[Seed]:
    """The books below ``folder``, in the order of their paths."""
    for path in sorted(folder.rglob("*")):
        kind = _KINDS.get(path.suffix.lower())
        if kind is None or not path.is_file() or any(p.startswith(".") for p in path.parts):
            continue
        content = path.read_bytes()
        if kind in ("epub", "docx"):
            content = _lightened(content)
        if 0 < len(content) <= LARGEST:
            han = any("\u4e00" <= c <= "\u9fff" for c in path.name)
            yield Seed(path.name, kind, path.suffix.lower(), content, "zh" if han else "en")


def _lightened(content: bytes) -> bytes:
    """An archive whose pictures and fonts are short: they are never read as text."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
    except zipfile.BadZipFile:
        return content
    keep = (".xml", ".xhtml", ".html", ".opf", ".ncx", ".rels", ".css", ".pls", ".smil")
    return packed({n: d if n.endswith(keep) else d[:LARGEST_MEMBER] for n, d in members.items()})


def packed(members: Mapping[str, bytes | str]) -> bytes:
    """A zip archive of ``members``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def generated() -> Iterator[Seed]:
    """One small book of each kind, with what each kind has: notes, tables, navigation, ruby."""
    yield Seed("generated.txt", "text", ".txt", _plain().encode(), "en")
    yield Seed("generated.md", "text", ".md", _plain("## ").encode(), "en")
    script = "ANNA: Come in.\nBORIS: No.\n[anna|sad] Why?\nNARRATOR: It rained.\n" * 8
    yield Seed("generated.script", "text", ".script", script.encode(), "en")
    yield Seed("generated.docx", "docx", ".docx", _docx(), "en")
    yield Seed("generated.epub", "epub", ".epub", _epub(), "en")
    page = _page("Chapter I", "<p>" + "</p><p>".join(SENTENCES) + "</p>")
    yield Seed("generated.html", "html", ".html", page.encode(), "en")


def _plain(mark: str = "") -> str:
    body = "\n\n".join(SENTENCES)
    chapters = (f"{mark}Chapter {n}\n\n{body}" for n in ("I", "II", "III"))
    return "\n\n\n".join(("The Lamp\n\nby Anna Grey", *chapters)) + "\n"


def _page(title: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"'
        f' xmlns:epub="http://www.idpf.org/2007/ops"><head><title>{title}</title></head>'
        f'<body><section epub:type="chapter" id="c"><h2>{title}</h2>{body}</section></body></html>'
    )


def _docx() -> bytes:
    def para(text: str, style: str = "", more: str = "") -> str:
        named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
        return f'<w:p>{named}<w:r><w:t xml:space="preserve">{text}</w:t></w:r>{more}</w:p>'

    field = "".join(
        f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>{inner}'
        for kind, inner in (
            ("begin", "<w:r><w:instrText>TOC</w:instrText></w:r>"),
            ("separate", "<w:r><w:t>Chapter I</w:t></w:r>"),
            ("end", ""),
        )
    )
    cell = f"<w:tc>{para('A cell')}</w:tc>"
    ruby = (
        "<w:r><w:ruby><w:rt><w:r><w:t>a</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>A</w:t></w:r>"
        "</w:rubyBase></w:ruby></w:r>"
    )
    tracked = (
        "<w:del><w:r><w:delText>no</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>yes</w:t></w:r></w:ins>"
    )
    body = para("The Lamp", "Title") + para("", more=field)
    for number in ("I", "II"):
        body += para(f"Chapter {number}", "Heading1")
        body += "".join(map(para, SENTENCES)) + para("Ruby and changes: ", more=ruby + tracked)
        body += f"<w:tbl><w:tr>{cell}{cell}</w:tr></w:tbl>"
        body += para("A note.", more='<w:r><w:footnoteReference w:id="1"/></w:r>')
    styles = (
        f'<w:styles xmlns:w="{_WORD}"><w:style w:type="paragraph" w:styleId="Heading1">'
        '<w:name w:val="heading 1"/></w:style><w:style w:type="paragraph" w:styleId="Title">'
        '<w:name w:val="Title"/><w:basedOn w:val="Heading1"/></w:style></w:styles>'
    )
    note = f'<w:footnote w:id="1">{para("Of brass.")}</w:footnote>'
    notes = f'<w:footnotes xmlns:w="{_WORD}">{note}</w:footnotes>'
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    parts = (("styles", "styles.xml"), ("footnotes", "footnotes.xml"))
    return packed(
        {
            "_rels/.rels": _relations((("officeDocument", "word/document.xml"),)),
            "word/_rels/document.xml.rels": _relations(parts),
            "word/document.xml": document,
            "word/styles.xml": styles,
            "word/footnotes.xml": notes,
        }
    )


def _relations(parts: tuple[tuple[str, str], ...]) -> str:
    inner = "".join(
        f'<Relationship Id="r{n}" Type="{_DOCUMENTS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(parts)
    )
    return f'<Relationships xmlns="{_PACKAGE}">{inner}</Relationships>'


def _epub() -> bytes:
    pages = {
        f"c{n}": _page(
            f"Chapter {n}",
            "".join(f"<p>{s}</p>" for s in SENTENCES)
            + '<p><ruby>猫<rt>ねこ</rt></ruby><a epub:type="noteref" href="#n">1</a></p><hr/>'
            '<aside epub:type="footnote" id="n"><p>Of brass.</p></aside>',
        )
        for n in (1, 2, 3)
    }
    items = "".join(
        f'<item id="{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in pages
    )
    spine = "".join(f'<itemref idref="{n}"/>' for n in pages)
    links = "".join(f'<li><a href="{n}.xhtml#c">Chapter {n[1]}</a></li>' for n in pages)
    nav = _page("Contents", f'<nav epub:type="toc"><ol>{links}</ol></nav>')
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="u">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<dc:identifier id="u">x</dc:identifier><dc:title>The Lamp</dc:title>'
        "<dc:creator>Anna Grey</dc:creator><dc:language>en</dc:language>"
        '</metadata><manifest><item id="nav" href="nav.xhtml" properties="nav"'
        f' media-type="application/xhtml+xml"/>{items}</manifest><spine>{spine}</spine></package>'
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
        '<rootfiles><rootfile full-path="E/p.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>"
    )
    members = {"mimetype": "application/epub+zip", "META-INF/container.xml": container}
    members |= {"E/p.opf": package, "E/nav.xhtml": nav}
    return packed({**members, **{f"E/{n}.xhtml": page for n, page in pages.items()}})
