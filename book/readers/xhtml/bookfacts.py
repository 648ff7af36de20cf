"""What the metadata of an EPUB says about the book: proposals, never more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from book.languagetags import language_mistake
from book.manuscript import Facts
from book.readers.trees import parse_markup
from book.readers.xhtml.elements import name_of, text_of
from castbook.errors import ManuscriptError

LONGEST = 1000  # characters of a title or name
LONGEST_DESCRIPTION = 10_000
FIRST_YEAR = 1000  # converters write 0101 for an unknown date
_OPF = "{http://www.idpf.org/2007/opf}"
_YEAR = re.compile(r"\d{4}")
_PUBLISHED = ("publication", "original-publication")
_ZERO = re.compile(r"\.0+$")


@dataclass(frozen=True, slots=True)
class _Value:
    text: str
    id: str
    attributes: Mapping[str, str]


def read_facts(root: etree._Element) -> Facts:
    """Title, authors, language, series and the rest, from the root of an OPF."""
    metadata = next((e for e in root.iter() if name_of(e) == "metadata"), root)
    elements = list(islice(metadata.iter(), 5000))
    refined = _refinements(elements)
    series, part = _series(elements, refined)
    return Facts(
        title=_title(list(_values(elements, "title")), refined),
        author=_authors(list(_values(elements, "creator")), refined),
        language=_language(elements),
        series=series,
        series_part=part,
        publisher=next((v.text for v in _values(elements, "publisher")), None),
        year=_year(list(_values(elements, "date"))),
        description=_description(elements),
    )


def plain_text(description: str) -> str:
    """A description without the tags that shops write into it."""
    if "<" not in description:
        return " ".join(description.split())
    try:
        root = parse_markup(f"<div>{description}</div>".encode(), "description", as_html=True).root
    except ManuscriptError:
        return " ".join(description.split())
    return " ".join(" ".join(map(str, root.itertext())).split())


def _values(elements: list[etree._Element], name: str) -> Iterator[_Value]:
    for element in elements:
        if name_of(element) != name or name_of(element) == "meta":
            continue
        text = " ".join(text_of(element).split())
        if text:
            attributes = {str(k): str(v) for k, v in element.attrib.items()}
            yield _Value(text[:LONGEST], (element.get("id") or "").strip(), attributes)


def _refinements(elements: list[etree._Element]) -> dict[str, dict[str, str]]:
    """id -> property -> value, from ``<meta refines="#id" property="…">``."""
    found: dict[str, dict[str, str]] = {}
    for element in elements:
        target = (element.get("refines") or "").strip().lstrip("#")
        prop = (element.get("property") or "").strip()
        if name_of(element) == "meta" and target and prop:
            text = " ".join((element.text or "").split())
            found.setdefault(target, {}).setdefault(prop, text)
    return found


def _title(titles: list[_Value], refined: Mapping[str, Mapping[str, str]]) -> str | None:
    kinds = [refined.get(title.id, {}).get("title-type", "") for title in titles]
    for wanted in ("main", ""):
        if wanted in kinds:
            return titles[kinds.index(wanted)].text
    return titles[0].text if titles else None


def _authors(creators: list[_Value], refined: Mapping[str, Mapping[str, str]]) -> str | None:
    def role(creator: _Value) -> str:
        return refined.get(creator.id, {}).get("role") or creator.attributes.get(_OPF + "role", "")

    def order(creator: _Value) -> int:
        written = refined.get(creator.id, {}).get("display-seq", "")
        return int(written) if written.isdecimal() and len(written) < 6 else len(creators)

    named = [c for c in creators if role(c) == "aut"] or [c for c in creators if not role(c)]
    names = [c.text for c in sorted(named or creators[:1], key=order)]
    return ", ".join(dict.fromkeys(names)) or None


def _language(elements: list[etree._Element]) -> str | None:
    for value in _values(elements, "language"):
        tag = value.text.replace("_", "-")
        if language_mistake(tag, ()) is None and tag.lower() not in ("und", "zxx"):
            return tag
    return None


def _series(
    elements: list[etree._Element], refined: Mapping[str, Mapping[str, str]]
) -> tuple[str | None, str | None]:
    """EPUB 3's collection, else what calibre writes."""
    named: dict[str, str] = {}
    for element in elements:
        if name_of(element) != "meta":
            continue
        text = " ".join((element.text or element.get("content") or "").split())[:LONGEST]
        if element.get("property") == "belongs-to-collection" and text:
            about = refined.get((element.get("id") or "").strip(), {})
            if about.get("collection-type", "series") == "series":
                return text, _part(about.get("group-position", ""))
        if text and (element.get("name") or "").startswith("calibre:series"):
            named.setdefault(element.get("name") or "", text)
    return named.get("calibre:series"), _part(named.get("calibre:series_index", ""))


def _part(written: str) -> str | None:
    return _ZERO.sub("", written.strip()) or None


def _year(dates: list[_Value]) -> int | None:
    """The year of publication: of the date that says so, else of the first."""
    told = [d for d in dates if d.attributes.get(_OPF + "event") in _PUBLISHED]
    for date in (*told, *dates):
        match = _YEAR.search(date.text)
        if match and int(match[0]) >= FIRST_YEAR:
            return int(match[0])
    return None


def _description(elements: list[etree._Element]) -> str | None:
    for element in elements:
        if name_of(element) == "description":
            text = plain_text(text_of(element)[: LONGEST_DESCRIPTION * 2])
            if text:
                return text[:LONGEST_DESCRIPTION]
    return None
