from __future__ import annotations

from pathlib import Path

import pytest
from epubmaking import SENTENCE, assert_whole, contents, epub, page, read_book, skipped, texts

from book.manuscript import Sound

NOTE = f'<aside epub:type="footnote" id="n1"><p>1. A note about it. {SENTENCE}</p></aside>'


def body_of(folder: Path, body: str, **options: str) -> list[str]:
    """The paragraphs of a book with this body, all of it accounted for."""
    manuscript = read_book(folder, epub({"c.xhtml": page(f"{body}<p>{SENTENCE}</p>")}), **options)
    assert_whole(manuscript)
    return [text for text in texts(manuscript) if text != SENTENCE]


@pytest.mark.parametrize(
    ("markup", "printed"),
    [
        ('word<a epub:type="noteref" href="#n1">1</a> goes on.', "word goes on."),
        ('word.<a role="doc-noteref" href="#n1">*</a>', "word."),
        ('word <sup><a href="#n1">12</a></sup>, goes on.', "word, goes on."),
        ('word<a href="#n1"><sup>a</sup></a> goes on.', "word goes on."),
        ('word [<a href="#n1" epub:type="noteref">3</a>] goes on.', "word goes on."),
        ('word<a href="#n1" id="r">[3]</a> goes on.', "word goes on."),
        ('the year <a href="#n1">many</a> saw', "the year many saw"),
        ('see <a href="#c4">Chapter 4</a> there', "see Chapter 4 there"),
        ('go <span epub:type="pagebreak" title="9">9</span> on', "go on"),
        ('go <span class="pagenum">[Pg 9]</span>on', "go on"),
        ('a line<span class="lnum">20</span>', "a line"),
        ("soft\u00adhyphen and\u2060joined", "softhyphen andjoined"),
        ("one<br/>two", "one two"),
        ('<span hidden="hidden">no</span>yes', "yes"),
        ('<span style="display:none">no</span>yes', "yes"),
        ('<span aria-hidden="true">T</span><span>The end</span> came', "The end came"),
        ("<script>no()</script>yes<style>p{}</style>", "yes"),
        ('<img src="a.png" alt="a lamp"/>yes', "yes"),
        ('<img class="dropcap" src="t.png" alt="T"/>he end', "The end"),
        ("She said, <q>Come.</q>", "She said, “Come.”"),
        ("She said, <q>“Come.”</q>", "She said, “Come.”"),
        ("a &lt;b&gt; &amp; c &nbsp;&mdash; d&#146;s", "a <b> & c — d’s"),
        ("snake_case and _under_", "snake_case and under"),
        ("<i>a</i> _plain_ one", "a _plain_ one"),
    ],
)
def test_what_is_printed(tmp_path: Path, markup: str, printed: str) -> None:
    found = body_of(tmp_path, f"<p>{markup}</p>{NOTE}")
    assert [" ".join(text.split()) for text in found] == [printed]


def test_notes_are_skipped_wherever_they_stand(tmp_path: Path) -> None:
    text = f'<p>A word<a href="n.xhtml#f1">[1]</a> and<a href="#f2">[2]</a> more. {SENTENCE}</p>'
    here = '<p id="f2"><a href="#r2">[2]</a> The second note.</p><p>A last line.</p>'
    there = '<ol><li id="f1"><a href="c.xhtml#r1">1</a> The first note.<p>Going on.</p></li></ol>'
    pages = {"c.xhtml": page(text + here), "n.xhtml": page(there)}
    manuscript = read_book(tmp_path, epub(pages, entries=[("One", "c.xhtml"), ("Two", "c.xhtml")]))
    assert texts(manuscript)[-2:] == [f"A word and more. {SENTENCE}", "A last line."]
    notes = skipped(manuscript)["notes"]
    assert "The second note." in notes and "The first note." in notes and "Going on." in notes
    assert_whole(manuscript)


def test_ruby_prints_the_base_and_keeps_the_reading() -> None:
    ruby = (
        "<ruby>蝉<rp>(</rp><rt>せみ</rt><rp>)</rp></ruby>の声と"
        "<ruby>東<rt>とう</rt>京<rt>きょう</rt></ruby>。"
    )
    made = contents(epub({"c.xhtml": page(f"<p>{ruby}</p>")}), "ja")
    assert made.sources[0].text == "蝉(せみ)の声と東とう京きょう。"
    assert made.extract.blocks[0].paragraph.printed == "蝉の声と東京。"
    assert made.extract.facts.sounds == (
        Sound("蝉", "せみ", "ruby"),
        Sound("東京", "とうきょう", "ruby"),
    )


def test_phonemes_and_lexicons_become_sounds() -> None:
    lexicon = (
        '<lexicon version="1.0" alphabet="ipa" xml:lang="fr" '
        'xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"><lexeme><grapheme>Lyon</grapheme>'
        "<grapheme>lyon</grapheme><phoneme>ljɔ̃</phoneme></lexeme></lexicon>"
    )
    text = '<p>In <span ssml:alphabet="x-sampa" ssml:ph="beIs">bass</span>.</p>'
    made = contents(
        epub(
            {"c.xhtml": page(text)},
            metadata="<dc:language>en-GB</dc:language>",
            members={"OPS/l.pls": lexicon},
            extra='<item id="l" href="l.pls" media-type="application/pls+xml"/>',
        )
    )
    assert made.extract.facts.sounds == (
        Sound("Lyon", "ljɔ̃", "ipa", "fr"),
        Sound("lyon", "ljɔ̃", "ipa", "fr"),
        Sound("bass", "beIs", "x-sampa"),
    )


