"""The body of a Word document to paragraphs of plain text, in reading order.

What Word prints in the running text is here, and nothing that it does not: tracked deletions,
field codes and comments are no text. Tables, text boxes, tables of contents and hidden text
are here too, marked, for ``docx.py`` to skip with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from book.readers.word.wordpackage import attribute, child, is_on, local
from book.readers.word.wordstyles import Style, numbering_of

_THROUGH = {"hyperlink", "ins", "moveTo", "smartTag", "sdt", "sdtContent", "fldSimple", "customXml",
            "bdo", "dir", "oMath", "oMathPara", "rt", "rubyBase"}  # fmt: skip
_MATH = {"r", "e", "num", "den", "sub", "sup", "f", "sSup", "sSub", "rad", "d", "nary", "func",
         "fName"}  # fmt: skip
_GONE = {"del", "moveFrom"}
_SYMBOL = {
    "A": "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ",
    "a": "αβχδεφγηιϕκλμνοπθρστυϖωξψζ",
}  # Adobe's Symbol encoding of the letters
_CALL = re.compile(r"[\[(]?(?:\d{1,3}|[*†‡]{1,3})[\])]?")
_SILENT_FIELDS = {"TOC": "contents", "INDEX": "index", "TOA": "index"}
_NO_TEXT_FIELDS = {"NOTEREF", "PAGE", "NUMPAGES", "SECTIONPAGES"}
DEEPEST = 60  # tables in tables, and the like


@dataclass(slots=True)
class WordParagraph:
    """A paragraph; a tab is ``\\t``, a line break inside it ``\\n``."""

    text: str = ""
    style: Style = field(default_factory=Style)
    depth: int | None = None  # of a heading
    place: str = ""  # "table", "text box", "contents", "index": not the running text
    centred: bool = False
    bold: bool = False  # all of its text
    bordered: bool = False  # a line is drawn above or below
    drop: bool = False  # a framed initial: belongs to the next paragraph
    hidden: list[tuple[int, int]] = field(default_factory=list)
    calls: list[tuple[int, int]] = field(default_factory=list)  # raised marks of notes
    ruby: list[tuple[str, str]] = field(default_factory=list)
    numbering: tuple[str, int] | None = None

    def prepend(self, lead: str) -> None:
        """Puts ``lead`` before the text."""
        self.text = lead + self.text
        self.hidden = [(a + len(lead), b + len(lead)) for a, b in self.hidden]
        self.calls = [(a + len(lead), b + len(lead)) for a, b in self.calls]


@dataclass(slots=True)
class _Field:
    code: str = ""
    result: bool = False

    @property
    def kind(self) -> str:
        return self.code.split()[0].upper() if self.code.split() else ""


class WordText:
    """Walks a part; fields may begin in one paragraph and end in another."""

    def __init__(self, styles: Mapping[str, Style]) -> None:
        self._styles = styles
        self._fields: list[_Field] = []
        self._current = WordParagraph()
        self._boxes: list[etree._Element] = []
        self._emphatic = 0  # bold characters of the current paragraph

    def paragraphs(
        self, parent: etree._Element, place: str = "", level: int = 0
    ) -> Iterator[WordParagraph]:
        """The paragraphs below ``parent``."""
        if level > DEEPEST:
            return
        for element in parent:
            name = local(element)
            if name == "p":
                yield from self._paragraph(element, place, level)
            elif name == "tbl":
                yield from self._table(element, place, level)
            elif name == "sdt":
                gallery = attribute(child(element, "sdtPr", "docPartObj", "docPartGallery"), "val")
                inner = place or ("contents" if gallery == "Table of Contents" else "")
                yield from self.paragraphs(element, inner, level + 1)
            elif name in ("sdtContent", "customXml", "ins", "moveTo", "smartTag"):
                yield from self.paragraphs(element, place, level + 1)

    def _table(self, table: etree._Element, place: str, level: int) -> Iterator[WordParagraph]:
        rows = [row for row in table.iter() if local(row) == "tr"]
        widest = max((sum(local(c) in ("tc", "sdt") for c in row) for row in rows), default=0)
        inner = place or ("table" if widest > 1 else "")  # one column is a frame around text
        for row in table.iterchildren():
            for cell in self._cells(row):
                yield from self.paragraphs(cell, inner, level + 1)

    def _cells(self, element: etree._Element) -> Iterator[etree._Element]:
        if local(element) == "tc":
            yield element
        elif local(element) in ("tr", "sdt", "sdtContent", "customXml"):
            for part in element:
                yield from self._cells(part)

    def _paragraph(
        self, element: etree._Element, place: str, level: int
    ) -> Iterator[WordParagraph]:
        properties = child(element, "pPr")
        style = self._styles.get(
            attribute(child(properties, "pStyle"), "val") or "", self._styles.get("", Style())
        )
        outline = attribute(child(properties, "outlineLvl"), "val")
        own = child(properties, "numPr")
        centre = attribute(child(properties, "jc"), "val")
        border = child(properties, "pBdr")
        depth = style.depth
        if outline is not None and outline.isdecimal():
            depth = int(outline) + 1 if int(outline) < 9 else None
        before = [f.kind for f in self._fields]
        paragraph = self._current = WordParagraph(
            style=style,
            depth=depth,
            place=place,
            centred=style.centred if centre is None else centre == "center",
            bordered=any(local(e) in ("top", "bottom") and is_on(e) for e in border)
            if border is not None
            else False,
            drop=attribute(child(properties, "framePr"), "dropCap") in ("drop", "margin"),
            numbering=style.numbering if own is None else numbering_of(own),
        )
        self._emphatic = 0
        outer, self._boxes = self._boxes, []
        self._inline(element, level)
        boxes, self._boxes = self._boxes, outer
        silent = [
            _SILENT_FIELDS[kind]
            for kind in (*before, *(f.kind for f in self._fields))
            if kind in _SILENT_FIELDS
        ]
        if not paragraph.place and (silent or style.role == "contents"):
            paragraph.place = silent[0] if silent else "contents"
        letters = sum(not c.isspace() for c in paragraph.text)
        paragraph.bold = letters > 0 and (style.bold or self._emphatic >= letters)
        yield paragraph
        for box in boxes:
            yield from self.paragraphs(box, paragraph.place or "text box", level + 1)

    def _inline(self, parent: etree._Element, level: int) -> None:
        if level > 4 * DEEPEST:
            return
        for element in parent:
            name = local(element)
            if name == "r":
                self._run(element, level)
            elif name == "fldSimple":
                self._fields.append(_Field(attribute(element, "instr") or "", True))
                self._inline(element, level + 1)
                self._fields.pop()
            elif name in _THROUGH or name in _MATH:
                self._inline(element, level + 1)
            elif name == "t":  # of a formula
                self._add(element.text or "")
            elif name == "AlternateContent":
                self._alternative(element)

    def _run(self, run: etree._Element, level: int) -> None:
        properties = child(run, "rPr")
        character = self._styles.get(attribute(child(properties, "rStyle"), "val") or "")
        vanish, bold = child(properties, "vanish"), child(properties, "b")
        hidden = is_on(vanish) if vanish is not None else bool(character and character.hidden)
        hidden = hidden or (vanish is None and self._current.style.hidden)
        raised = attribute(child(properties, "vertAlign"), "val") == "superscript"
        start = len(self._current.text)
        for element in run:
            name = local(element)
            if name == "t":
                self._add(element.text or "")
            elif name in ("tab", "ptab"):
                self._add("\t")
            elif name == "cr" or (
                name == "br" and attribute(element, "type") in (None, "textWrapping")
            ):
                self._add("\n")
            elif name == "noBreakHyphen":
                self._add("-")
            elif name == "softHyphen":
                self._add("\u00ad")
            elif name == "sym":
                self._add(_symbol(element))
            elif name == "fldChar":
                self._field(attribute(element, "fldCharType"))
            elif name == "instrText" and self._fields:
                self._fields[-1].code += element.text or ""
            elif name == "ruby":
                self._ruby(element, level)
            elif name == "AlternateContent":
                self._alternative(element)
            elif name in ("drawing", "pict", "object"):
                self._find_boxes(element)
        text = self._current.text[start:]
        if hidden and text:
            self._current.hidden.append((start, start + len(text)))
        if is_on(bold) or (bold is None and character is not None and character.bold):
            self._emphatic += sum(not c.isspace() for c in text)
        above = self._current.text[start - 1 : start]
        if raised and _CALL.fullmatch(text.strip()) and above and not above.isdecimal():
            self._current.calls.append((start, start + len(text)))

    def _add(self, text: str) -> None:
        if all(f.result and f.kind not in _NO_TEXT_FIELDS for f in self._fields):
            self._current.text += text.replace("\r\n", "\n").replace("\r", "\n")

    def _field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(_Field())
        elif kind == "separate" and self._fields:
            self._fields[-1].result = True
        elif kind == "end" and self._fields:
            ended = self._fields.pop()
            if ended.kind in _SILENT_FIELDS and not self._current.place:
                self._current.place = _SILENT_FIELDS[ended.kind]

    def _ruby(self, ruby: etree._Element, level: int) -> None:
        start = len(self._current.text)
        base = child(ruby, "rubyBase")
        if base is not None:
            self._inline(base, level + 1)
        reading = child(ruby, "rt")
        said = (
            ""
            if reading is None
            else "".join(e.text or "" for e in reading.iter() if local(e) == "t")
        )
        if said.strip() and self._current.text[start:].strip():
            self._current.ruby.append((self._current.text[start:], said.strip()))

    def _alternative(self, element: etree._Element) -> None:
        """Word writes a drawing twice, for new programs and for old ones: one is enough."""
        choice = child(element, "Choice")
        found = self._find_boxes(choice) if choice is not None else False
        fallback = child(element, "Fallback")
        if not found and fallback is not None:
            self._find_boxes(fallback)

    def _find_boxes(self, element: etree._Element) -> bool:
        boxes = []
        left = list(element)[::-1]
        while left:
            e = left.pop()
            if local(e) == "txbxContent":
                boxes.append(e)
            elif local(e) == "AlternateContent":
                choice = child(e, "Choice")
                left.extend([choice] if choice is not None else list(e)[:1])
            else:
                left.extend(list(e)[::-1])
        self._boxes.extend(boxes)
        return bool(boxes)


def _symbol(element: etree._Element) -> str:
    """A character of a symbol font: Greek letters of Symbol, an ornament of any other."""
    code = attribute(element, "char") or ""
    if not re.fullmatch(r"[0-9A-Fa-f]{2,5}", code):
        return ""
    number = int(code, 16)
    if not 0xF000 <= number <= 0xF0FF and number > 0xFF:
        return chr(number) if not 0xD800 <= number <= 0xDFFF else ""
    character = chr(number & 0xFF)
    if (attribute(element, "font") or "").casefold() != "symbol":
        return "◆"
    letters = _SYMBOL.get(
        "A" if "A" <= character <= "Z" else "a" if "a" <= character <= "z" else ""
    )
    if letters is None:
        return character if character.isascii() and character.isprintable() else "◆"
    return letters[ord(character) - ord("A" if character <= "Z" else "a")]
