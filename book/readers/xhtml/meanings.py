"""What a part of a book is for: read, or skipped as cover, contents, copyright, notes …

Three kinds of evidence, in this order: ``epub:type`` and DPUB-ARIA roles, which are meant for
it; titles of entries and headings (``configs/matter.yaml``); class names and file names, which
only count for whole documents that nothing else tells about.

What a listener wants: the story and what its author put around it (epigraph, preface, prologue,
epilogue, afterword, appendix). What is for the eye, the shelf or the lawyer is skipped, listed,
and can be included. A dedication is skipped, too: it would be a chapter of one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import yaml

from castbook.resources import read_config

READ = "read"  # "Start reading": a place, not a part

TYPES = {
    "cover": "cover",
    "cover-image": "cover",
    "frontispiece": "title page",
    "titlepage": "title page",
    "title-page": "title page",  # the guide's spelling
    "halftitlepage": "title page",
    "half-title-page": "title page",
    "seriespage": "title page",
    "toc": "contents",
    "toc-brief": "contents",
    "landmarks": "contents",
    "page-list": "contents",
    "pagelist": "contents",
    "loi": "illustrations",
    "lot": "illustrations",
    "loa": "illustrations",
    "lov": "illustrations",
    "copyright-page": "copyright",
    "copyright": "copyright",
    "imprint": "copyright",
    "imprimatur": "copyright",
    "colophon": "copyright",
    "other-credits": "copyright",
    "credits": "copyright",
    "credit": "copyright",
    "contributors": "copyright",
    "errata": "copyright",
    "revision-history": "copyright",
    "z3998:publisher-logo": "copyright",
    "se:imprint": "copyright",
    "acknowledgments": "acknowledgements",
    "acknowledgements": "acknowledgements",
    "biographical-note": "about the author",
    "z3998:biographical-note": "about the author",
    "index": "index",
    "index-group": "index",
    "index-headnotes": "index",
    "index-legend": "index",
    "bibliography": "bibliography",
    "z3998:bibliography": "bibliography",
    "endnotes": "notes",
    "footnotes": "notes",
    "rearnotes": "notes",
    "endnote": "notes",
    "footnote": "notes",
    "rearnote": "notes",
    "notes": "notes",  # the guide's
    "dedication": "dedication",
    "pullquote": "pull quotes",
    "pull-quote": "pull quotes",
    "keywords": "contents",
}
# Types that make an element a part of the text whatever its title is.
TEXT = frozenset(
    [
        "abstract",
        "afterword",
        "appendix",
        "chapter",
        "conclusion",
        "division",
        "epigraph",
        "epilogue",
        "foreword",
        "glossary",
        "introduction",
        "part",
        "preamble",
        "preface",
        "prologue",
        "subchapter",
        "volume",
        "z3998:letter",
    ]
)
PARTS = frozenset(["part", "volume", "division"])
NOTE_MARKS = frozenset(["noteref", "annoref", "glossref-note", "z3998:noteref"])
_NOTE_CLASS = re.compile(r"(?:foot|end|rear)notes?(?:-?(?:text|body|section|list|block))?|fn-?text")
_NUMBER = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_LOOSE = re.compile(r"[\W\d_]+")
# Of a whole document; "index" is left out: converters call the whole book index.html.
_NAMES = {
    "cover": "cover", "coverpage": "cover", "titlepage": "title page", "halftitle": "title page",
    "halftitlepage": "title page", "tp": "title page", "toc": "contents", "tocpage": "contents",
    "tableofcontents": "contents", "contents": "contents", "inhaltsverzeichnis": "contents",
    "copyright": "copyright", "copyrightpage": "copyright", "colophon": "copyright",
    "colophonpage": "copyright", "imprint": "copyright", "impressum": "copyright",
    "uncopyright": "copyright", "legal": "copyright", "okuduke": "copyright",
    "dedication": "dedication", "dedicationpage": "dedication", "alsoby": "advertisements",
    "adcard": "advertisements", "newsletter": "advertisements", "teaser": "advertisements",
    "aboutauthor": "about the author", "abouttheauthor": "about the author",
    "acknowledgments": "acknowledgements", "acknowledgements": "acknowledgements",
    "endnotes": "notes", "footnotes": "notes", "bibliography": "bibliography",
    "pgheader": "licence", "pgfooter": "licence",
}  # fmt: skip
# Marks of the page with the rights; two of them on one short page are enough.
_RIGHTS = re.compile(
    r"(©|\(c\) ?\d{4}|copyright)|(isbn)"
    r"|(all rights reserved|tous droits|alle rechte|derechos reserv|版权所有|無断|翻印必究)"
    r"|(first published|published by|éditions|verlag|publi[sc]\w* (?:en|par)|editorial"
    r"|出版社|出版发行|発行)|(printed in|imprim|gedruckt|impreso|印刷|印次|定价)"
    r"|(library of congress|\bcip\b|bibliothek)",
    re.I,
)
LONGEST_RIGHTS = 6000  # characters; longer is a text about rights


def part_of_types(types: Iterable[str]) -> str:
    """The part that ``epub:type`` or roles name, or nothing."""
    return next((TYPES[kind] for kind in types if kind in TYPES), "")


def part_of_title(title: str) -> str:
    """The part that an entry or a heading names; ``READ`` for "Start reading"."""
    name = _NUMBER.sub("", " ".join(title.split()).casefold().replace("’", "'"))
    if not name or len(name) > 80:
        return ""
    exact, beginnings, patterns = _titles()
    if name in exact:
        return exact[name]
    if name.startswith(tuple(beginnings)):
        return next(part for start, part in beginnings.items() if name.startswith(start))
    return next((part for p, part in patterns if p.fullmatch(name)), "")


def part_of_names(names: Iterable[str]) -> str:
    """The part that class names of a document's body, or its file name, tell."""
    bare = (_LOOSE.sub("", name.lower()) for name in names)
    return next((_NAMES[name] for name in bare if name in _NAMES), "")


def is_note_class(classes: Iterable[str]) -> bool:
    """Whether a block is a footnote by its class."""
    return any(map(_NOTE_CLASS.fullmatch, classes))


def states_rights(text: str, least: int = 2) -> bool:
    """Whether a short page reads like the one with copyright and ISBN."""
    if len(text) > LONGEST_RIGHTS:
        return False
    return len({m.lastindex for m in _RIGHTS.finditer(text)}) >= least


@cache
def _titles() -> tuple[dict[str, str], dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Whole titles, their beginnings, and patterns, each with its part."""
    exact: dict[str, str] = {}
    beginnings: dict[str, str] = {}
    patterns = []
    for part, titles in yaml.safe_load(read_config("matter.yaml")).items():
        for title in titles:
            if title.find("*") == len(title) - 1:
                beginnings.setdefault(title[:-1], part)
            elif "*" in title:
                pattern = re.escape(title).replace(r"\*", ".*")
                patterns.append((re.compile(pattern), part))
            else:
                exact.setdefault(title, part)
    return exact, beginnings, patterns