def test_scene_breaks(tmp_path: Path) -> None:
    breaks = (
        "<hr/>", "<p>* * *</p>", "<p>⁂</p>", '<div class="scene-break"></div>',
        '<p><img src="o.png" class="ornament" alt=""/></p>', '<p><img src="o.png" alt="***"/></p>',
    )  # fmt: skip
    for mark in breaks:
        manuscript = read_book(
            tmp_path, epub({"c.xhtml": page(f"<p>{SENTENCE}</p>{mark}<p>On.</p>")})
        )
        found = [p.scene_break_before for p in manuscript.chapters[0].paragraphs]
        assert found == [False, True], mark
        assert_whole(manuscript)


def test_rare_empty_paragraphs_are_breaks_and_usual_ones_are_not(tmp_path: Path) -> None:
    many = [f"<p>{SENTENCE} {i}</p>" for i in range(12)]
    rare = [*many[:6], "<p>\u00a0</p>", *many[6:]]
    usual = [part for p in many for part in (p, "<p><br/></p>")]
    for parts, breaks in ((rare, 1), (usual, 0)):
        manuscript = read_book(tmp_path, epub({"c.xhtml": page("".join(parts))}))
        paragraphs = manuscript.chapters[0].paragraphs
        assert sum(p.scene_break_before for p in paragraphs) == breaks


@pytest.mark.parametrize(
    "poem",
    [
        '<div class="linegroup"><div>April is cruel</div>'
        '<div>and May<span class="lnum">2</span></div></div>',
        '<div class="stanza"><p>April is cruel</p><p>and May</p></div>',
        '<blockquote epub:type="z3998:poem"><p><span>April is cruel</span><br/>'
        "<span>and May</span></p></blockquote>",
        "<pre>April is cruel\nand May</pre>",
    ],
)
def test_verse_keeps_its_lines(tmp_path: Path, poem: str) -> None:
    manuscript = read_book(tmp_path, epub({"c.xhtml": page(f"<p>{SENTENCE}</p>{poem}")}))
    last = manuscript.chapters[0].paragraphs[-1]
    assert (last.kind, last.printed) == ("verse", "April is cruel\nand May")
    assert_whole(manuscript)


def test_tables_and_captions_are_skipped_and_can_be_included(tmp_path: Path) -> None:
    table = (
        "<table><caption>Sheep</caption><tr><th>Year</th><th>Head</th></tr>"
        "<tr><td>1890</td><td>12</td></tr></table>"
    )
    figure = '<figure><img src="a.png" alt="x"/><figcaption>A lamp, by day.</figcaption></figure>'
    layout = f"<table><tr><td><p>{SENTENCE} In a frame.</p></td></tr></table>"
    text = "<figure><p>A letter in a figure.</p></figure>"
    made = epub({"c.xhtml": page(f"<p>{SENTENCE}</p>{table}{figure}{layout}{text}")})
    manuscript = read_book(tmp_path, made)
    assert texts(manuscript)[1:] == [f"{SENTENCE} In a frame.", "A letter in a figure."]
    assert {(s.reason, s.title) for s in manuscript.skips} == {
        ("table", "tables"),
        ("picture", "captions"),
    }
    included = read_book(tmp_path, made, include=["tables", "captions"])
    assert "Year Head" in texts(included) and "A lamp, by day." in texts(included)
    assert_whole(included)


def test_formulas_are_left_out_with_a_warning(tmp_path: Path) -> None:
    formula = '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math>'
    manuscript = read_book(
        tmp_path, epub({"c.xhtml": page(f"<p>Let {formula} be. {SENTENCE}</p>")})
    )
    assert texts(manuscript) == [f"Let be. {SENTENCE}"]
    assert any("formulas" in warning for warning in manuscript.warnings)


def test_a_page_of_fixed_layout_is_read_from_its_drawing(tmp_path: Path) -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg"><style>x</style><text>'
        '<tspan y="0">He had often </tspan><tspan y="0">dreamt</tspan>'
        '<tspan y="15">of it.</tspan></text></svg>'
    )
    assert texts(read_book(tmp_path, epub({"c.xhtml": page(svg)}))) == [
        "He had often dreamt of it."
    ]
    both = read_book(tmp_path, epub({"c.xhtml": page(f"<p>{SENTENCE}</p>{svg}")}))
    assert texts(both) == [SENTENCE]
    assert "captions" in skipped(both)


def test_paragraphs_parted_by_line_ends_only(tmp_path: Path) -> None:
    han = "<p>　　他走了。<br/>　　她来了。</p>"
    assert body_of(tmp_path, han, language="zh") == ["他走了。", "她来了。"]
    assert body_of(tmp_path, "<div>One went.<br/><br/>Two came.</div>") == [
        "One went.",
        "Two came.",
    ]
