"""PDF: lines, columns, furniture, hyphens, paragraphs over pages, headings, refusals."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pypdf
import pytest
from bookmaking import FIXTURES, project, read, rebuilt, script_of
from pdfmaking import HEIGHT, LEADING, LEFT, TOP, Look, Sheet, pdf, typeset

from book.manuscript import Manuscript
from book.readers import read_manuscript
from castbook.errors import ManuscriptError

LOOKS = {
    "set in": Look(head="THE SIGN OF FOUR"),
    "block": Look(set_in=False),
    "ragged": Look(set_in=False, justified=False, hyphens=False, head="A. Conan Doyle"),
    "two columns": Look(columns=2, measure=36),
}


@pytest.fixture(scope="module")
def chapter(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A real chapter: its heading and its paragraphs."""
    text = (FIXTURES / "sign-of-the-four-1.txt").read_text(encoding="utf-8")
    book = read(tmp_path_factory.mktemp("text"), text).chapters[0]
    body = [p.printed for p in book.paragraphs if p.kind == "body"]
    assert len(body) > 20
    return ["Chapter I", *(" ".join(p.split()) for p in body)]


def read_pdf(folder: Path, content: bytes, **options: object) -> Manuscript:
    path = folder / "book.pdf"
    path.write_bytes(content)
    return read_manuscript((path,), **options)  # type: ignore[arg-type]


def bodies(manuscript: Manuscript) -> list[str]:
    return [p.printed for c in manuscript.chapters for p in c.paragraphs if p.kind != "heading"]


def whole(manuscript: Manuscript) -> str:
    return " ".join(bodies(manuscript))


@pytest.mark.parametrize("name", LOOKS)
def test_a_chapter_comes_back_word_for_word(name: str, chapter: list[str], tmp_path: Path) -> None:
    chapters = [chapter, ["Chapter II", *chapter[1:9]], ["Chapter III", *chapter[9:20]]]
    manuscript = read_pdf(tmp_path, typeset(chapters, LOOKS[name]))
    assert [c.title for c in manuscript.chapters] == ["Chapter I", "Chapter II", "Chapter III"]
    wanted = [p for c in chapters for p in c[1:]]
    assert whole(manuscript).split() == " ".join(wanted).split()
    found = bodies(manuscript)
    right = sum(p in set(wanted) for p in found)
    assert right >= 0.95 * len(wanted)  # a full last line at a page's end may hide one
    script = script_of(manuscript, project())
    assert rebuilt(manuscript, script) == [source.text for source in manuscript.sources]
    assert script.coverage.share == 1.0


def test_an_independent_reader_finds_no_other_letters(chapter: list[str], tmp_path: Path) -> None:
    content = typeset([chapter], Look(head="THE SIGN OF FOUR"))
    manuscript = read_pdf(tmp_path, content)
    other = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    ours = "".join(source.text for source in manuscript.sources)

    def letters(text: str) -> list[str]:
        return sorted(c for c in text if c.isalnum())

    assert letters(ours) == letters(other)


def test_heads_and_numbers_are_skipped_with_their_reason(
    chapter: list[str], tmp_path: Path
) -> None:
    manuscript = read_pdf(tmp_path, typeset([chapter], Look(head="THE SIGN OF FOUR")))
    assert "SIGN OF FOUR" not in whole(manuscript)
    reasons = [skip.reason for skip in manuscript.skips]
    assert reasons.count("page header") == reasons.count("page number") >= 5
    assert manuscript.sources[1].name == "book.pdf!margins"


def lines(sheet: Sheet, *texts: str, y: float = TOP, x: float = LEFT, size: float = 10) -> None:
    for i, text in enumerate(texts):
        sheet.text(x, y - i * LEADING, text, size)


FILLER = (
    "It was a long and quiet evening in the old house,",
    "and the lamp had burned low before anybody spoke,",
    "which was the custom there since the winter came.",
)


def test_alternating_heads_and_roman_numbers(tmp_path: Path) -> None:
    sheets = []
    for n, roman in enumerate(("i", "ii", "iii", "iv", "v", "vi")):
        sheet = Sheet()
        sheet.text(LEFT, HEIGHT - 30, f"{roman}  ANNA GREY" if n % 2 else f"THE LAMP  {roman}", 8)
        lines(sheet, *FILLER * 4)
        sheets.append(sheet)
    manuscript = read_pdf(tmp_path, pdf(sheets))
    assert "ANNA" not in whole(manuscript)
    assert "THE LAMP" not in whole(manuscript)


