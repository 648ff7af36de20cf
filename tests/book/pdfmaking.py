"""A small writer of PDFs: text at places, and whole books set in Courier (0.6 em a letter)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 400, 600
LEFT, TOP, BOTTOM = 50, 540, 70
LEADING = 14
SIZE = 10
EM = 0.6


@dataclass
class Sheet:
    """One page under construction."""

    turn: int = 0
    marks: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, text: str, size: float = SIZE, *, bold: bool = False,
        spread: float = 0.0, angle: bool = False,
    ) -> None:  # fmt: skip
        """``text`` with its baseline at ``y``; ``spread`` is added to every space."""
        raw = text.encode("cp1252", "replace")
        raw = raw.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
        matrix = f"0 1 -1 0 {x} {y}" if angle else f"1 0 0 1 {x} {y}"
        font = "F2" if bold else "F1"
        self.marks.append(
            f"BT /{font} {size} Tf {spread:.3f} Tw {matrix} Tm ({raw.decode('latin-1')}) Tj ET"
        )


def pdf(
    sheets: Sequence[Sheet],
    *,
    outline: Sequence[tuple[str, int]] = (),
    info: dict[str, str] | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> bytes:
    """A PDF of ``sheets``; ``outline`` has (title, index of the page)."""
    objects: list[bytes] = []

    def add(content: str | bytes) -> int:
        objects.append(content.encode("latin-1") if isinstance(content, str) else content)
        return len(objects)

    def string(text: str) -> str:
        return "<" + ("\ufeff" + text).encode("utf-16-be").hex() + ">"

    fonts = [
        add(f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>")
        for name in ("Courier", "Courier-Bold")
    ]
    root = len(objects) + 2 * len(sheets) + 1  # number of the tree of pages
    kids = []
    for sheet in sheets:
        stream = "\n".join(sheet.marks).encode("latin-1")
        content = add(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        kids.append(
            add(
                f"<< /Type /Page /Parent {root} 0 R /MediaBox [0 0 {size[0]} {size[1]}]"
                f" /Rotate {sheet.turn} /Contents {content} 0 R"
                f" /Resources << /Font << /F1 {fonts[0]} 0 R /F2 {fonts[1]} 0 R >> >> >>"
            )
        )
    refs = " ".join(f"{kid} 0 R" for kid in kids)
    assert add(f"<< /Type /Pages /Count {len(kids)} /Kids [{refs}] >>") == root
    marks = ""
    if outline:
        head = len(objects) + 1
        last = head + len(outline)
        add(f"<< /Type /Outlines /First {head + 1} 0 R /Last {last} 0 R /Count {len(outline)} >>")
        for i, (title, page) in enumerate(outline, head + 1):
            around = (f" /Prev {i - 1} 0 R" if i > head + 1 else "") + (
                f" /Next {i + 1} 0 R" if i < last else ""
            )
            add(
                f"<< /Title {string(title)} /Parent {head} 0 R{around}"
                f" /Dest [{kids[page]} 0 R /XYZ 0 {size[1]} 0] >>"
            )
        marks = f" /Outlines {head} 0 R"
    catalog = add(f"<< /Type /Catalog /Pages {root} 0 R{marks} >>")
    facts = add("<< " + " ".join(f"/{k} {string(v)}" for k, v in (info or {}).items()) + " >>")
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += (
        f"trailer << /Size {len(objects) + 1} /Root {catalog} 0 R /Info {facts} 0 R >>\n"
        f"startxref\n{table}\n%%EOF\n"
    ).encode()
    return bytes(out)


@dataclass(frozen=True)
class Look:
    """How a book is set."""

    measure: int = 50  # characters of a line
    columns: int = 1
    set_in: bool = True  # first lines; otherwise white space stands between paragraphs
    justified: bool = True
    hyphens: bool = True
    head: str = ""
    numbers: bool = True


def typeset(chapters: Sequence[Sequence[str]], look: Look = Look(), **facts: object) -> bytes:
    """A PDF of ``chapters``, each a heading and its paragraphs; a chapter begins a page."""
    sheets: list[Sheet] = []
    for heading, *paragraphs in chapters:
        page = _new(sheets, look)
        page.text(LEFT + 60, TOP - 30, heading, 16)
        column, y = 0, TOP - 80
        for number, paragraph in enumerate(paragraphs):
            lines = _wrap(paragraph, look, 3 if look.set_in and number else 0)
            for i, (line, last) in enumerate(lines):
                if y < BOTTOM:
                    column, y = column + 1, TOP
                    if column == look.columns:
                        page, column = _new(sheets, look), 0
                shift = 3 * SIZE * EM if look.set_in and number and not i else 0
                room = look.measure - len(line) - (3 if shift else 0)
                spread = 0.0
                if look.justified and not last and " " in line:
                    spread = room * SIZE * EM / line.count(" ")
                x = LEFT + column * (look.measure + 3) * SIZE * EM + shift
                page.text(x, y, line, spread=spread)
                y -= LEADING
            if not look.set_in:
                y -= LEADING * 0.7
    size = (int(2 * LEFT + look.columns * (look.measure + 3) * SIZE * EM), HEIGHT)
    return pdf(sheets, size=size, **facts)  # type: ignore[arg-type]


def _new(sheets: list[Sheet], look: Look) -> Sheet:
    sheets.append(Sheet())
    number = len(sheets)
    if look.head:
        sheets[-1].text(LEFT + 30 * (number % 2), HEIGHT - 30, look.head, 8)
    if look.numbers:
        sheets[-1].text(LEFT + 140, 30, str(number), 8)
    return sheets[-1]


def _wrap(text: str, look: Look, first: int) -> list[tuple[str, bool]]:
    """Lines, and whether each is the paragraph's last; long words are broken with a hyphen."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        room = look.measure - (first if not lines else 0)
        joined = f"{line} {word}" if line else word
        if len(joined) <= room:
            line = joined
            continue
        left = room - len(line) - 2
        if look.hyphens and word.isalpha() and left >= 3 and len(word) - left >= 3:
            lines.append(f"{line} {word[:left]}-")
            line = word[left:]
        else:
            lines.append(line)
            line = word
    return [(line, False) for line in lines] + [(line, True)]
