"""The pages of a read-along book: XHTML, media overlays, contents, package. Pure text.

Written for EPUB 3.3 and checked with EPUBCheck. A clip lasts until the next one begins, so
that a player which goes from clip to clip plays the pauses too; the first begins with the
chapter, the last ends with it, and their sum is the chapter's length to the millisecond.
"""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from audio.packaging.metadata import BookMetadata
from audio.packaging.sound import ChapterFile
from castbook.errors import BrokenPromise

ACTIVE_CLASS: Final = "-epub-media-overlay-active"
STYLE: Final = (
    "body { margin: 1em; line-height: 1.5; }\n"
    "h1 { text-align: center; margin: 2em 0 1em; }\n"
    "p { margin: 0; text-indent: 1.5em; }\n"
    "p.credit { text-indent: 0; text-align: center; margin: 1em 0; }\n"
    f".{ACTIVE_CLASS} {{ background: #ffe9a8; color: #000; }}\n"
)
_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XHTML: Final = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'


class Cue(NamedTuple):
    """A stretch of text and where it is spoken. Plain tuples of this shape will do."""

    text: str
    start_frame: int
    end_frame: int
    kind: str  # "heading", "narration", "speech", "credit"
    paragraph: int | str  # cues that share it stand in one paragraph


@dataclass(frozen=True, slots=True)
class ReadAlong:
    """A chapter with the words that are spoken in it."""

    chapter: ChapterFile
    cues: tuple[Cue | tuple[str, int, int, str, int | str], ...]

    def read(self) -> tuple[Cue, ...]:
        """The cues, checked.

        Raises:
            BrokenPromise: none, out of order, or outside the chapter.
        """
        cues = tuple(Cue(*cue) for cue in self.cues)
        edges = [edge for cue in cues for edge in (cue.start_frame, cue.end_frame)]
        inside = edges and edges[0] >= 0 and edges[-1] <= self.chapter.frames
        if not inside or edges != sorted(edges):
            raise BrokenPromise(
                f"{self.chapter.title!r}: {len(cues)} cues that do not lie in order inside "
                f"its {self.chapter.frames} frames"
            )
        return cues


@dataclass(frozen=True, slots=True)
class Names:
    """Where the parts of chapter ``number`` (from 1) lie, from the package's folder."""

    number: int

    @property
    def text(self) -> str:
        return f"text/{self.number:04d}.xhtml"

    @property
    def overlay(self) -> str:
        return f"overlay/{self.number:04d}.smil"

    @property
    def audio(self) -> str:
        return f"audio/{self.number:04d}.m4a"


