"""A tree of XHTML to source text and the pieces of it: paragraphs, headings, rules.

The source text of a document is what a browser would show: white space folded, ``<br/>`` a line
end, blocks parted by an empty line. What shows but is not read (marks of notes, page numbers,
the readings of ruby) stands in it and becomes an edit. Not in it: what does not show (``hidden``,
scripts, styles), formulas, sound and film, descriptions of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Literal

from lxml import etree

from book.manuscript import Edit, Sound
from book.readers.xhtml.elements import (
    BLOCKS,
    EMPHASIS,
    HEADINGS,
    SSML,
    UNREAD,
    classes_of,
    is_hidden,
    is_number,
    is_scene_break,
    is_verse,
    language_of,
    link_of,
    name_of,
    text_of,
    types_of,
)  # fmt: skip
from book.readers.xhtml.meanings import TEXT, is_note_class, part_of_types
from book.readers.xhtml.notemarks import is_note_mark
from book.readers.xhtml.pictures import (
    is_data_table,
    is_ornament,
    is_picture,
    letter_of,
    stands_alone,
)  # fmt: skip
from book.readers.xhtml.pieces import Markup, NoteRef, Piece
from book.readers.xhtml.sounds import differing, ruby_sound, ssml_sound
from book.readers.xhtml.textbuilder import Text

_QUOTES = "\"'“”‘’«»‹›„「」『』"
_TITLED = frozenset(["title", "subtitle", "fulltitle", "z3998:ordinal", "ordinal", "z3998:title"])
_IMAGES = frozenset(["img", "image", "svg"])


@dataclass(slots=True)
class _Frame:
    """An open element, and what its content inherits."""

    element: etree._Element
    name: str
    start: int = 0
    pieces: int = 0  # how many there were when it opened
    part: str = ""
    types: frozenset[str] = frozenset()
    classes: tuple[str, ...] = ()
    verse: bool = False
    line: bool = False  # a line of verse: no paragraph of its own
    titled: bool = False
    level: int = 0
    keep: bool = False  # white space counts
    drop: Literal["", "note", "markup"] = ""  # this element's text becomes an edit
    dropped: bool = False  # it or one around it
    link: bool = False
    anchors: tuple[str, ...] = ()
    language: str | None = None
    alphabet: str = "ipa"


def read_markup(root: etree._Element, language: str) -> Markup:
    """What stands in the document ``root``; ``language`` is the book's BCP 47 tag."""
    walk = _Walk(root, language)
    walk.run()
    return Markup(
        text=walk.text.finish(),
        pieces=tuple(walk.pieces),
        anchors=walk.anchors,
        references=tuple(walk.references),
        sounds=tuple(walk.sounds),
        emphasised=walk.emphasised,
        formulas=walk.formulas,
        pictures=walk.pictures,
        names=tuple(walk.names),
    )


