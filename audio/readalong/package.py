"""The package document of a read-along book: its parts, their order, its metadata. Pure text.

Written for EPUB 3.3 and checked with EPUBCheck.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from audio.packaging.metadata import BookMetadata
from audio.readalong.markup import XML, attributes, escaped, lines, rightward
from audio.readalong.overlays import Names, clock
from audio.readalong.styles import ACTIVE_CLASS


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
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        '<item id="style" href="style.css" media-type="text/css"/>',
    ]
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
    direction = ' page-progression-direction="rtl"' * rightward(book.language)
    metadata = _metadata(book, lengths_ms, identifier, modified)
    return (
        f'{XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        f'unique-identifier="id" xml:lang="{escaped(book.language)}">\n'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f"{lines(metadata)}</metadata>\n<manifest>\n{lines(items)}</manifest>\n"
        f"<spine{direction}>\n{lines(spine)}</spine>\n</package>\n"
    )


def _metadata(
    book: BookMetadata, lengths_ms: Sequence[int], identifier: str, modified: str
) -> list[str]:
    found = [
        f'<dc:identifier id="id">{escaped(identifier)}</dc:identifier>',
        f'<dc:title id="title">{escaped(book.title)}</dc:title>',
        _meta("title-type", "main", "#title"),
        f'<dc:creator id="author">{escaped(book.author)}</dc:creator>',
        _meta("role", "aut", "#author", scheme="marc:relators"),
        f"<dc:language>{escaped(book.language)}</dc:language>",
        _meta("dcterms:modified", modified),
    ]
    if book.subtitle:
        found.append(f'<dc:title id="subtitle">{escaped(book.subtitle)}</dc:title>')
        found.append(_meta("title-type", "subtitle", "#subtitle"))
    if book.narrator:
        found.append(f'<dc:contributor id="narrator">{escaped(book.narrator)}</dc:contributor>')
        found.append(_meta("role", "nrt", "#narrator", scheme="marc:relators"))
        found.append(_meta("media:narrator", book.narrator))
    if book.series:
        found.append(_meta("belongs-to-collection", book.series, id="series"))
        found.append(_meta("collection-type", "series", "#series"))
        if re.fullmatch(r"\d+(\.\d+)*", book.series_part or ""):
            found.append(_meta("group-position", book.series_part or "", "#series"))
    if book.isbn:
        found.append(f"<dc:source>urn:isbn:{escaped(book.isbn)}</dc:source>")
    if book.publisher:
        found.append(f"<dc:publisher>{escaped(book.publisher)}</dc:publisher>")
    if book.year is not None:
        found.append(f"<dc:date>{book.year:04d}</dc:date>")
    found += [f"<dc:subject>{escaped(genre)}</dc:subject>" for genre in book.genres]
    said = "\n\n".join(part for part in (book.description, book.disclosure) if part)
    if said:
        found.append(f"<dc:description>{escaped(said)}</dc:description>")
    found += [
        _meta("media:duration", clock(length), f"#o{n}") for n, length in enumerate(lengths_ms, 1)
    ]
    found.append(_meta("media:duration", clock(sum(lengths_ms))))
    found.append(_meta("media:active-class", ACTIVE_CLASS))
    found += [_meta("schema:accessMode", mode) for mode in ("textual", "auditory")]
    found += [_meta("schema:accessModeSufficient", mode) for mode in ("textual", "auditory")]
    for feature in (
        "synchronizedAudioText", "tableOfContents", "readingOrder", "structuralNavigation"
    ):  # fmt: skip
        found.append(_meta("schema:accessibilityFeature", feature))
    found.append(_meta("schema:accessibilityHazard", "none"))
    return found


def _meta(name: str, value: str, refines: str = "", *, id: str = "", scheme: str = "") -> str:
    where = attributes(refines=refines, id=id, scheme=scheme)
    return f'<meta property="{name}"{where}>{escaped(value)}</meta>'
