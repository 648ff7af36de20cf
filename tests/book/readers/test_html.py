from __future__ import annotations

from pathlib import Path

import pytest
from epubmaking import SENTENCE, assert_whole, read_book, skipped, texts, titles

from castbook.errors import ManuscriptError

TEXT = f"<p>{SENTENCE}</p>" * 3
BOOK = (
    "<!DOCTYPE html><html lang=en-GB><head><title>The Lamp</title>"
    "<meta name=author content='A. Writer'></head><body><h1>The Lamp</h1>{}</body></html>"
)


def html(folder: Path, body: str, **options: str) -> list[str]:
    manuscript = read_book(folder, BOOK.format(body).encode(), name="book.html", **options)
    assert_whole(manuscript)
    return titles(manuscript)


def test_headings_are_chapters(tmp_path: Path) -> None:
    body = f"<h2>Chapter I<br>The Road</h2>{TEXT}<h3>A part</h3>{TEXT}<h2>Chapter II</h2>{TEXT}"
    assert html(tmp_path, body) == ["Chapter I: The Road", "Chapter II"]
    assert html(tmp_path, f"<h2>Morning{TEXT}<h2>Evening</h2>{TEXT}")[-1] == "Evening"


def test_parts_above_chapters(tmp_path: Path) -> None:
    body = "".join(
        f"<h2>Part {p}</h2>" + "".join(f"<h3>Chapter {c}</h3>{TEXT}" for c in (1, 2))
        for p in (1, 2)
    )
    assert html(tmp_path, body) == [f"Part {p}, Chapter {c}" for p in (1, 2) for c in (1, 2)]


def test_a_list_of_chapters_and_notes_are_skipped(tmp_path: Path) -> None:
    body = (
        "<h2>Contents</h2><ul><li><a href='#a'>One</a><li><a href='#b'>Two</a></ul>"
        f"<h2 id=a>Chapter One</h2><p>A word<a href='#fn1' id=r1><sup>1</sup></a>. {SENTENCE}</p>"
        f"<h2 id=b>Chapter Two</h2>{TEXT}"
        "<p><a id=fn1 href='#r1'>1</a> A note.</p>"
    )
    manuscript = read_book(tmp_path, BOOK.format(body).encode(), name="book.htm")
    assert titles(manuscript) == ["Chapter One", "Chapter Two"]
    assert texts(manuscript)[1].startswith("A word. ")
    assert skipped(manuscript) == {
        "title page": "The Lamp", "contents": "Contents|One|Two", "notes": "1 A note.",
    }  # fmt: skip
    assert manuscript.facts.title == "The Lamp"
    assert manuscript.facts.author == "A. Writer"
    assert manuscript.facts.language == "en-GB"


def test_a_page_of_project_gutenberg_loses_header_and_licence(tmp_path: Path) -> None:
    page = (
        "<html><head><title>The Project Gutenberg eBook of The Lamp, by A. Writer</title></head>"
        "<body><section id='pg-header'><h2>The Project Gutenberg eBook</h2>"
        "<div>Title: The Lamp</div><div>*** START OF THE PROJECT GUTENBERG EBOOK THE LAMP ***</div>"
        "</section>"
        f"<h1>The Lamp</h1><h2>CHAPTER I.</h2>{TEXT}<h2>CHAPTER II.</h2>{TEXT}"
        "<section id='pg-footer'><div>*** END OF THE PROJECT GUTENBERG EBOOK THE LAMP ***</div>"
        "<p>Updated editions will replace this one.</p></section></body></html>"
    )
    manuscript = read_book(tmp_path, page.encode(), name="book.html")
    assert titles(manuscript) == ["CHAPTER I", "CHAPTER II"]
    assert "Updated editions" in skipped(manuscript)["licence"]
    assert (manuscript.facts.title, manuscript.facts.author) == ("The Lamp", "A. Writer")
    assert_whole(manuscript)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", "utf-8"), ("cp1252", "windows-1252"), ("gb18030", "gb2312"), ("big5", "big5"),
     ("shift_jis", "shift_jis"), ("utf-16", ""), ("gb18030", "utf-8")],
)  # fmt: skip
def test_encodings(tmp_path: Path, encoding: str, declared: str) -> None:
    words = {"cp1252": "“Déjà vu”, said Zoë. ", "shift_jis": "私は家に帰りました。そして眠った。"}
    text = (
        words.get(
            encoding,
            "天黑了，他回家去了。然後她也走了。" if encoding == "big5" else "天黑了，他回家去了。",
        )
        * 20
    )
    page = f"<html><head><meta charset={declared or 'x'}></head><body><p>{text}</p></body></html>"
    manuscript = read_book(tmp_path, page.encode(encoding), name="b.html", language="zh")
    assert "".join(texts(manuscript)).strip() == text.strip()


def test_a_page_without_headings_is_one_chapter(tmp_path: Path) -> None:
    assert html(tmp_path, TEXT) == ["The Lamp"] or len(html(tmp_path, TEXT)) == 1
    lines = "".join(f"<p>CHAPTER {n}</p>{TEXT}" for n in ("I", "II", "III"))
    manuscript = read_book(tmp_path, f"<html><body>{lines}".encode(), name="b.xhtml")
    assert titles(manuscript) == ["CHAPTER I", "CHAPTER II", "CHAPTER III"]


@pytest.mark.parametrize(
    "content", ["<html><body></body></html>", "<html><img alt='x'></html>", " "]
)
def test_pages_without_text_are_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ManuscriptError) as caught:
        read_book(tmp_path, content.encode(), name="b.html")
    assert "\n" not in str(caught.value)
