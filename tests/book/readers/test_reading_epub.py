from __future__ import annotations

from pathlib import Path

import pytest
from bookmaking import FIXTURES
from epubmaking import (
    SENTENCE,
    assert_whole,
    chapter,
    contents,
    epub,
    page,
    read_book,
    skipped,
    texts,
    titles,
)

from book.readers import read_manuscript

LOVE = (
    "A Letter with a Postscript", "Mr. and Mrs. S. F. Ukridge",
    "Waterloo Station, Some Fellow-Travellers, and a Girl with Brown Hair", "The Arrival",
    "Buckling To", "Mr. Garnet’s Narrative—Has to Do with a Reunion",
    "The Entente Cordiale Is Sealed", "A Little Dinner at Ukridge’s", "Dies Irae",
    "I Enlist the Services of a Minion", "The Brave Preserver", "Some Emotions and Yellow Lupin",
    "Tea and Tennis", "A Council of War", "The Arrival of Nemesis", "A Chance Meeting",
    "Of a Sentimental Nature", "Ukridge Gives Me Advice", "Asking Papa", "Scientific Golf",
    "The Calm Before the Storm", "The Storm Breaks", "After the Storm",
)  # fmt: skip
ROMAN = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI XXII XXIII"


def test_a_whole_novel_gives_its_chapters_and_nothing_else() -> None:
    manuscript = read_manuscript((FIXTURES / "love-among-the-chickens.epub",))
    assert titles(manuscript) == [f"{n}: {t}" for n, t in zip(ROMAN.split(), LOVE, strict=True)]
    assert {s.title for s in manuscript.skips} == {"title page", "copyright", "dedication"}
    documents = {
        manuscript.sources[s.slice.document].name.rpartition("/")[2] for s in manuscript.skips
    }
    assert documents == {
        f"{name}.xhtml"
        for name in (
            "titlepage",
            "imprint",
            "dedication",
            "halftitlepage",
            "colophon",
            "uncopyright",
        )
    }
    assert manuscript.facts.title == "Love Among the Chickens"
    assert manuscript.facts.author == "P. G. Wodehouse"
    assert manuscript.facts.language == "en-GB"
    assert manuscript.warnings == ()
    assert_whole(manuscript)


def test_a_skipped_part_can_be_included(tmp_path: Path) -> None:
    content = (FIXTURES / "love-among-the-chickens.epub").read_bytes()
    manuscript = read_book(tmp_path, content, include=["dedication"])
    assert "Dear Bill" in " ".join(texts(manuscript))
    assert_whole(manuscript)


def test_one_source_a_document_with_blocks_parted_by_lines(tmp_path: Path) -> None:
    body = "<h2>I</h2><p>One <em>fine</em>\n day.</p><div>Two<br/>lines<p>inside</p></div>"
    made = contents(epub({"a.xhtml": page(body), "b.xhtml": page("<p>More.</p>")}))
    assert [s.name for s in made.sources] == ["book.epub!OPS/a.xhtml", "book.epub!OPS/b.xhtml"]
    assert made.sources[0].text == "I\n\nOne fine day.\n\nTwo\nlines\n\ninside"
    assert [b.paragraph.printed for b in made.extract.blocks][:4] == [
        "I", "One fine day.", "Two lines", "inside",
    ]  # fmt: skip


@pytest.mark.parametrize("old", [False, True])
def test_chapters_come_from_the_navigation(tmp_path: Path, old: bool) -> None:
    pages = {f"c{i}.xhtml": chapter(f"The {i}. storm") for i in (1, 2, 3)}
    entries = [(f"Storm {i}", f"c{i}.xhtml") for i in (1, 2, 3)]
    manuscript = read_book(tmp_path, epub(pages, entries=entries, old=old))
    assert titles(manuscript) == ["Storm 1", "Storm 2", "Storm 3"]
    assert_whole(manuscript)


def test_fragments_part_one_document_and_files_join_one_chapter(tmp_path: Path) -> None:
    text = f"<p>{SENTENCE}</p>" * 4
    one = page(f'<h2 id="a">First</h2>{text}<h2 id="b">Second</h2>{text}')
    pages = {"1.xhtml": one, "2.xhtml": page(f"<p>Still the second. {SENTENCE}</p>")}
    entries = [("First", "1.xhtml#a"), ("Second", "1.xhtml#b")]
    manuscript = read_book(tmp_path, epub(pages, entries=entries))
    assert titles(manuscript) == ["First", "Second"]
    assert manuscript.chapters[1].paragraphs[-1].printed.startswith("Still the second.")
    assert [p.kind for p in manuscript.chapters[1].paragraphs][:2] == ["heading", "body"]
    assert_whole(manuscript)


def test_without_navigation_headings_tell(tmp_path: Path) -> None:
    pages = {
        "t.xhtml": page("<h1>The Lamp</h1>"),
        "1.xhtml": page(f"<h2>Chapter I</h2><h3>The Road</h3><p>{SENTENCE}</p>" * 1),
        "2.xhtml": page(f"<h2>Chapter II</h2><p>{SENTENCE}</p><h3>A part of it</h3><p>And on.</p>"),
    }
    manuscript = read_book(tmp_path, epub(pages))
    assert titles(manuscript) == ["Chapter I: The Road", "Chapter II"]
    assert skipped(manuscript) == {"title page": "The Lamp"}
    assert_whole(manuscript)


