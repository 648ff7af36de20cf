"""What the styles of a Word document say about a paragraph: its depth as a heading, its role.

Styles are known by their English names, by those of other languages, and by what they are
based on; ids are whatever the program liked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from book.readers.word.wordpackage import attribute, child, is_on, local

Role = Literal["", "title", "subtitle", "author", "contents", "note"]

# "heading 1" is written in English in styles.xml by Word in any language; LibreOffice, WPS and
# others write their own names.
_HEADING = re.compile(
    r"(?:heading|überschrift|titre|título|titulo|titolo|kop|rubrik|overskrift|otsikko|nagłówek"
    r"|заголовок|nadpis|标题|標題|見出し|제목)\s*(?P<depth>[1-9])"
)
_ROLES: tuple[tuple[Role, str], ...] = (
    (
        "contents",
        r"toc(?: ?\d| heading)|contents (?:heading|\d)|table of (?:contents|figures)|目录\s?\d?",
    ),
    ("subtitle", r"subtitle|untertitel|sous-titre|subtítulo|sottotitolo|副标题|副標題"),
    ("title", r"title|titel|titre|título|titulo|titolo|book title|标题|標題|表題"),
    ("author", r"author|byline|by-line|autor|auteur|autore|作者|著者"),
    ("note", r"footnote text|endnote text|footnote|endnote"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style, with all that it is based on, says."""

    depth: int | None = None  # 1 … 9 of a heading
    role: Role = ""
    bold: bool = False
    centred: bool = False
    hidden: bool = False
    numbering: tuple[str, int] | None = None  # numId and level


def read_styles(root: etree._Element | None) -> Mapping[str, Style]:
    """Style ids, of paragraphs and of characters, to styles; "" is the default paragraph's."""
    if root is None:
        return {"": Style()}
    elements = {
        style_id: element
        for element in root
        if local(element) == "style" and (style_id := attribute(element, "styleId"))
    }
    styles = {style_id: _style(style_id, elements) for style_id in elements}
    default = next(
        (
            i
            for i, e in elements.items()
            if attribute(e, "default") in ("1", "true") and attribute(e, "type") == "paragraph"
        ),
        "",
    )
    return {**styles, "": styles.get(default, Style())}


def read_language(root: etree._Element | None, eastern: bool) -> str | None:
    """The language that the document's defaults name, BCP 47.

    Word keeps one for Western and one for East Asian text, and sets both in any document.
    """
    lang = child(root, "docDefaults", "rPrDefault", "rPr", "lang")
    return attribute(lang, "eastAsia" if eastern else "val")


def _style(style_id: str, elements: Mapping[str, etree._Element]) -> Style:
    chain: list[etree._Element] = []
    seen: set[str] = set()
    at: str | None = style_id
    while (
        at is not None and at in elements and at not in seen
    ):  # a style based on itself is a damaged file
        seen.add(at)
        chain.append(elements[at])
        at = attribute(child(elements[at], "basedOn"), "val")
    depth: int | None = None
    role: Role = ""
    for element in chain:
        name = (attribute(child(element, "name"), "val") or "").strip().casefold()
        found = _HEADING.match(name)
        level = attribute(child(element, "pPr", "outlineLvl"), "val")
        if not role:
            role = next((r for r, names in _ROLES if re.fullmatch(names, name)), "")
        if depth is None and found:
            depth = int(found["depth"])
        elif depth is None and level is not None and level.isdecimal():
            depth = int(level) + 1 if int(level) < 9 else 0
    return Style(
        depth=depth or None,
        role=role,
        bold=_first(chain, "rPr", "b"),
        centred=_centred(chain),
        hidden=_first(chain, "rPr", "vanish"),
        numbering=_numbering(chain),
    )


def _first(chain: list[etree._Element], *path: str) -> bool:
    found = next((e for style in chain if (e := child(style, *path)) is not None), None)
    return is_on(found)


def _centred(chain: list[etree._Element]) -> bool:
    for style in chain:
        value = attribute(child(style, "pPr", "jc"), "val")
        if value:
            return value == "center"
    return False


def _numbering(chain: list[etree._Element]) -> tuple[str, int] | None:
    for style in chain:
        properties = child(style, "pPr", "numPr")
        if properties is not None:
            return numbering_of(properties)
    return None


def numbering_of(properties: etree._Element) -> tuple[str, int] | None:
    """numId and level of a ``w:numPr``; None where the numbering is taken away."""
    number = attribute(child(properties, "numId"), "val")
    level = attribute(child(properties, "ilvl"), "val") or "0"
    if number is None or number == "0" or not level.isdecimal():
        return None
    return number, min(int(level), 8)
