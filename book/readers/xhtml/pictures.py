"""Tables and pictures: what belongs to them and is for the eye.

A table of data read cell by cell is noise, and so is a caption without its picture: both are
skipped and can be included ("tables", "captions"). A table that only lays out text (one column,
long cells, ``role="presentation"``) and a figure that holds text and no picture are read.
"""

from __future__ import annotations

import re
from itertools import islice

from lxml import etree

from book.readers.xhtml.elements import name_of

LONG_CELL = 400  # characters; the longest cell of the data tables at hand has about 200
LONGEST_CAPTION = 1000  # characters of a box of text and picture that is all caption
MOST_LOOKED_AT = 4000  # elements of one table or figure
_CLASS = re.compile(
    r"fig(?:ure)?(?:center|left|right|caption)?\d*|illus(?:tration)?\w*|caption\w*|image\w*|img\w*|plate"
    r"|picture|photo|legende?|bild(?:unterschrift)?"
)
_ORNAMENT = re.compile(
    r"ornament|scene|break|separator|divider|fleuron|asterism|dingbat|rule", re.I
)
_INITIAL = re.compile(r"drop-?cap\w*|initial\w*|lettrine|gaiji\w*|drop|letter\w*", re.I)
_IMAGES = frozenset(["img", "svg", "image", "picture"])


def is_data_table(table: etree._Element) -> bool:
    """Whether a table holds data and not the text of the book."""
    if "presentation" in (table.get("role") or "") or table.get("role") == "none":
        return False
    widest = cells = 0
    for element in islice(table.iterdescendants(), MOST_LOOKED_AT):
        name = name_of(element)
        if name == "tr":
            widest, cells = max(widest, cells), 0
        elif name in ("td", "th"):
            cells += 1
            if _text_length(element) > LONG_CELL:
                return False
        elif name == "table":
            return False  # tables inside tables are layout
    return max(widest, cells) > 1


def is_picture(element: etree._Element, name: str, classes: tuple[str, ...]) -> bool:
    """Whether an element is a picture with its caption, or a caption alone."""
    if name == "figcaption":
        return True
    if name != "figure" and not any(map(_CLASS.fullmatch, classes)):
        return False
    images = any(name_of(e) in _IMAGES for e in islice(element.iter(), MOST_LOOKED_AT))
    return images and (name == "figure" or _text_length(element) <= LONGEST_CAPTION)


def is_ornament(image: etree._Element) -> bool:
    """Whether a picture that stands alone marks a scene break."""
    alt = (image.get("alt") or "").strip()
    told = " ".join((image.get("class") or "", image.get("role") or ""))
    return bool(_ORNAMENT.search(told)) or (bool(alt) and not any(map(str.isalnum, alt)))


def letter_of(image: etree._Element) -> str:
    """The letter that a picture stands for: an initial, a rare character; else nothing."""
    alt = (image.get("alt") or "").strip()
    if len(alt) != 1 or not alt.isalpha():
        return ""
    if any(map(_INITIAL.fullmatch, (image.get("class") or "").split())):
        return alt
    after = (image.tail or "")[:1]
    return alt if after.isalpha() and after.islower() else ""


def stands_alone(root: etree._Element) -> bool:
    """Whether a document has text in its drawings only: a page of fixed layout."""
    drawing: etree._Element | None = None
    found = False
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = name_of(element)
        if event == "start":
            if drawing is None and name in ("svg", "head"):
                drawing = element
                found = found or name == "svg"
            elif drawing is None and (element.text or "").strip():
                return False
        else:
            if element is drawing:
                drawing = None
            if drawing is None and element is not root and (element.tail or "").strip():
                return False
    return found


def _text_length(element: etree._Element) -> int:
    return sum(len(text) for text in islice(element.itertext(), MOST_LOOKED_AT))
