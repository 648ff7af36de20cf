"""What an element of XHTML is: its name, its marks of meaning, whether it shows at all."""

from __future__ import annotations

import re
from functools import cache
from itertools import islice

from lxml import etree

OPS = "{http://www.idpf.org/2007/ops}"
SSML = "{http://www.w3.org/2001/10/synthesis}"
XML = "{http://www.w3.org/XML/1998/namespace}"
XLINK = "{http://www.w3.org/1999/xlink}"

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "col",
        "colgroup",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "pre",
        "search",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "text",
    ]
)  # "text" is SVG's
UNREAD = frozenset(
    [
        "head",
        "script",
        "style",
        "template",
        "math",
        "audio",
        "video",
        "object",
        "embed",
        "applet",
        "iframe",
        "canvas",
        "map",
        "noscript",
        "datalist",
        "progress",
        "meter",
        "textarea",
        "input",
        "metadata",
        "defs",
        "title",
        "desc",
    ]
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
EMPHASIS = frozenset(["i", "em", "b", "strong", "cite", "u"])
VERSE_TYPES = frozenset(["z3998:poem", "z3998:verse", "z3998:song", "z3998:hymn", "z3998:lyrics"])
_VERSE_CLASS = re.compile(r"(?:poem|poetry|verse|stanza|line-?group|lg|strophe)(?:-?container)?\d*")
_LINE_NUMBER = re.compile(r"l(?:ine)?-?num(?:ber)?")
_PAGE_NUMBER = re.compile(
    r"page-?(?:num|number|no|break)|pb|folio|page_num|(?:running|oeb|page)-?(?:head|foot)(?:er)?"
)
_SCENE = re.compile(r"(?:scene|section|space|thought|time)[-_]?break|asterism|separator|ornament")
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)


@cache
def local_name(tag: str) -> str:
    """The lower-case name without namespace or prefix."""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def name_of(element: etree._Element) -> str:
    """``local_name`` of an element; empty for what is none (an entity that was left)."""
    tag = element.tag
    return local_name(tag) if isinstance(tag, str) else ""


def types_of(element: etree._Element) -> tuple[str, ...]:
    """``epub:type`` and the DPUB-ARIA roles, lower case, ``doc-`` removed."""
    types = element.get(OPS + "type") or element.get("epub:type") or ""
    role = element.get("role") or ""
    if not types and not role:
        return ()
    roles = (r[4:] for r in role.lower().split() if r.startswith("doc-"))
    return (*types.lower().split(), *roles)


def classes_of(element: etree._Element) -> tuple[str, ...]:
    """The class names, lower case."""
    return tuple((element.get("class") or "").lower().split())


def is_hidden(element: etree._Element) -> bool:
    """Whether no reading system would show it. ``aria-hidden`` shows: it is only not read."""
    if element.get("hidden") is not None:
        return True
    style = element.get("style")
    return style is not None and _HIDDEN_STYLE.search(style) is not None


def is_verse(types: tuple[str, ...], classes: tuple[str, ...]) -> bool:
    """Whether an element holds lines of verse."""
    return not VERSE_TYPES.isdisjoint(types) or any(map(_VERSE_CLASS.fullmatch, classes))


def is_number(types: tuple[str, ...], classes: tuple[str, ...]) -> bool:
    """Whether an element holds the number of a page or of a line and no text."""
    if "pagebreak" in types or "pagenumber" in types:
        return True
    return any(_PAGE_NUMBER.fullmatch(c) or _LINE_NUMBER.fullmatch(c) for c in classes)


def is_scene_break(classes: tuple[str, ...]) -> bool:
    """Whether an element without text stands for a scene break."""
    return any(map(_SCENE.search, classes))


def language_of(element: etree._Element) -> str | None:
    """The element's own BCP 47 tag."""
    return element.get(XML + "lang") or element.get("lang") or element.get("xml:lang")


def text_of(element: etree._Element, most: int = 100_000) -> str:
    """The characters inside an element, of its first ``most`` pieces of text."""
    return "".join(map(str, islice(element.itertext(), most)))


def link_of(element: etree._Element) -> str | None:
    """Where it points."""
    return element.get("href") or element.get(XLINK + "href") or element.get("xlink:href")
