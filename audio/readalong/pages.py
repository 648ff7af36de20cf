"""The pages of a read-along book as XHTML: chapters, contents, cover. Pure text.

A page has the structure of ``audio/readalong/passages.py``: every cue is a span with the id
``c7``, every paragraph, scene and the chapter have ids that the overlays refer to.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from audio.packaging.metadata import BookMetadata
from audio.readalong.markup import attributes, clean, document, escaped
from audio.readalong.overlays import SECTION_TYPES, Names
from audio.readalong.passages import Cue, Division, Passage, Scene, structure


def page(
    book: BookMetadata,
    title: str,
    cues: Sequence[Cue],
    classes: Mapping[str, str],
    division: Division = "bodymatter",
) -> str:
    """One chapter's text.

    Args:
        classes: of the characters, by their key; ``audio/readalong/styles.py``.
    """
    content = structure(cues)

    def block(passage: Passage, level: int) -> str:
        inside = "".join(_spans(passage, book.language, classes))
        kind = {"heading": f"h{level}", "text": "p", "credit": "p"}[passage.kind]
        css = {"heading": "", "text": "", "credit": "credit"}[passage.kind]
        return f"<{kind}{attributes(id=passage.id, class_=css)}>{inside}</{kind}>\n"

    def scene(one: Scene) -> str:
        inside = "".join(block(passage, 2) for passage in one.passages)
        return f'<section id="{one.id}">\n{inside}</section>\n' if parted else inside

    parted = len(content.scenes) > 1
    parts = [block(passage, min(2, n)) for n, passage in enumerate(content.headings, 1)]
    for n, one in enumerate(content.scenes):
        if n > 0 and one.passages[0].kind != "heading":
            parts.append("<hr/>\n")
        parts.append(scene(one))
    where = attributes(
        id="chapter",
        epub_type=SECTION_TYPES[division],
        role="doc-chapter" if division == "bodymatter" else "",
        aria_label=" ".join(clean(title).split()) if division == "bodymatter" else "",
    )
    body = f"<section{where}>\n{''.join(parts)}</section>"
    return document(book.language, title, body, style="../style.css", kind=division)


def contents(
    book: BookMetadata, titles: Sequence[str], division: Sequence[Division], cover: bool
) -> str:
    """The table of contents, and for machines where the cover and the book itself begin."""
    items = "".join(
        f'<li><a href="{Names(n).text}">{escaped(title) or n}</a></li>\n'
        for n, title in enumerate(titles, 1)
    )
    marks = [('<a epub:type="cover" href="cover.xhtml">', book.title)] if cover else []
    if "bodymatter" in division:
        first = division.index("bodymatter")
        place = f'<a epub:type="bodymatter" href="{Names(first + 1).text}">'
        marks.append((place, titles[first] or str(first + 1)))
    landmarks = "".join(f"<li>{link}{escaped(text) or '-'}</a></li>\n" for link, text in marks)
    body = (
        f'<nav epub:type="toc" id="toc" role="doc-toc"><h1>{escaped(book.title)}</h1>\n'
        f"<ol>\n{items}</ol></nav>"
    )
    if landmarks:
        body += f'\n<nav epub:type="landmarks" hidden="hidden">\n<ol>\n{landmarks}</ol></nav>'
    return document(book.language, book.title, body, style="style.css")


def cover_page(book: BookMetadata, picture: str) -> str:
    """A page that shows the cover and nothing else."""
    image = f'<img src="{picture}"{attributes(alt=book.title)}/>'
    body = f'<section id="cover" epub:type="cover">{image}</section>'
    return document(book.language, book.title, body, style="style.css", kind="frontmatter")


def _spans(passage: Passage, language: str, classes: Mapping[str, str]) -> Iterator[str]:
    before = ""
    for n, cue in passage.cues:
        text = " ".join(clean(cue.text).split())
        css = f"{cue.kind} {classes.get(cue.character, '')}".strip()
        # who speaks must not depend on seeing colours
        name = " ".join(clean(cue.speaker).split()) if cue.kind == "speech" else ""
        where = attributes(id=f"c{n}", class_=css, title=name)
        if cue.language and cue.language != language:
            where += f' xml:lang="{escaped(cue.language)}" lang="{escaped(cue.language)}"'
        yield "" if cue.joined else _glue(before, text, language)
        yield f"<span{where}>{escaped(text)}</span>"
        before = text


def _glue(before: str, after: str, language: str) -> str:
    """A space between sentences, except in and around Chinese and Japanese."""
    if not before or not after:
        return ""
    if language.split("-")[0].lower() in ("zh", "cmn", "yue", "ja"):  # their quotes look western
        return " " if before[-1].isascii() and after[0].isascii() else ""
    wide = [unicodedata.east_asian_width(c) in "WF" for c in (before[-1], after[0])]
    return "" if any(wide) else " "
