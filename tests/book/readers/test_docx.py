"""Word documents: what Word prints in the running text, and nothing that it does not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import docx as python_docx
import pytest
from bookmaking import FIXTURES, project, read, rebuilt, script_of
from docxmaking import docx, novel, para, run
from hypothesis import given, settings
from hypothesis import strategies as st

from book.manuscript import Manuscript, Sound
from book.readers import read_manuscript
from castbook.errors import ManuscriptError

RAISED = '<w:vertAlign w:val="superscript"/>'
TEXT = "The lamp was lit and the house was still."


def read_docx(folder: Path, content: bytes, **options: Any) -> Manuscript:
    path = folder / "book.docx"
    path.write_bytes(content)
    return read_manuscript((path,), **options)


def printed(manuscript: Manuscript) -> list[str]:
    return [p.printed for c in manuscript.chapters for p in c.paragraphs]


def skipped(manuscript: Manuscript) -> list[tuple[str, str]]:
    """(reason, text) of each skip."""
    return [
        (s.reason, manuscript.sources[s.slice.document].text[s.slice.start : s.slice.end].strip())
        for s in manuscript.skips
    ]


def of_paragraph(folder: Path, inner: str, **options: Any) -> str:
    """The printed text of one paragraph."""
    texts = printed(read_docx(folder, docx(para(TEXT) + para(inner=inner)), **options))
    assert texts[0] == TEXT
    return "\n".join(texts[1:])


def test_a_real_book_comes_back_word_for_word(tmp_path: Path) -> None:
    text = (FIXTURES / "sign-of-the-four-1.txt").read_text(encoding="utf-8")
    book = read(tmp_path, text).chapters[0]
    body = [" ".join(p.printed.split()) for p in book.paragraphs if p.kind == "body"]
    manuscript = read_docx(tmp_path, novel([["Chapter I", *body], ["Chapter II", *body[:3]]]))
    assert [c.title for c in manuscript.chapters] == ["Chapter I", "Chapter II"]
    assert printed(manuscript) == ["Chapter I", *body, "Chapter II", *body[:3]]
    script = script_of(manuscript, project())
    assert rebuilt(manuscript, script) == [source.text for source in manuscript.sources]
    assert script.coverage.share == 1.0


def test_an_independent_reader_finds_the_same_text(tmp_path: Path) -> None:
    """python-docx writes it, and reads no more from it than castbook."""
    made = python_docx.Document()
    made.core_properties.title, made.core_properties.author = "The Lamp", "Anna Grey"
    made.add_heading("Chapter One", 1)
    made.add_paragraph("First paragraph, with ").add_run("bold").bold = True
    made.add_paragraph("Second\tparagraph\nof two lines.")
    table = made.add_table(2, 2)
    for n, cell in enumerate(c for row in table.rows for c in row.cells):
        cell.text = f"cell {n}"
    made.add_heading("Chapter Two", 1)
    made.add_paragraph("第三段：“你好。”")
    out = io.BytesIO()
    made.save(out)
    manuscript = read_docx(tmp_path, out.getvalue())
    other = python_docx.Document(io.BytesIO(out.getvalue()))
    ours = manuscript.sources[0].text.split("\n")
    for paragraph in other.paragraphs:
        for line in paragraph.text.split("\n"):
            assert line in ours
    assert (manuscript.title, manuscript.author) == ("The Lamp", "Anna Grey")
    assert [c.title for c in manuscript.chapters] == ["Chapter One", "Chapter Two"]
    assert ("table", "cell 3") in skipped(manuscript)


@pytest.mark.parametrize("style", ["Heading1", "ber1", "Kapitel", "Outlined"])
def test_headings_by_style_name_basis_and_outline(style: str, tmp_path: Path) -> None:
    body = "".join(para(t, style) + para(TEXT) for t in ("The Lamp", "The Chair", "Morning"))
    for strict in (False, True):
        manuscript = read_docx(tmp_path, docx(body, strict=strict))
        assert [c.title for c in manuscript.chapters] == ["The Lamp", "The Chair", "Morning"]


def test_parts_above_chapters(tmp_path: Path) -> None:
    body = para("Part One", "Heading1")
    body += "".join(para(f"Chapter {n}", "Heading2") + para(TEXT) for n in (1, 2))
    body += para("Part Two", "Heading1") + para("Chapter 3", "Heading2") + para(TEXT)
    titles = [c.title for c in read_docx(tmp_path, docx(body)).chapters]
    assert titles == ["Part One, Chapter 1", "Part One, Chapter 2", "Part Two, Chapter 3"]


def test_title_page_styles_are_facts(tmp_path: Path) -> None:
    body = para("The Lamp", "Title") + para("A Tale", "Subtitle") + para("by Anna Grey", "Author")
    body += "".join(para(f"Chapter {n}", "Heading1") + para(TEXT) for n in (1, 2))
    manuscript = read_docx(tmp_path, docx(body))
    assert (manuscript.title, manuscript.author) == ("The Lamp", "Anna Grey")
    assert {reason for reason, _ in skipped(manuscript)} == {"title page"}
    assert "The Lamp" not in printed(manuscript)


def test_labels_that_word_counts(tmp_path: Path) -> None:
    body = "".join(para(t, "Counted") + para(TEXT) for t in ("The Lamp", "The Chair"))
    titles = [c.title for c in read_docx(tmp_path, docx(body)).chapters]
    assert titles == ["Chapter I: The Lamp", "Chapter II: The Chair"]


def test_without_styles_words_and_looks_make_headings(tmp_path: Path) -> None:
    plain = "".join(para(f"Chapter {n}") + para(TEXT) for n in (1, 2))
    assert len(read_docx(tmp_path, docx(plain)).chapters) == 2
    looks = "".join(
        para(properties='<w:jc w:val="center"/>', inner=run(title, "<w:b/>")) + para(TEXT) * 3
        for title in ("The Lamp", "The Chair")
    )
    titles = [c.title for c in read_docx(tmp_path, docx(looks)).chapters]
    assert titles == ["The Lamp", "The Chair"]


@pytest.mark.parametrize(
    ("inner", "wanted"),
    [
        (f"{run('He went')}<w:del><w:r><w:delText> far</w:delText></w:r></w:del>"
         f"<w:ins>{run(' out.')}</w:ins>", "He went out."),
        (f"<w:moveFrom>{run('Gone. ')}</w:moveFrom><w:moveTo>{run('Here.')}</w:moveTo>", "Here."),
        (f"{run('The ')}{run('secret ', '<w:vanish/>')}{run('door.')}", "The door."),
        (run("The ") + run("x ", '<w:rStyle w:val="Ghost"/>') + run("door."), "The door."),
        ('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DATE </w:instrText></w:r>'
         '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
         f'{run("In May.")}<w:r><w:fldChar w:fldCharType="end"/></w:r>', "In May."),
        ('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> XE "lamp" </w:instrText>'
         f'</w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>{run("Lamp.")}', "Lamp."),
        (f'<w:fldSimple w:instr=" PAGE ">{run("12")}</w:fldSimple>{run("Here.")}', "Here."),
        (f'<w:hyperlink w:anchor="a">{run("A link")}</w:hyperlink>{run(" here.")}', "A link here."),
        (f"<w:smartTag>{run('London')}</w:smartTag><w:sdt><w:sdtPr/><w:sdtContent>{run(' town.')}"
         "</w:sdtContent></w:sdt>", "London town."),
        ("<w:r><w:t>co</w:t><w:noBreakHyphen/><w:t>op and al</w:t><w:softHyphen/><w:t>so.</w:t>"
         "</w:r>", "co-op and also."),
        ("<w:r><w:t>One</w:t><w:tab/><w:t>two</w:t><w:br/><w:t>three.</w:t></w:r>",
         "One two three."),
        ('<w:r><w:t>Page</w:t><w:br w:type="page"/><w:t> one.</w:t></w:r>', "Page one."),
        (run("A word.") + run("3", RAISED), "A word."),
        (run("10") + run("2", RAISED) + run(" men."), "102 men."),
        (run("A word.") + '<w:r><w:footnoteReference w:id="1"/></w:r>'
         '<w:r><w:commentReference w:id="1"/></w:r>', "A word."),
        ('<w:r><w:sym w:font="Symbol" w:char="F061"/><w:t> is alpha.</w:t></w:r>', "α is alpha."),
        ("<w:r><w:t>e.g.</w:t><w:t xml:space=\"preserve\"> and &lt;so&gt;</w:t></w:r>",
         "e.g. and <so>"),
    ],
)  # fmt: skip
def test_what_a_paragraph_says(inner: str, wanted: str, tmp_path: Path) -> None:
    assert of_paragraph(tmp_path, inner) == wanted


def test_a_text_box_is_read_once_and_skipped(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{para('A pull quote.')}</w:txbxContent>"
    drawing = (
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    content = docx(para(TEXT) + para(inner=run("It rained.") + drawing))
    manuscript = read_docx(tmp_path, content)
    assert skipped(manuscript) == [("text box", "A pull quote.")]
    again = read_docx(tmp_path, content, include=["text boxes"])
    assert printed(again) == [TEXT, "It rained.", "A pull quote."]


def test_tables_are_skipped_but_frames_are_read(tmp_path: Path) -> None:
    def table(*rows: list[str]) -> str:
        cells = ["".join(f"<w:tc>{para(c)}</w:tc>" for c in row) for row in rows]
        return "<w:tbl>" + "".join(f"<w:tr>{c}</w:tr>" for c in cells) + "</w:tbl>"

    body = para(TEXT) * 3 + table(["a", "b"], ["c", "d"]) + table(["A letter in a frame."])
    manuscript = read_docx(tmp_path, docx(body))
    assert "A letter in a frame." in printed(manuscript)
    assert [reason for reason, _ in skipped(manuscript)] == ["table"] * 4
    assert "d" in printed(read_docx(tmp_path, docx(body), include=["tables"]))
    only = docx(table([TEXT, TEXT], [TEXT, TEXT]))
    assert printed(read_docx(tmp_path, only)) == [TEXT] * 4


def test_a_table_of_contents_over_paragraphs_is_skipped(tmp_path: Path) -> None:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    code = '<w:r><w:instrText> TOC \\o "1-3" </w:instrText></w:r>'
    body = para("Contents", "TOC1")
    body += para(inner=mark("begin") + code + mark("separate") + run("Chapter 1\t3"))
    body += para("Chapter 2\t9") + para(inner=run("Notes\t12") + mark("end"))
    body += "".join(para(f"Chapter {n}", "Heading1") + para(TEXT) for n in (1, 2))
    manuscript = read_docx(tmp_path, docx(body))
    assert [c.title for c in manuscript.chapters] == ["Chapter 1", "Chapter 2"]
    assert [reason for reason, _ in skipped(manuscript)] == ["contents"] * 4


def test_notes_are_sources_of_their_own(tmp_path: Path) -> None:
    content = docx(para(TEXT), footnotes=["Of brass."], endnotes=["So it was."])
    manuscript = read_docx(tmp_path, content)
    assert [s.name for s in manuscript.sources] == [
        "book.docx", "book.docx!footnotes", "book.docx!endnotes",
    ]  # fmt: skip
    assert skipped(manuscript) == [("note", "Of brass."), ("note", "So it was.")]
    assert printed(read_docx(tmp_path, content, include=["notes"])) == [
        TEXT, "Of brass.", "So it was.",
    ]  # fmt: skip


def test_scene_breaks(tmp_path: Path) -> None:
    line = '<w:pBdr><w:bottom w:val="single"/></w:pBdr>'
    body = para("one.") + para("two.") * 9 + para() + para("three.") + para("* * *")
    body += para("four.") + para(properties=line, inner="") + para("five.") + para("six.")
    chapters = read_docx(tmp_path, docx(body)).chapters
    broken = [p.printed for p in chapters[0].paragraphs if p.scene_break_before]
    assert broken == ["three.", "four.", "five."]
    spaced = (para("one.") + para()) * 5 + para() + para("two.") + para() + para("three.")
    chapters = read_docx(tmp_path, docx(spaced)).chapters
    assert [p.printed for p in chapters[0].paragraphs if p.scene_break_before] == ["two."]


def test_ruby_is_a_pronunciation(tmp_path: Path) -> None:
    ruby = (
        "<w:r><w:ruby><w:rt><w:r><w:t>ねこ</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>猫</w:t></w:r>"
        f"</w:rubyBase></w:ruby></w:r>{run('である。')}"
    )
    manuscript = read_docx(tmp_path, docx(para(inner=ruby)), language="ja")
    assert printed(manuscript) == ["猫である。"]
    assert manuscript.facts.sounds == (Sound("猫", "ねこ", "ruby"),)


def test_a_framed_initial_joins_its_word(tmp_path: Path) -> None:
    frame = '<w:framePr w:dropCap="drop" w:lines="3"/>'
    body = para(TEXT) + para("O", properties=frame) + para("nce upon a time.")
    assert printed(read_docx(tmp_path, docx(body))) == [TEXT, "Once upon a time."]


def test_the_language_of_a_chinese_document_is_the_eastern_one(tmp_path: Path) -> None:
    defaults = (
        '<w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr>'
        "</w:rPrDefault></w:docDefaults>"
    )
    for text, language in ((TEXT, "en-US"), ("他身材很高大；青白脸色。", "zh-CN")):
        manuscript = read_docx(tmp_path, docx(para(text), styles=defaults))
        assert manuscript.facts.language == language


def test_hidden_text_over_a_line_break_is_not_read(tmp_path: Path) -> None:
    inner = (
        "<w:r><w:t>He went.</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>No one saw.</w:t><w:br/>"
        "<w:t>Nobody.</w:t></w:r><w:r><w:t>It rained.</w:t></w:r>"
    )
    assert of_paragraph(tmp_path, inner) == "He went.\nIt rained."


def test_a_typed_list_of_chapters_is_skipped(tmp_path: Path) -> None:
    body = para("Contents") + para("Chapter 1") + para("Chapter 2")
    body += "".join(para(f"Chapter {n}", "Heading1") + para(TEXT) for n in (1, 2))
    manuscript = read_docx(tmp_path, docx(body))
    assert printed(manuscript) == ["Chapter 1", TEXT, "Chapter 2", TEXT]
    assert {reason for reason, _ in skipped(manuscript)} == {"contents"}


def test_verse_keeps_its_lines(tmp_path: Path) -> None:
    lines = "<w:br/>".join(f"<w:t>{t}</w:t>" for t in ("The lamp is lit", "the night", "is long"))
    body = para(TEXT) + para(inner=f"<w:r>{lines}</w:r>")
    paragraph = read_docx(tmp_path, docx(body)).chapters[0].paragraphs[1]
    assert (paragraph.kind, paragraph.printed) == ("verse", "The lamp is lit\nthe night\nis long")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old Word document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"{\\rtf1 Hello}", "Rich Text"),
        (b"", "empty"),
        (b"not a zip", "no zip archive"),
        (docx("<w:p>"), "damaged"),
        (docx(para(" ")), "no text"),
        (docx(para(TEXT)).replace(b"word/document.xml", b"word/dokument.xml"), "no Word document"),
    ],
)
def test_refusals(content: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(ManuscriptError, match=says) as caught:
        read_docx(tmp_path, content)
    assert "\n" not in str(caught.value)


def test_an_opendocument_text_is_named(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    with pytest.raises(ManuscriptError, match="OpenDocument"):
        read_docx(tmp_path, out.getvalue())


def test_entities_are_not_resolved(tmp_path: Path) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(docx(para(TEXT)))) as old,
        zipfile.ZipFile(out, "w") as new,
    ):
        for name in old.namelist():
            text = old.read(name).decode()
            if name == "word/document.xml":
                text = text.replace(
                    "<w:document",
                    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><w:document',
                    1,
                ).replace(TEXT, f"{TEXT}&e;")
            new.writestr(name, text)
    assert printed(read_docx(tmp_path, out.getvalue())) == [TEXT]


PIECES = st.sampled_from([
    run("A word. "), run("x", "<w:vanish/>"), "<w:del>", "</w:del>", "<w:r><w:br/></w:r>",
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r>', '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r>', "<w:r><w:instrText>TOC</w:instrText></w:r>",
    run("“Come,” said Anna."), run("7", '<w:vertAlign w:val="superscript"/>'), run("* * *"), "",
])  # fmt: skip
STYLE_IDS = st.sampled_from(
    ["", "Heading1", "Heading2", "Title", "Counted", "TOC1", "Loop", "none"]
)


@settings(max_examples=60, deadline=None)
@given(paragraphs=st.lists(st.tuples(STYLE_IDS, st.lists(PIECES, max_size=4)), max_size=8))
def test_every_character_is_accounted_for(
    paragraphs: list[tuple[str, list[str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    body = para(TEXT) + "".join(para(style=s, inner="".join(p)) for s, p in paragraphs) + para(TEXT)
    folder = tmp_path_factory.getbasetemp()
    try:
        manuscript = read_docx(folder, docx(body))
    except ManuscriptError as error:
        assert "\n" not in str(error)
        return
    script = script_of(manuscript, project())
    assert rebuilt(manuscript, script) == [source.text for source in manuscript.sources]
    assert script.coverage.unexplained == ()
