"""Files to manuscripts: encodings, layout, headings, what is skipped, written speakers."""

from __future__ import annotations

from pathlib import Path

import pytest
from bookmaking import FIXTURES, read

from book.languages import load_language
from book.manuscript import Manuscript
from book.readers import read_manuscript
from book.readers.blocks import CHAPTER, PART, SECTION
from book.readers.headings import match_heading
from book.readers.numbers import number_of

LONG = "It was a bright cold day in the town, and nobody in the long street was awake. " * 20


def bodies(manuscript: Manuscript) -> list[str]:
    return [p.printed for c in manuscript.chapters for p in c.paragraphs if p.kind != "heading"]


def skipped(manuscript: Manuscript) -> list[tuple[str, str]]:
    return [
        (s.reason, manuscript.sources[s.slice.document].text[s.slice.start : s.slice.end].strip())
        for s in manuscript.skips
    ]


@pytest.mark.parametrize(
    ("encoding", "text", "language"),
    [
        ("utf-8", "Déjà vu — said “Anna”.", "en"),
        ("utf-8-sig", "Déjà vu.", "en"),
        ("utf-16", "Déjà vu.", "en"),
        ("utf-32", "Déjà vu.", "en"),
        ("cp1252", "Déjà vu — “naïve” café’s.", "en"),
        ("gb18030", "孔乙己是站着喝酒而穿长衫的唯一的人。他身材很高大；青白脸色。", "zh"),
        ("gb18030", "“你读过书么？”掌柜说。Mr. Smith went home.", "zh"),
    ],
)
def test_an_encoding_is_detected(encoding: str, text: str, language: str, tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_bytes(f"{text}\r\nThe end\rnow.".encode(encoding))
    manuscript = read_manuscript((path,), language=language)
    assert manuscript.sources[0].text == f"{text}\nThe end\nnow."


@pytest.mark.parametrize(
    ("line", "rank", "number"),
    [
        ("Chapter I", CHAPTER, 1),
        ("CHAPTER XIV.", CHAPTER, 14),
        ("Chapter Twenty-One", CHAPTER, 21),
        ("CHAP. IX.", CHAPTER, 9),
        ("Chapter the First", CHAPTER, 1),
        ("ADVENTURE I. A SCANDAL IN BOHEMIA", CHAPTER, 1),
        ("Letter 4", CHAPTER, 4),
        ("CHAPTER I IN WHICH I THROW AMBS-ACE", CHAPTER, 1),
        ("BOOK TWO", PART, 2),
        ("Epilogue", CHAPTER, None),
        ("IV.", SECTION, 4),
        ("— II —", SECTION, 2),
        ("[ 16 ]", SECTION, 16),
    ],
)
def test_an_english_heading(line: str, rank: int, number: int | None) -> None:
    found = match_heading(line, load_language("en"))
    assert found is not None
    assert (found.rank, found.number) == (rank, number)


@pytest.mark.parametrize(
    ("line", "rank", "number"),
    [
        ("第一章", CHAPTER, 1),
        ("第十二回　贾宝玉神游太虚境", CHAPTER, 12),
        ("第３０５章：归来", CHAPTER, 305),
        ("第二卷", PART, 2),
        ("卷一", PART, 1),
        ("楔子", CHAPTER, None),
        ("（三）", SECTION, 3),
        ("一", SECTION, 1),
        ("Chapter 7", CHAPTER, 7),
    ],
)
def test_a_chinese_heading(line: str, rank: int, number: int | None) -> None:
    found = match_heading(line, load_language("zh"))
    assert found is not None
    assert (found.rank, found.number) == (rank, number)


@pytest.mark.parametrize(
    "line",
    [
        "Chapter one was long.",
        "Part of me was sad",
        "I am",
        "Book two of the trilogy was better than the first.",
        "Introduction to this",
        "May 7th.",
        "The chapter on whales",
    ],
)
def test_no_english_heading(line: str) -> None:
    assert match_heading(line, load_language("en")) is None


@pytest.mark.parametrize(
    "line", ["第一次", "第一章他走了，然后回来", "一九一九年三月。", "序幕拉开了。"]
)
def test_no_chinese_heading(line: str) -> None:
    assert match_heading(line, load_language("zh")) is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("XLIX", 49),
        ("1", 1),
        ("forty", 40),
        ("二十三", 23),
        ("一百零八", 108),
        ("廿一", 21),
        ("x1", None),
    ],
)
def test_numbers(written: str, number: int | None) -> None:
    assert number_of(written) == number


def test_wrapped_lines_are_joined_and_lines_of_the_web_are_not(tmp_path: Path) -> None:
    wrapped = (
        "The lamp was lit and the house was\nstill, for nobody had yet come home to\nthe arm-\n"
        "chair.\n"
    )
    assert bodies(read(tmp_path, wrapped)) == [
        "The lamp was lit and the house was still, for nobody had yet come home to the arm-chair."
    ]
    web = "天黑了。\n他说：“走吧。”\n没有人回答。\n"
    assert bodies(read(tmp_path, web, language="zh")) == [
        "天黑了。",
        "他说：“走吧。”",
        "没有人回答。",
    ]


