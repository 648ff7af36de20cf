"""Pages of a PDF as pieces of text with their places, by pdfium.

Knows no lines and no paragraphs: ``columns.py`` and ``pdftext.py`` make those. Coordinates are
points with the origin at the page's lower left corner as a reader sees it (turned pages are
turned back). pdfium is not safe to call from two threads, so one lock guards it all.
"""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from castbook.errors import ManuscriptError

_LOCK = threading.Lock()
MOST_PAGES = 10_000
MOST_CHARACTERS = 30_000_000  # the longest novels have about 12 million
SMALLEST, LARGEST = 0.5, 2000.0  # points of type; NaN is neither
_HYPHENS = {0x02, 0xFFFE}  # what pdfium gives for a hyphen at the end of a line
_PASSWORD, _FORMAT, _SECURITY = 4, 3, 5  # FPDF_GetLastError


@dataclass(frozen=True, slots=True)
class Fragment:
    """Characters that follow each other on one baseline in one size."""

    text: str
    x0: float
    x1: float
    y: float  # of the baseline
    size: float  # of the font, in points on the page
    bold: bool = False
    astray: bool = False  # runs in another direction than the lines, or stands off the page


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    number: int  # 1-based, counted by sheets
    width: float
    height: float
    fragments: tuple[Fragment, ...]  # in the order of the file
    upright: int  # steps from a character to the next that go down and not right
    steps: int


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the PDF's outline."""

    level: int  # 0 is the highest
    title: str
    page: int  # 0-based index


@dataclass(frozen=True, slots=True)
class PdfBook:
    """What pdfium found in a file."""

    pages: tuple[Page, ...]
    bookmarks: tuple[Bookmark, ...]
    metadata: dict[str, str]  # Title, Author, …; empty values left out


def open_pdf(content: bytes, name: str) -> PdfBook:
    """Everything castbook needs from a PDF.

    Raises:
        ManuscriptError: no PDF, damaged, locked with a password, far too long.
    """
    with _LOCK:
        import pypdfium2

        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            raise _refusal(getattr(error, "err_code", None), name) from error
        try:
            return _read(document, name)
        except pypdfium2.PdfiumError as error:
            raise ManuscriptError(
                f"the PDF is damaged: {str(error).rstrip('.')}",
                path=name,
                hint="open it in a PDF reader and save or print it as PDF again",
            ) from error
        finally:
            document.close()


def _refusal(code: int | None, name: str) -> ManuscriptError:
    if code in (_PASSWORD, _SECURITY):
        return ManuscriptError(
            "the PDF is locked with a password",
            path=name,
            hint="open it with the password and save it without",
        )
    return ManuscriptError(
        "the file is no PDF, or damaged beyond reading",
        path=name,
        hint="open it in a PDF reader and save or print it as PDF again",
    )


def _read(document: Any, name: str) -> PdfBook:
    count = len(document)
    if count > MOST_PAGES:
        raise ManuscriptError(
            f"the PDF has {count:,} pages", path=name, expected=f"at most {MOST_PAGES:,}"
        )
    pages: list[Page] = []
    characters = 0
    for index in range(count):
        page = document[index]
        try:
            pages.append(_page(page, index + 1))
        finally:
            page.close()
        characters += pages[-1].steps
        if characters > MOST_CHARACTERS:
            raise ManuscriptError(
                f"the PDF has over {MOST_CHARACTERS:,} characters",
                path=name,
                hint="split it and list the parts under manuscript:",
            )
    metadata = {k: v.strip() for k, v in document.get_metadata_dict().items() if v.strip()}
    return PdfBook(tuple(pages), tuple(_bookmarks(document, count)), metadata)


def _bookmarks(document: Any, pages: int) -> Iterator[Bookmark]:
    for number, mark in enumerate(document.get_toc(max_depth=6)):
        if number >= MOST_PAGES:  # a loop, or no book
            return
        target = mark.get_dest()
        index = target.get_index() if target else None
        title = " ".join(mark.get_title().split())
        if title and index is not None and 0 <= index < pages:
            yield Bookmark(mark.level, title, index)


def _page(page: Any, number: int) -> Page:
    left, bottom, right, top = page.get_cropbox()
    turn = page.get_rotation() % 360
    width, height = right - left, top - bottom
    text = page.get_textpage()
    try:
        run = _Run(text.raw, _Frame(left, bottom, width, height, turn))
        for index in range(text.count_chars()):
            run.add(index)
        run.close()
    finally:
        text.close()
    if turn in (90, 270):
        width, height = height, width
    return Page(number, width, height, tuple(run.fragments), run.upright, run.steps)