def test_a_first_line_at_the_same_height_is_no_head(tmp_path: Path) -> None:
    sheets = []
    for word in ("red", "green", "blue", "white", "black"):
        sheet = Sheet()
        lines(sheet, f"The {word} lamp was lit, and Anna came in from the", *FILLER * 3)
        sheets.append(sheet)
    text = whole(read_pdf(tmp_path, pdf(sheets)))
    assert all(f"The {w} lamp" in text for w in ("red", "green", "blue", "white", "black"))


@pytest.mark.parametrize(
    ("first", "second", "known", "wanted"),
    [
        ("He was quite un-", "happy about the matter.", "", "quite unhappy about"),
        ("It was a well-", "known fact in the house.", "A well-known man.", "a well-known fact"),
        ("It was the mother-in-", "law who came in first.", "", "the mother-in-law who"),
        ("They were both Anglo-", "Saxon in their manners.", "", "both Anglo-Saxon in"),
        ("It was in the years 1914-", "18 that it happened.", "", "years 1914-18 that"),
        ("He said a word or two\u2014", "and left the room then.", "", "two—and left"),
    ],
)
def test_hyphens_at_line_ends(
    first: str, second: str, known: str, wanted: str, tmp_path: Path
) -> None:
    sheet = Sheet()
    lines(sheet, *FILLER, first.ljust(49)[:49].rstrip(), second, known)
    manuscript = read_pdf(tmp_path, pdf([sheet]))
    assert wanted in whole(manuscript)


def test_a_paragraph_goes_on_over_pages_and_their_notes(tmp_path: Path) -> None:
    one, two = Sheet(), Sheet()
    lines(one, *FILLER, "Then Anna took the lamp")
    one.text(LEFT + 23 * 6, TOP - 3 * LEADING + 4, "1", 6)
    lines(one, "1 A lamp of brass, as the inventory of the house", "says it was.", y=100, size=7)
    one.text(LEFT + 140, 30, "1", 8)
    lines(two, "and carried it out of the room without a word.", *FILLER)
    two.text(LEFT + 140, 30, "2", 8)
    manuscript = read_pdf(tmp_path, pdf([one, two]))
    assert "Then Anna took the lamp and carried it out" in whole(manuscript)
    assert "inventory" not in whole(manuscript)
    notes = [skip for skip in manuscript.skips if skip.reason == "note"]
    assert [skip.title for skip in notes] == ["notes"]
    read_aloud = read_pdf(tmp_path, pdf([one, two]), include=["notes"])
    assert "inventory of the house says it was." in whole(read_aloud)


def test_an_outline_gives_the_chapters(tmp_path: Path) -> None:
    sheets = []
    for title in ("The Lamp", "An Empty Chair", "Morning"):
        sheet = Sheet()
        sheet.text(LEFT, TOP, title)  # set like the text
        lines(sheet, *FILLER * 4, y=TOP - 40)
        sheets.append(sheet)
    outline = [("The Lamp", 0), ("An Empty Chair", 1), ("Morning", 2)]
    manuscript = read_pdf(tmp_path, pdf(sheets, outline=outline, info={"Title": "Three Rooms"}))
    assert [c.title for c in manuscript.chapters] == ["The Lamp", "An Empty Chair", "Morning"]
    assert manuscript.title == "Three Rooms"


def test_a_contents_page_is_skipped(tmp_path: Path) -> None:
    front = Sheet()
    front.text(LEFT + 80, TOP, "Contents", 14)
    lines(front, *(f"Chapter {n} {'. ' * 12}{p}" for n, p in (("I", 2), ("II", 3))), y=TOP - 60)
    chapters = [front]
    for title in ("Chapter I", "Chapter II"):
        sheet = Sheet()
        sheet.text(LEFT + 80, TOP, title, 14)
        lines(sheet, *FILLER * 5, y=TOP - 60)
        chapters.append(sheet)
    manuscript = read_pdf(tmp_path, pdf(chapters))
    assert [c.title for c in manuscript.chapters] == ["Chapter I", "Chapter II"]
    assert ". . ." not in whole(manuscript)