def test_a_set_in_line_begins_a_paragraph(tmp_path: Path) -> None:
    text = "　　天黑了，街上没有\n人。\n　　他慢慢地走回家去\n了。\n"
    assert bodies(read(tmp_path, text, language="zh")) == [
        "天黑了，街上没有人。",
        "他慢慢地走回家去了。",
    ]


def test_verse_keeps_its_lines(tmp_path: Path) -> None:
    prose = "It was a bright cold day in the town and nobody in the long street\nwas yet awake.\n"
    verse = "  Tyger Tyger, burning bright,\n  In the forests of the night;\n"
    manuscript = read(tmp_path, f"{prose}\n{verse}\n{prose}")
    kinds = [(p.kind, p.printed) for p in manuscript.chapters[0].paragraphs]
    assert kinds[1] == ("verse", "Tyger Tyger, burning bright,\nIn the forests of the night;")


def test_marks_inside_a_paragraph_become_edits(tmp_path: Path) -> None:
    text = "An _odd_ word,[12] a snake_case, a soft\u00adhyphen  and [Illustration: a cat] so on."
    manuscript = read(tmp_path, text)
    assert bodies(manuscript) == ["An odd word, a snake_case, a softhyphen and so on."]
    [paragraph] = manuscript.chapters[0].paragraphs
    assert [e.reason for e in paragraph.edits] == [
        "emphasis", "emphasis", "note", "hyphen", "unwrap", "note",
    ]  # fmt: skip


def test_a_library_header_and_licence_are_listed(tmp_path: Path) -> None:
    text = (
        "The Project Gutenberg eBook of The Lamp\n\nTitle: The Lamp\nAuthor: A. Writer\n\n"
        "*** START OF THE PROJECT GUTENBERG EBOOK THE LAMP ***\n\nProduced by Volunteers\n\n"
        "It was dark.\n\n*** END OF THE PROJECT GUTENBERG EBOOK THE LAMP ***\n\nFull licence.\n"
    )
    manuscript = read(tmp_path, text)
    assert (manuscript.title, manuscript.author) == ("The Lamp", "A. Writer")
    assert bodies(manuscript) == ["It was dark."]
    assert [reason for reason, _ in skipped(manuscript)] == ["licence", "transcriber", "licence"]


CONTENTS = f"""\
THE LAMP

by A. Writer

CONTENTS

Chapter I. The House ....... 1
Chapter II. The Street ..... 9

Chapter I. The House

{LONG}

Chapter II. The Street

{LONG}

Notes

[1] A note about the street.
"""


def test_a_book_with_everything(tmp_path: Path) -> None:
    manuscript = read(tmp_path, CONTENTS)
    assert (manuscript.title, manuscript.author) == ("THE LAMP", "A. Writer")
    assert [c.title for c in manuscript.chapters] == [
        "Chapter I: The House",
        "Chapter II: The Street",
    ]
    assert len(bodies(manuscript)) == 2
    reasons = [reason for reason, _ in skipped(manuscript)]
    assert reasons == ["title page"] * 2 + ["contents"] * 3 + ["notes"] * 2
    assert manuscript.warnings == ()


def test_skipped_parts_can_be_read_and_chapters_left_out(tmp_path: Path) -> None:
    manuscript = read(tmp_path, CONTENTS, include=("notes",), exclude=("chapter ii",))
    assert [c.title for c in manuscript.chapters] == ["Chapter I: The House"]
    assert ("excluded", "Chapter II. The Street") in skipped(manuscript)
    read_notes = read(tmp_path, CONTENTS, include=("Notes",))
    assert bodies(read_notes)[-1].endswith("A note about the street.")


def test_parts_and_titles_on_lines_of_their_own(tmp_path: Path) -> None:
    text = f"BOOK ONE\n\nTHE COMING\n\nCHAPTER I\n\nThe Eve of the War\n\n{LONG}\n\n" + (
        f"CHAPTER II\n\n{LONG}\n\nBOOK TWO\n\nCHAPTER I\n\n{LONG}\n"
    )
    manuscript = read(tmp_path, text)
    assert [c.title for c in manuscript.chapters] == [
        "BOOK ONE, CHAPTER I: The Eve of the War", "BOOK ONE, CHAPTER II", "BOOK TWO, CHAPTER I",
    ]  # fmt: skip
    assert manuscript.warnings == ()


def test_a_missing_chapter_is_a_warning(tmp_path: Path) -> None:
    text = "".join(f"Chapter {n}\n\n{LONG}\n\n" for n in (1, 2, 4))
    [warning] = read(tmp_path, text).warnings
    assert "'Chapter 2' comes 'Chapter 4'" in warning


def test_bare_numbers_divide_long_texts_only(tmp_path: Path) -> None:
    long = "".join(f"{n}\n\n{LONG}\n\n" for n in ("I", "II", "III"))
    assert [c.title for c in read(tmp_path, long).chapters] == ["I", "II", "III"]
    poem = LONG + "\n\n" + "".join(f"{n}\n\nA short stanza of a poem.\n\n" for n in ("I", "II"))
    assert len(read(tmp_path, poem).chapters) == 1