@dataclass(frozen=True, slots=True)
class _Frame:
    """How the page lies in the file's coordinates."""

    left: float
    bottom: float
    width: float
    height: float
    turn: int  # degrees clockwise, as it is shown

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point as the reader of the page sees it."""
        x, y = x - self.left, y - self.bottom
        if self.turn == 0:
            return x, y
        if self.turn == 90:
            return y, self.width - x
        if self.turn == 180:
            return self.width - x, self.height - y
        if self.turn == 270:
            return self.height - y, x
        return x, y

    def holds(self, x0: float, x1: float, y: float) -> bool:
        """Whether a line is at least near the page: damaged files set it anywhere."""
        width, height = self.width, self.height
        if self.turn in (90, 270):
            width, height = height, width
        return -width <= x0 <= x1 <= 2 * width and -height <= y <= 2 * height


class _Run:
    """Gathers characters to fragments: ends one where size, baseline or place jumps.

    A novel has a million characters, and each question to pdfium costs a microsecond: boxes
    are asked for where a fragment ends or a gap is wide, size and weight at words.
    """

    def __init__(self, text: Any, frame: _Frame) -> None:
        import pypdfium2.raw as raw

        self.raw = raw
        self.text = text
        self.frame = frame
        self.fragments: list[Fragment] = []
        self.steps = self.upright = 0
        self._unicode = raw.FPDFText_GetUnicode
        self._origin = raw.FPDFText_GetCharOrigin
        self._doubles = [ctypes.c_double() for _ in range(6)]
        self._refs = [ctypes.byref(d) for d in self._doubles]
        self._matrix = raw.FS_MATRIX()
        self._object = 0
        self._size, self._bold, self._slanted = 1.0, False, False
        self._characters: list[str] = []
        self._x0 = self._y = 0.0
        self._x = 0.0  # of the last character
        self._index = 0
        self._style = (1.0, False, False)

    def add(self, index: int) -> None:
        """The next character of the page."""
        code = self._unicode(self.text, index)
        if code in (10, 13):
            return
        characters = self._characters
        if code == 32 or code == 160:
            if characters and characters[-1] != " ":
                characters.append(" ")
            return
        doubles = self._doubles
        self._origin(self.text, index, self._refs[4], self._refs[5])
        x, y = self.frame.place(doubles[4].value, doubles[5].value)
        shift, drop = x - self._x, self._y - y
        if not characters or characters[-1] == " " or abs(drop) > 0.5:
            self._look(index)
        size = self._size
        if self._index:
            self.steps += 1
            self.upright += abs(shift) < 0.3 * size and 0.6 < drop / size < 2
        if characters and (
            abs(drop) > 0.12 * size
            or shift < -0.3 * size
            or (shift > 1.3 * size and x - self._right(self._index) > size)
            or (size, self._bold, self._slanted) != self._style
        ):
            self.close()
            characters = self._characters
        if not characters:
            self._x0, self._y = x, y
            self._style = (self._size, self._bold, self._slanted)
        self._x, self._index = x, index
        characters.append("-" if code in _HYPHENS else _character(code))

    def close(self) -> None:
        """Ends the fragment."""
        text = "".join(self._characters)
        if text.strip():
            size, bold, slanted = self._style
            right = max(self._right(self._index), self._x0)
            astray = slanted or not self.frame.holds(self._x0, right, self._y)
            self.fragments.append(Fragment(text, self._x0, right, self._y, size, bold, astray))
        self._characters = []

    def _right(self, index: int) -> float:
        """The right edge of a character."""
        a, b, c, d = self._refs[:4]
        self.raw.FPDFText_GetCharBox(self.text, index, a, b, c, d)
        left, right, bottom, top = (value.value for value in self._doubles[:4])
        return max(self.frame.place(left, bottom)[0], self.frame.place(right, top)[0])

    def _look(self, index: int) -> None:
        """Size, weight and direction; they change with the text object only."""
        raw, text = self.raw, self.text
        found = raw.FPDFText_GetTextObject(text, index)
        address = ctypes.cast(found, ctypes.c_void_p).value or 0
        if address == self._object and address:
            return
        self._object = address
        size = raw.FPDFText_GetFontSize(text, index)
        if raw.FPDFText_GetMatrix(text, index, ctypes.byref(self._matrix)):
            m = self._matrix
            size *= math.sqrt(abs(m.a * m.d - m.b * m.c)) or 1.0
            angle = math.degrees(math.atan2(m.b, m.a)) - self.frame.turn
            self._slanted = min(angle % 360, -angle % 360) > 5
        self._size = round(size, 1) if SMALLEST <= size <= LARGEST else SMALLEST
        self._bold = raw.FPDFText_GetFontWeight(text, index) >= 600


def _character(code: int) -> str:
    """A character of the source text; without a meaning it is U+FFFD, which is warned about."""
    control = code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code > 0x10FFFF
    private = 0xE000 <= code < 0xF900 or code >= 0xF0000 or code == 0xFFFF
    return "\ufffd" if control or private else chr(code)