class _Walk:
    """One pass over a tree, without recursion."""

    def __init__(self, root: etree._Element, language: str) -> None:
        self.root = root
        self.language = language
        self.text = Text()
        self.frames = [_Frame(root, "")]
        self.pieces: list[Piece] = []
        self.edits: list[Edit] = []
        self.linked = 0
        self.begun: set[str] = set()  # types of texts opened since the last paragraph
        self.anchors: dict[str, tuple[int, int]] = {}
        self.references: list[NoteRef] = []
        self.sounds: list[Sound] = []
        self.names: list[str] = []
        self.emphasised = False
        self.formulas = self.pictures = 0
        self.drawn = stands_alone(root)

    def run(self) -> None:
        unread: etree._Element | None = None
        for event, element in etree.iterwalk(self.root, events=("start", "end")):
            if unread is not None:
                if event == "start" or element is not unread:
                    continue
                unread = None
            elif event == "start":
                if self._is_unread(element):
                    unread = element
                else:
                    self._enter(element)
                    self._say(element.text)
                continue
            else:
                self._leave(element)
            if element is not self.root:
                self._say(element.tail)
        self._close()

    def _is_unread(self, element: etree._Element) -> bool:
        name = name_of(element)
        if name == "math":
            self.formulas += 1
        if name in _IMAGES:
            self.pictures += 1
        return not name or name in UNREAD or is_hidden(element)

    def _say(self, characters: str | None) -> None:
        if not characters:
            return
        frame = self.frames[-1]
        if self.text.begins_anew(characters):
            self._close()
        before = self.text.length
        self.text.add(characters, keep=frame.keep)
        if frame.link:
            self.linked += self.text.length - before

    def _enter(self, element: etree._Element) -> None:
        above = self.frames[-1]
        name = name_of(element)
        types, classes = types_of(element), classes_of(element)
        block = name in BLOCKS
        frame = _Frame(
            element, name, 0, 0, above.part, above.types.union(types), classes,
            above.verse, False, above.titled, above.level, above.keep or name == "pre",
            "", above.dropped, above.link, (), language_of(element) or above.language,
            element.get(SSML + "alphabet") or above.alphabet,
        )  # fmt: skip
        if block:
            self._enter_block(frame, types, above)
        else:
            self._enter_inline(frame, types)
        frame.start, frame.pieces = self.text.length, len(self.pieces)
        frame.dropped = frame.dropped or bool(frame.drop)
        self._anchor(frame)
        self.frames.append(frame)
        if name == "br":
            self.text.add_break()
        elif name == "q" and not self._quoted(element):
            self._say("“")

    def _enter_block(self, frame: _Frame, types: tuple[str, ...], above: _Frame) -> None:
        element, name, classes = frame.element, frame.name, frame.classes
        if not self.text.length and name not in HEADINGS and name != "p":
            self.names.extend(classes)
        self.begun.update(TEXT.intersection(types))
        if not frame.part or (frame.part != "notes" and not TEXT.isdisjoint(types)):
            frame.part = self._part(frame, types)
        frame.level = HEADINGS.get(name, frame.level)
        frame.titled = (
            frame.titled or name in ("hgroup", "header") or not _TITLED.isdisjoint(types)
        ) and "epigraph" not in types
        frame.verse = frame.verse or is_verse(types, classes) or name == "pre"
        cell = frame.part == "tables" and name in ("td", "th")
        frame.line = (above.verse or cell) and _is_line(element)
        if frame.line:
            self.text.end_line()
        else:
            self._close()

    def _part(self, frame: _Frame, types: tuple[str, ...]) -> str:
        element, name, classes = frame.element, frame.name, frame.classes
        part = part_of_types(types)
        if part and not (part == "cover" and name in ("body", "html")):
            return part
        if is_number(types, classes):
            return "page numbers"
        if element.get("aria-hidden") == "true":
            return "hidden"
        if name not in ("body", "html") and is_note_class(classes):
            return "notes"
        if name == "table" and is_data_table(element):
            return "tables"
        if is_picture(element, name, classes):
            return "captions"
        return part

    def _enter_inline(self, frame: _Frame, types: tuple[str, ...]) -> None:
        element, name = frame.element, frame.name
        self.emphasised = self.emphasised or name in EMPHASIS
        if name in ("rt", "rp", "rtc") or element.get("aria-hidden") == "true":
            frame.drop = "markup"
        elif is_number(types, frame.classes) or part_of_types(types) == "notes":
            frame.drop = "note"
        elif name == "a" and link_of(element):
            mark, sure = is_note_mark(element, types, frame.classes)
            if mark:
                frame.drop = "note"
                first = self.text.start is None  # a note's own number, linked back to the text
                if sure or not first:
                    offset = self.text.length
                    self.references.append(NoteRef(link_of(element) or "", offset, sure))
            frame.link = True
        elif name == "svg" and not self.drawn:
            self._close()
            frame.part = frame.part or "captions"
        elif name == "tspan" and frame.element.get("y") != _previous_line(element):
            self.text.end_line()
        elif name == "img":
            self._say(letter_of(element))

    def _leave(self, element: etree._Element) -> None:
        frame = self.frames[-1]
        if frame.name == "q" and not self._quoted(element):
            self._say("”")
        end = self.text.length
        if frame.drop and end > frame.start:
            self._edit(frame.start, end, frame.drop)
        if frame.name == "ruby":
            self._sound(ruby_sound(element, differing(frame.language, self.language)))
        elif element.get(SSML + "ph") or element.get("ssml:ph"):
            language = differing(frame.language, self.language)
            self._sound(ssml_sound(element, frame.alphabet, language))
        if (frame.name in BLOCKS and not frame.line) or frame.name == "svg":
            self._close()
        self._rule(frame)
        self.frames.pop()
        for anchor in frame.anchors:
            self.anchors[anchor] = (frame.start, self.text.length)
        if frame.line:
            self.text.end_line()

    def _rule(self, frame: _Frame) -> None:
        """A rule, an ornament or an empty paragraph, if the element is one."""
        if len(self.pieces) > frame.pieces or self.text.length > frame.start:
            return
        silent: Literal["", "rule", "blank"] = ""
        if frame.name == "hr" or is_scene_break(frame.classes):
            silent = "rule"
        elif frame.name in ("p", "div") and not frame.line:
            images = [e for e in islice(frame.element.iter(), 50) if name_of(e) in _IMAGES]
            if not images:
                silent = "blank" if frame.name == "p" else ""
            elif len(images) == 1 and is_ornament(images[0]):
                silent = "rule"
        if silent and not (self.pieces and self.pieces[-1].silent == "rule"):
            self._close()
            self.pieces.append(Piece(self.text.length, self.text.length, silent=silent))

    def _close(self) -> None:
        """Ends the open paragraph."""
        span = self.text.close()
        if span is None:
            return
        frame = self.frames[-1]
        part = frame.part or ("hidden" if frame.dropped and not frame.drop else "")
        self.pieces.append(
            Piece(
                *span,
                level=frame.level,
                part=part,
                types=frame.types,
                verse=frame.verse,
                titled=frame.titled,
                edits=[e for e in self.edits if e.end > span[0]],
                linked=self.linked,
                begins=frozenset(self.begun) if self.text.visible else frozenset(),
                silent="" if self.text.visible else "blank",
            )
        )
        self.edits, self.linked = [], 0
        if self.text.visible:
            self.begun.clear()

    def _edit(self, start: int, end: int, reason: Literal["note", "markup"]) -> None:
        opened = self.text.start
        if opened is None:
            return  # it was closed inside: its pieces are labelled
        start = max(start, opened)
        while self.edits and self.edits[-1].start >= start:
            self.edits.pop()
        self.edits.append(Edit(start, end, "", reason))

    def _anchor(self, frame: _Frame) -> None:
        names = (frame.element.get("id"), frame.element.get("name") if frame.name == "a" else None)
        new = tuple(dict.fromkeys(n for n in names if n and n not in self.anchors))
        for name in new:  # of two elements with one id the first counts, as in a browser
            self.anchors[name] = (frame.start, frame.start)
        frame.anchors = new

    def _sound(self, sound: Sound | None) -> None:
        if sound is not None:
            self.sounds.append(sound)

    def _quoted(self, element: etree._Element) -> bool:
        text = text_of(element, 20).strip()
        return not text or text[0] in _QUOTES


def _is_line(element: etree._Element) -> bool:
    """Whether a block inside verse is one line: it holds no block and no line end."""
    return not any(
        (name := name_of(child)) in BLOCKS or name == "br" for child in element.iterdescendants()
    )


def _previous_line(tspan: etree._Element) -> str | None:
    previous = tspan.getprevious()
    return tspan.get("y") if previous is None else previous.get("y")