def test_ornaments_and_wide_gaps_break_a_scene(tmp_path: Path) -> None:
    text = "One is here.\n\n* * *\n\nTwo is here.\n\nThree.\n\n\n\n\nFour.\n\n“……”\n\nFive.\n"
    manuscript = read(tmp_path, text)
    breaks = [p.scene_break_before for p in manuscript.chapters[0].paragraphs]
    assert breaks == [False, True, False, True, False]
    assert skipped(manuscript) == [("ornament", "* * *"), ("silence", "“……”")]


def test_the_raw_chinese_story() -> None:
    manuscript = read_manuscript((FIXTURES / "孔乙己.md",), language="zh")
    assert (manuscript.title, manuscript.author) == ("孔乙己", "鲁迅")
    [chapter] = manuscript.chapters
    assert len(chapter.paragraphs) == 14
    assert chapter.paragraphs[0].printed.startswith("鲁镇的酒店的格局，是和别处不同的：都是当街")
    assert chapter.paragraphs[-1].printed == "一九一九年三月。"
    assert not any(mark in p.printed for p in chapter.paragraphs for mark in "⑴⑵⑶⑷⑸⑹⑺⑻　\n")
    assert {s.reason for s in manuscript.skips} == {"markup", "title page", "notes"}


def test_several_files_speak_their_titles(tmp_path: Path) -> None:
    paths = []
    for name, author in (("The Lamp", "A. Writer"), ("The Street", "A. Writer")):
        path = tmp_path / f"{name}.txt"
        path.write_text(f"{name}\n\nby {author}\n\nIt was dark and the rain fell.\n")
        paths.append(path)
    manuscript = read_manuscript(paths, names=("1.txt", "2.txt"))
    assert [c.title for c in manuscript.chapters] == ["The Lamp", "The Street"]
    assert [p.kind for p in manuscript.chapters[1].paragraphs] == ["heading", "body"]
    assert [c.number for c in manuscript.chapters] == [1, 2]


MARKDOWN = """\
---
title: The Lamp
author: A. Writer
---

# The Lamp

## Chapter One

A **bold** and *soft* word, [a link](http://x.y) &amp; a note[^1].

* * *

> Quoted
> lines.

Chapter Two
-----------

Escaped \\* star. <b>Tag</b>. ![image](x.png)

[^1]: The note.
"""


def test_markdown(tmp_path: Path) -> None:
    manuscript = read(tmp_path, MARKDOWN, name="book.md")
    assert (manuscript.title, manuscript.author) == ("The Lamp", "A. Writer")
    assert [c.title for c in manuscript.chapters] == ["Chapter One", "Chapter Two"]
    assert bodies(manuscript) == [
        "A bold and soft word, a link & a note.", "Quoted lines.", "Escaped * star. Tag. ",
    ]  # fmt: skip
    assert [r for r, _ in skipped(manuscript)] == ["front matter", "title page", "ornament", "note"]
    assert manuscript.chapters[0].paragraphs[2].scene_break_before


SCRIPT = """\
Chapter 1

NARRATOR: The lamp was lit.
ANNA: Come in.
Boris Petrov：No.
[anna|sad] Why not?
BORIS (angry): It is late: very late.

The door closed.
"""


def test_script_format(tmp_path: Path) -> None:
    cast = {"anna": "anna", "boris": "boris", "Boris Petrov": "boris"}
    manuscript = read(tmp_path, SCRIPT, known_speakers=cast)
    lines = [(p.speaker, p.style, p.printed) for p in manuscript.chapters[0].paragraphs]
    assert lines == [
        (None, None, "Chapter 1"),
        ("narrator", None, "The lamp was lit."),
        ("anna", None, "Come in."),
        ("boris", None, "No."),
        ("anna", "sad", "Why not?"),
        ("boris", "angry", "It is late: very late."),
        (None, None, "The door closed."),
    ]


def test_a_novel_with_colons_is_no_script(tmp_path: Path) -> None:
    text = (
        "Note: it rained.\n\nHe said: no.\n\nOne thing: rain.\n\nIt was late.\n\nAnother: wind.\n"
    )
    assert all(p.speaker is None for p in read(tmp_path, text).chapters[0].paragraphs)


def test_tags_in_a_novel(tmp_path: Path) -> None:
    text = "The lamp was lit.\n\n[anna] Come in, you two.\n\n[He paused] and went on.\n"
    manuscript = read(tmp_path, text, known_speakers=("anna",))
    assert [(p.speaker, p.printed) for p in manuscript.chapters[0].paragraphs] == [
        (None, "The lamp was lit."), ("anna", "Come in, you two."),
        (None, "[He paused] and went on."),
    ]  # fmt: skip


def test_lost_characters_are_a_warning(tmp_path: Path) -> None:
    [warning] = read(tmp_path, "One line.\n\nA caf\ufffd there.\n").warnings
    assert warning.startswith("book.txt:3: 1 characters were lost")