def test_without_headings_each_document_begins_with_its_first_line(tmp_path: Path) -> None:
    pages = {f"{i}.xhtml": page(f"<p>Story of {i}</p><p>{SENTENCE}</p>") for i in (1, 2)}
    manuscript = read_book(tmp_path, epub(pages, entries=[("Start", "1.xhtml")]))
    assert titles(manuscript) == ["Story of 1", "Story of 2"]


def test_types_say_what_is_not_read(tmp_path: Path) -> None:
    kinds = {
        "titlepage": "title page", "copyright-page": "copyright", "toc": "contents",
        "dedication": "dedication", "acknowledgments": "acknowledgements", "index": "index",
        "endnotes": "notes", "bibliography": "bibliography", "loi": "illustrations",
    }  # fmt: skip
    pages = {
        f"{kind}.xhtml": page(f'<section epub:type="{kind}"><p>About {kind}.</p></section>')
        for kind in kinds
    }
    pages["doc.xhtml"] = page('<section role="doc-colophon"><p>Set in type.</p></section>')
    for kind in ("preface", "prologue", "epilogue", "foreword"):
        text = f'<section epub:type="{kind}"><h2>{kind.title()}</h2><p>{SENTENCE}</p></section>'
        pages[f"{kind}.xhtml"] = page(text)
    pages["c.xhtml"] = chapter("Chapter I")
    names = [*pages]
    entries = [(name, name) for name in names]
    manuscript = read_book(tmp_path, epub(pages, entries=entries))
    found = skipped(manuscript)
    for kind, part in kinds.items():
        assert f"About {kind}." in found[part], kind
    assert "Set in type." in found["copyright"]
    assert len(manuscript.chapters) == 5
    assert_whole(manuscript)


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("Copyright", "copyright"), ("Uncopyright", "copyright"), ("COLOPHON", "copyright"),
        ("版权信息", "copyright"), ("目录", "contents"), ("Inhaltsverzeichnis", "contents"),
        ("Table des matières", "contents"), ("Índice", "contents"), ("奥付", "copyright"),
        ("Also by A. Writer", "advertisements"), ("About the Author", "about the author"),
        ("作者简介", "about the author"), ("Danksagung", "acknowledgements"),
        ("Newsletter sign-up", "advertisements"), ("Title Page", "title page"),
    ],
)  # fmt: skip
def test_titles_say_what_is_not_read(tmp_path: Path, title: str, part: str) -> None:
    pages = {"x.xhtml": page(f"<p>Some words there. {SENTENCE}</p>"), "c.xhtml": chapter("One")}
    pages["d.xhtml"] = chapter("Two")
    entries = [(title, "x.xhtml"), ("One", "c.xhtml"), ("Two", "d.xhtml")]
    for made in (epub(pages, entries=entries), epub(pages, entries=entries, old=True)):
        manuscript = read_book(tmp_path, made)
        assert titles(manuscript) == ["One", "Two"]
        assert part in skipped(manuscript)


def test_unlisted_pages_tell_by_their_words_links_and_names(tmp_path: Path) -> None:
    links = "".join(f'<p><a href="c{i}.xhtml">The chapter of day {i}</a></p>' for i in range(5))
    pages = {
        "cover.xhtml": page("<p>The Lamp</p>"),
        "r.xhtml": page("<p>© 2012 A. Writer</p><p>All rights reserved</p><p>ISBN 123</p>"),
        "l.xhtml": page(links),
        **{f"c{i}.xhtml": chapter(f"Day {i}") for i in range(5)},
        "y.xhtml": page(f"<h2>Contents</h2><p>{SENTENCE}</p>"),
    }
    entries = [(f"Day {i}", f"c{i}.xhtml") for i in range(5)]
    manuscript = read_book(tmp_path, epub(pages, entries=entries))
    assert titles(manuscript) == [f"Day {i}" for i in range(5)]
    assert set(skipped(manuscript)) == {"cover", "copyright", "contents"}
    assert_whole(manuscript)


def test_landmarks_and_guide_tell(tmp_path: Path) -> None:
    pages = {"a.xhtml": page(f"<p>For Anna. {SENTENCE}</p>"), "c.xhtml": chapter("One")}
    pages["z.xhtml"] = page(f"<p>Thanks to Boris. {SENTENCE}</p>")
    entries = [("Anna", "a.xhtml"), ("One", "c.xhtml"), ("Boris", "z.xhtml")]
    marks = [("dedication", "a.xhtml"), ("acknowledgments", "z.xhtml")]
    new = read_book(tmp_path, epub(pages, entries=entries, landmarks=marks))
    guide = "".join(f'<reference type="{t}" href="{h}"/>' for t, h in marks)
    old = read_book(tmp_path, epub(pages, entries=entries, old=True, guide=guide))
    for manuscript in (new, old):
        assert titles(manuscript) == ["One"]
        assert set(skipped(manuscript)) == {"dedication", "acknowledgements"}


def test_what_is_not_linear_is_skipped_unless_the_navigation_names_it(tmp_path: Path) -> None:
    pages = {"c.xhtml": chapter("One"), "n.xhtml": page("<p>A pop-up.</p>")}
    pages["m.xhtml"] = chapter("Two")
    made = epub(
        pages,
        entries=[("One", "c.xhtml"), ("Two", "m.xhtml")],
        not_linear=["n.xhtml", "m.xhtml"],
    )
    manuscript = read_book(tmp_path, made)
    assert titles(manuscript) == ["One", "Two"]
    assert skipped(manuscript) == {"auxiliary": "A pop-up."}