def clips(cues: Sequence[Cue], frames: int, rate: int) -> list[tuple[int, int]]:
    """Begin and end of each cue's clip in milliseconds, seamless from 0 to the end."""
    begins = [0, *(cue.start_frame * 1000 // rate for cue in cues[1:]), frames * 1000 // rate]
    return list(itertools.pairwise(begins))


def clock(milliseconds: int) -> str:
    """``0:00:00.000``."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def page(book: BookMetadata, title: str, cues: Sequence[Cue]) -> str:
    """One chapter's text."""
    parts = []
    numbered = enumerate(cues, 1)
    for (_, kind), group in itertools.groupby(
        numbered, key=lambda item: (item[1].paragraph, _block(item[1].kind))
    ):
        tag = "h1" if kind == "heading" else "p"
        css = ' class="credit"' if kind == "credit" else ""
        parts.append(f"<{tag}{css}>{_spans(group, book.language)}</{tag}>\n")
    body = f'<section id="chapter" epub:type="chapter">\n{"".join(parts)}</section>'
    return _document(book, title, body, "../style.css")


def overlay(names: Names, cues: Sequence[Cue], frames: int, rate: int) -> str:
    """One chapter's media overlay."""
    pars = [
        f'<par id="p{n}"><text src="../{names.text}#c{n}"/><audio src="../{names.audio}" '
        f'clipBegin="{clock(begin)}" clipEnd="{clock(end)}"/></par>\n'
        for n, (begin, end) in enumerate(clips(cues, frames, rate), 1)
        if end > begin
    ]
    return (
        f'{_XML}<smil xmlns="http://www.w3.org/ns/SMIL" '
        'xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">\n<body>\n'
        f'<seq id="chapter" epub:type="chapter" epub:textref="../{names.text}#chapter">\n'
        f"{''.join(pars)}</seq>\n</body>\n</smil>\n"
    )


def contents(book: BookMetadata, titles: Sequence[str]) -> str:
    """The table of contents."""
    items = "".join(
        f'<li><a href="{Names(n).text}">{_text(title) or n}</a></li>\n'
        for n, title in enumerate(titles, 1)
    )
    body = f'<nav epub:type="toc" id="toc"><h1>{_text(book.title)}</h1>\n<ol>\n{items}</ol></nav>'
    return _document(book, book.title, body, "style.css")


def cover_page(book: BookMetadata, picture: str) -> str:
    """A page that shows the cover and nothing else."""
    body = f'<section epub:type="cover"><img src="{picture}" alt="{_text(book.title)}"/></section>'
    return _document(book, book.title, body, "style.css")


def package(
    book: BookMetadata,
    lengths_ms: Sequence[int],
    *,
    identifier: str,
    modified: str,
    picture: str | None,
) -> str:
    """The package document.

    Args:
        lengths_ms: of each chapter's overlay.
        identifier: a URN.
        modified: ``CCYY-MM-DDThh:mm:ssZ``.
        picture: file name of the cover, ``.jpg`` or ``.png``.
    """
    items = [
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    ]
    items.append('<item id="style" href="style.css" media-type="text/css"/>')
    spine = []
    if picture is not None:
        kind = "image/png" if picture.endswith(".png") else "image/jpeg"
        items.append(
            f'<item id="cover" href="{picture}" media-type="{kind}" properties="cover-image"/>'
        )
        items.append('<item id="front" href="cover.xhtml" media-type="application/xhtml+xml"/>')
        spine.append('<itemref idref="front"/>')
    for n in range(1, len(lengths_ms) + 1):
        names = Names(n)
        items += [
            f'<item id="t{n}" href="{names.text}" media-type="application/xhtml+xml" '
            f'media-overlay="o{n}"/>',
            f'<item id="o{n}" href="{names.overlay}" media-type="application/smil+xml"/>',
            f'<item id="a{n}" href="{names.audio}" media-type="audio/mp4"/>',
        ]
        spine.append(f'<itemref idref="t{n}"/>')
    metadata = _metadata(book, lengths_ms, identifier, modified)
    return (
        f'{_XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        f'unique-identifier="id" xml:lang="{_text(book.language)}">\n'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f"{_lines(metadata)}</metadata>\n<manifest>\n{_lines(items)}</manifest>\n"
        f"<spine>\n{_lines(spine)}</spine>\n</package>\n"
    )


def _metadata(
    book: BookMetadata, lengths_ms: Sequence[int], identifier: str, modified: str
) -> list[str]:
    lines = [
        f'<dc:identifier id="id">{_text(identifier)}</dc:identifier>',
        f'<dc:title id="title">{_text(book.title)}</dc:title>',
        _meta("title-type", "main", "#title"),
        f'<dc:creator id="author">{_text(book.author)}</dc:creator>',
        _meta("role", "aut", "#author", 'scheme="marc:relators"'),
        f"<dc:language>{_text(book.language)}</dc:language>",
        _meta("dcterms:modified", modified),
    ]
    if book.subtitle:
        lines.append(f'<dc:title id="subtitle">{_text(book.subtitle)}</dc:title>')
        lines.append(_meta("title-type", "subtitle", "#subtitle"))
    if book.narrator:
        lines.append(f'<dc:contributor id="narrator">{_text(book.narrator)}</dc:contributor>')
        lines.append(_meta("role", "nrt", "#narrator", 'scheme="marc:relators"'))
        lines.append(_meta("media:narrator", book.narrator))
    if book.series:
        lines.append(_meta("belongs-to-collection", book.series, extra='id="series"'))
        lines.append(_meta("collection-type", "series", "#series"))
        if re.fullmatch(r"\d+(\.\d+)*", book.series_part or ""):
            lines.append(_meta("group-position", book.series_part or "", "#series"))
    if book.publisher:
        lines.append(f"<dc:publisher>{_text(book.publisher)}</dc:publisher>")
    if book.year is not None:
        lines.append(f"<dc:date>{book.year:04d}</dc:date>")
    lines += [f"<dc:subject>{_text(genre)}</dc:subject>" for genre in book.genres]
    said = "\n\n".join(part for part in (book.description, book.disclosure) if part)
    if said:
        lines.append(f"<dc:description>{_text(said)}</dc:description>")
    lines += [
        _meta("media:duration", clock(length), f"#o{n}") for n, length in enumerate(lengths_ms, 1)
    ]
    lines.append(_meta("media:duration", clock(sum(lengths_ms))))
    lines.append(_meta("media:active-class", ACTIVE_CLASS))
    lines += [_meta("schema:accessMode", mode) for mode in ("textual", "auditory")]
    lines += [_meta("schema:accessModeSufficient", mode) for mode in ("textual", "auditory")]
    for feature in ("synchronizedAudioText", "tableOfContents", "readingOrder"):
        lines.append(_meta("schema:accessibilityFeature", feature))
    lines.append(_meta("schema:accessibilityHazard", "none"))
    return lines


def _meta(name: str, value: str, refines: str = "", extra: str = "") -> str:
    where = f' refines="{refines}"' if refines else ""
    more = f" {extra}" if extra else ""
    return f'<meta property="{name}"{where}{more}>{_text(value)}</meta>'


def _block(kind: str) -> str:
    return kind if kind in ("heading", "credit") else "text"


def _spans(group: Iterable[tuple[int, Cue]], language: str) -> str:
    parts: list[str] = []
    before = ""
    for n, cue in group:
        text = " ".join(_clean(cue.text).split())
        parts.append(_glue(before, text, language))
        parts.append(f'<span id="c{n}" class="{_text(cue.kind)}">{_text(text)}</span>')
        before = text
    return "".join(parts)


def _glue(before: str, after: str, language: str) -> str:
    """A space between sentences, except in and around Chinese and Japanese."""
    if not before or not after:
        return ""
    if language.split("-")[0].lower() in ("zh", "cmn", "yue", "ja"):  # their quotes look western
        return " " if before[-1].isascii() and after[0].isascii() else ""
    wide = [unicodedata.east_asian_width(c) in "WF" for c in (before[-1], after[0])]
    return "" if any(wide) else " "


def _document(book: BookMetadata, title: str, body: str, style: str) -> str:
    language = _text(book.language)
    return (
        f"{_XML}<!DOCTYPE html>\n<html {_XHTML} "
        f'xml:lang="{language}" lang="{language}">\n<head><title>{_text(title) or "-"}</title>'
        f'<link rel="stylesheet" type="text/css" href="{style}"/></head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    """Escaped for XML."""
    return html.escape(_clean(text), quote=True)


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return "".join(
        c
        for c in text
        if c in "\t\n" or (unicodedata.category(c) not in ("Cc", "Cs") and c not in "\ufffe\uffff")
    )


def _lines(parts: Iterable[str]) -> str:
    return "".join(f"{part}\n" for part in parts)