def test_a_drop_initial_joins_its_word(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.text(LEFT, TOP - LEADING, "I", 34)
    lines(
        sheet, "t was a long and quiet evening in the old", "house, and nobody spoke", x=LEFT + 22
    )
    lines(sheet, *FILLER * 4, y=TOP - 2 * LEADING)
    assert whole(read_pdf(tmp_path, pdf([sheet]))).startswith("It was a long and quiet evening")


def test_a_wide_gap_is_a_scene_break(tmp_path: Path) -> None:
    sheet = Sheet()
    lines(sheet, *FILLER * 3)
    lines(sheet, "* * *", x=LEFT + 130, y=TOP - 10 * LEADING)
    lines(sheet, "Next morning the house was full of people again.", *FILLER, y=TOP - 12 * LEADING)
    lines(sheet, "A year later nobody remembered what had been said", *FILLER, y=TOP - 20 * LEADING)
    manuscript = read_pdf(tmp_path, pdf([sheet]))
    broken = [
        p.printed.split()[0]
        for c in manuscript.chapters
        for p in c.paragraphs
        if p.scene_break_before
    ]
    assert broken == ["Next", "A"]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_reads_like_a_straight_one(turn: int, tmp_path: Path) -> None:
    """/Rotate turns what is shown: text drawn sideways stands upright again."""
    sheet = Sheet(turn=turn)
    for i, line in enumerate(FILLER * 2):
        size, x, y = 10, 50, 500 - i * LEADING
        place = {90: (HEIGHT - y, x), 180: (400 - x, HEIGHT - y), 270: (y, 400 - x)}[turn]
        cosine, sine = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[turn]
        matrix = f"{cosine} {sine} {-sine} {cosine} {place[0]} {place[1]}"
        sheet.marks.append(f"BT /F1 {size} Tf {matrix} Tm ({line}) Tj ET")
    manuscript = read_pdf(tmp_path, pdf([sheet]))
    assert whole(manuscript) == " ".join(FILLER * 2)


def test_text_that_runs_up_the_margin_is_no_text(tmp_path: Path) -> None:
    sheet = Sheet()
    lines(sheet, *FILLER * 3)
    sheet.text(20, 200, "Draft of March", angle=True)
    manuscript = read_pdf(tmp_path, pdf([sheet]))
    assert "Draft" not in whole(manuscript)
    assert "off the lines" in {skip.reason for skip in manuscript.skips}


def test_text_far_off_the_page_is_no_text(tmp_path: Path) -> None:
    sheet = Sheet()
    lines(sheet, *FILLER * 3)
    sheet.text(9e8, 200, "Lost")
    sheet.text(50, -9e8, "Lost", 1e9)
    assert whole(read_pdf(tmp_path, pdf([sheet]))) == " ".join(FILLER * 3)


def test_what_a_program_wrote_is_no_title(tmp_path: Path) -> None:
    sheet = Sheet()
    lines(sheet, *FILLER)
    info = {"Title": "Microsoft Word - lamp_final2.doc", "Author": "Anna Grey"}
    manuscript = read_pdf(tmp_path, pdf([sheet], info=info))
    assert manuscript.title is None
    assert manuscript.author == "Anna Grey"


def test_a_scan_is_refused_with_advice(tmp_path: Path) -> None:
    numbered = [Sheet() for _ in range(6)]
    for n, sheet in enumerate(numbered):
        sheet.text(200, 30, str(n + 1))
    for sheets in ([Sheet(), Sheet()], numbered):
        with pytest.raises(ManuscriptError, match=r"scan.*OCR"):
            read_pdf(tmp_path, pdf(sheets))


def test_a_password_is_named(tmp_path: Path) -> None:
    sheet = Sheet()
    lines(sheet, *FILLER)
    writer = pypdf.PdfWriter(io.BytesIO(pdf([sheet])))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(ManuscriptError, match="password"):
        read_pdf(tmp_path, out.getvalue())


def test_lines_from_top_to_bottom_are_refused(tmp_path: Path) -> None:
    sheet = Sheet()
    for column in range(6):
        for row, letter in enumerate("Thequickbrownfoxjumpsoverit"):
            sheet.text(300 - column * 20, TOP - row * 12, letter, 10)
    with pytest.raises(ManuscriptError, match="top to bottom"):
        read_pdf(tmp_path, pdf([sheet]))


def test_damage_anywhere_gives_a_book_or_one_line(chapter: list[str], tmp_path: Path) -> None:
    content = typeset([chapter[:6]])
    places = [m.start() for m in re.finditer(rb"obj|stream|xref|/Kids|/Count|trailer", content)]
    for place in places[::3]:
        for damaged in (content[:place], content[:place] + b"99 0 R" + content[place + 6 :]):
            try:
                read_pdf(tmp_path, damaged)
            except ManuscriptError as error:
                assert "\n" not in str(error)
