"""Which links are marks of notes: typed as such, raised, in brackets, or pointing to one."""

from __future__ import annotations

import re
from itertools import islice

from lxml import etree

from book.readers.xhtml.elements import link_of, name_of, text_of

_TYPES = frozenset(["noteref", "annoref", "backlink", "referrer", "z3998:noteref"])
_CLASS = re.compile(
    r"fn-?(?:anchor|ref|link)|note-?(?:ref|anchor|link|call)|(?:foot|end)note-?(?:ref|anchor|link|call)\w*"
    r"|duokan-footnote|footnoteref|super-?script-?note"
)
_MARK = re.compile(
    r"[\[(（［〔【]?(?:\d{1,4}|[ivxlc]{1,6}|[A-Za-z]|[*†‡§¶]{1,4}|[⑴-⒇①-⑳㉑-㊿]|注\d{0,3}|註\d{0,3}|↩|↑|\^)[\])）］〕】]?"
)
_FRAMED = re.compile(r"[\[(（［〔【].+|[*†‡§¶↩↑^①-⑳㉑-㊿⑴-⒇]+|[注註]\d*")
_TARGET = re.compile(r"(?:foot|end)?note|fn|_?ftn|_?edn|^n\d|^f\d|^ref|rearnote|anchor", re.I)
_SUPERSCRIPT = re.compile(r"sup(?:er)?(?:script)?\d*")


def is_note_mark(
    element: etree._Element, types: tuple[str, ...], classes: tuple[str, ...]
) -> tuple[bool, bool]:
    """Whether a link is the mark of a note, and whether the markup says so."""
    if not _TYPES.isdisjoint(types) or any(map(_CLASS.fullmatch, classes)):
        return True, True
    target = link_of(element) or ""
    if "#" not in target or ":" in target.partition("#")[0]:
        return False, False
    text = text_of(element, 8).strip()
    if not _MARK.fullmatch(text):
        return False, False
    parent = element.getparent()
    raised = (
        (parent is not None and _is_raised(parent))
        or any(_is_raised(child) for child in islice(element, 4))
        or any(map(_SUPERSCRIPT.fullmatch, classes))
    )
    named = _TARGET.search(target.partition("#")[2]) is not None
    number = text.strip("[]()（）［］〔〕【】").isdecimal()
    return raised or _FRAMED.fullmatch(text) is not None or (named and number), False


def _is_raised(element: etree._Element) -> bool:
    return name_of(element) == "sup" or any(
        map(_SUPERSCRIPT.fullmatch, (element.get("class") or "").lower().split())
    )
