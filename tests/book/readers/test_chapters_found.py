"""Chapters and skips of whole books, in the layouts that novels come in."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from bookmaking import read

from book.manuscript import Manuscript

NUMBERS = count(1)
HEADER = "Title: {title}\nAuthor: A. Writer\n\n*** START OF THE PROJECT GUTENBERG EBOOK ***\n\n\n"
FOOTER = "\n\n*** END OF THE PROJECT GUTENBERG EBOOK ***\n\nLicence.\n"


def prose(paragraphs: int = 8) -> str:
    """Paragraphs of wrapped text, none twice: 170 characters each."""
    return "".join(
        f"It was cold day number {next(NUMBERS)} in the town, and nobody in the long street\n"
        "was awake, for the lamps had burned until the morning came up grey over the\n"
        "roofs of the houses.\n\n"
        for _ in range(paragraphs)
    )


def body(*headings: str, gap: str = "\n\n\n") -> str:
    return "".join(f"{gap}{heading}\n\n{prose()}" for heading in headings)


def titles(manuscript: Manuscript) -> list[str]:
    return [chapter.title for chapter in manuscript.chapters]


def skipped(manuscript: Manuscript) -> dict[str, str]:
    """The words skipped for each reason."""
    found: dict[str, str] = {}
    for skip in manuscript.skips:
        text = manuscript.sources[skip.slice.document].text[skip.slice.start : skip.slice.end]
        found[skip.reason] = f"{found.get(skip.reason, '')} {' '.join(text.split())}".strip()
    return found


def spoken(manuscript: Manuscript) -> str:
    return "\n".join(p.printed for c in manuscript.chapters for p in c.paragraphs)


LAYOUTS = {
    "titles only, named by the contents": (
        "THE LAMP\n\nby A. Writer\n\n\nContents\n\n\n STORY OF THE DOOR\n SEARCH FOR MR. GREY\n"
        " THE LAST NIGHT\n\n\n\n" + body("STORY OF THE DOOR", "SEARCH FOR MR. GREY",
        "THE LAST NIGHT"),
        ["STORY OF THE DOOR", "SEARCH FOR MR. GREY", "THE LAST NIGHT"],
    ),
    "titles only, and no contents": (
        "THE GIFTS\n\nby A. Writer\n\n"
        + body("THE FIRST GIFT", "THE SECOND GIFT", "A THIRD", gap="\n\n\n\n"),
        ["THE FIRST GIFT", "THE SECOND GIFT", "A THIRD"],
    ),
    "books that count their chapters anew": (
        "CONTENTS\n\n Book the First--Called Back\n\n CHAPTER I    The Period\n"
        " CHAPTER II   The Mail\n"
        "\n Book the Second--the Thread\n\n CHAPTER I    Years Later\n"
        " CHAPTER II   A Sight\n\n\n\n"
        "Book the First--Called Back\n\n" + body("CHAPTER I.\nThe Period",
        "CHAPTER II.\nThe Mail")
        + "\n\nBook the Second--the Thread\n\n"
        + body("CHAPTER I.\nYears Later", "CHAPTER II.\nA Sight"),
        [
            "Book the First, CHAPTER I: The Period", "Book the First, CHAPTER II: The Mail",
            "Book the Second, CHAPTER I: Years Later", "Book the Second, CHAPTER II: A Sight",
        ],
    ),
    "digits and titles under parts": (
        "CONTENTS\n\n\nPART ONE\n\nThe Captain\n\n  1. THE OLD DOG . . . . 11\n"
        "  2. BLACK JACK . . . . 17\n"
        "\nPART TWO\n\nThe Cook\n\n  3. I GO AWAY . . . . 48\n  4. AT THE SIGN . . . . 54\n\n\n\n"
        "PART ONE--The Captain\n\n" + body("1\n\nThe Old Dog", "2\n\nBlack Jack")
        + "\n\nPART TWO--The Cook\n\n" + body("3\n\nI Go Away", "4\n\nAt the Sign"),
        ["PART ONE, 1: The Old Dog", "PART ONE, 2: Black Jack",
         "PART TWO, 3: I Go Away", "PART TWO, 4: At the Sign"],
    ),
    "a preface and bare numbers": (
        body("PREFACE", "I", "II", "III"), ["PREFACE", "I", "II", "III"],
    ),
    "numbers as words": (body("ONE", "TWO", "THREE"), ["ONE", "TWO", "THREE"]),
    "parts alone": (
        body("PART ONE", "PART TWO", "PART THREE", "EPILOGUE"),
        ["PART ONE", "PART TWO", "PART THREE", "EPILOGUE"],
    ),
    "prelude, books, finale": (
        body("PRELUDE.", "BOOK I.\nMISS BROWN.\n\n\n\nCHAPTER I.", "CHAPTER II.")
        + body("BOOK II.\nOLD AND YOUNG.\n\n\n\nCHAPTER III.", "CHAPTER IV.", "FINALE."),
        ["PRELUDE", "BOOK I, CHAPTER I", "BOOK I, CHAPTER II",
         "BOOK II, CHAPTER III", "BOOK II, CHAPTER IV", "FINALE"],
    ),
    "stops behind titles": (
        body("CHAPTER 1. Loomings.", "CHAPTER 2. The Carpet-Bag.", "CHAPTER 3. The Inn.",
        "Epilogue"),
        ["CHAPTER 1: Loomings", "CHAPTER 2: The Carpet-Bag", "CHAPTER 3: The Inn", "Epilogue"],
    ),
    "what a chapter is about is no title": (
        body("CHAPTER I.\n\nThree invalids.—Sufferings of George.—A victim.—Useful things.",
             "CHAPTER II.\n\nPlans discussed.—Pleasures of nights.—Ditto, wet.—Decided on."),
        ["CHAPTER I", "CHAPTER II"],
    ),
    "an epilogue with chapters of its own": (
        body("BOOK ONE: 1805\n\n\nCHAPTER I", "CHAPTER II",
        "FIRST EPILOGUE: 1813\n\n\nCHAPTER I", "CHAPTER II"),
        ["BOOK ONE, CHAPTER I", "BOOK ONE, CHAPTER II",
         "FIRST EPILOGUE, CHAPTER I", "FIRST EPILOGUE, CHAPTER II"],
    ),
    "titles with a stop under most headings": (
        body("Chapter I.\nThe Missing Heir.", "Chapter II.\nA Stranger.",
        "Chapter III.\nIn a trap.",
             "Chapter IV.\nHow it all ended."),
        ["Chapter I: The Missing Heir", "Chapter II: A Stranger", "Chapter III: In a trap",
         "Chapter IV: How it all ended"],
    ),
    "headlines inside one of many chapters are no titles": (
        body("[ 1 ]", "[ 2 ]", "[ 3 ]\n\nIN THE HEART OF THE CITY", "[ 4 ]"), ["1", "2", "3",
        "4"],
    ),
    "numbered titles go on where numbered chapters stop": (
        body("ADVENTURE I. THE LAMP", "ADVENTURE II. THE STREET", "III. THE HOUSE",
        "IV. THE SEA"),
        ["ADVENTURE I: THE LAMP", "ADVENTURE II: THE STREET", "III: THE HOUSE", "IV: THE SEA"],
    ),
    "the last chapter": (
        body("CHAPTER THE FIRST", "CHAPTER THE SECOND", "CHAPTER THE LAST"),
        ["CHAPTER THE FIRST", "CHAPTER THE SECOND", "CHAPTER THE LAST"],
    ),
    "letters by their dates": (
        "".join(f"THE GREY HOUSE,\n\nMay {day}.\n\nDear Judy:\n\n"
        f"{prose()}\n\n" for day in range(1, 8)),
        [f"May {day}" for day in range(1, 8)],
    ),
    "a diary": (
        "".join(f"June {day}th.--I was late. {prose()}" for day in range(4, 12)),
        [f"June {day}th" for day in range(4, 12)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_chapters_of_a_layout(layout: str, tmp_path: Path) -> None:
    text, expected = LAYOUTS[layout]
    manuscript = read(tmp_path, HEADER.format(title="The Lamp") + text + FOOTER)
    assert titles(manuscript) == expected
    assert manuscript.warnings == ()


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", body("Vorwort", "Erstes Kapitel", "Zweites Kapitel"),
         ["Vorwort", "Erstes Kapitel", "Zweites Kapitel"]),
        ("fr", "PREMIÈRE PARTIE\n\n" + body("CHAPITRE PREMIER", "CHAPITRE II") + body("ÉPILOGUE"),
         ["PREMIÈRE PARTIE, CHAPITRE PREMIER", "PREMIÈRE PARTIE, CHAPITRE II", "ÉPILOGUE"]),
        ("es", body("Capítulo primero", "Capítulo II. Que trata de la casa"),
         ["Capítulo primero", "Capítulo II: Que trata de la casa"]),
    ],
)  # fmt: skip
def test_other_languages(language: str, text: str, expected: list[str], tmp_path: Path) -> None:
    assert titles(read(tmp_path, text, language=language)) == expected


HAN = "天黑了，街上没有一个人，只有几盏灯还亮着，照着湿漉漉的石板路，一直通到河边去。"


def test_a_chinese_novel(tmp_path: Path) -> None:
    chapters = (
        "楔子",
        "第一卷 风起\n\n第一章 开始",
        "第二章　归来",
        "第二卷 云涌\n\n第三章：远行",
        "尾声",
    )
    text = "灯\n\n作者：某某\n\n目录\n\n楔子\n第一章 开始\n第二章 归来\n第三章 远行\n尾声\n\n"
    for number, heading in enumerate(chapters):
        lines = "".join(f"　　{HAN}{number}{i}。\n\n" for i in range(6))
        text += f"\n\n{heading}\n\n{lines}"
    manuscript = read(tmp_path, text + "\n\n（全文完）\n", language="zh")
    assert titles(manuscript) == [
        "楔子", "第一卷, 第一章 开始", "第一卷, 第二章 归来", "第二卷, 第三章 远行", "尾声",
    ]  # fmt: skip
    assert skipped(manuscript)["contents"] == "目录 楔子 第一章 开始 第二章 归来 第三章 远行 尾声"
    assert (manuscript.title, manuscript.author) == ("灯", "某某")


BOOK = (
    HEADER.format(title="The Lamp") + "Produced by Jane Doe at http://x.org\n\n\n\n"
    "THE LAMP\n\nBY\n\n"
    "A. WRITER\n\nAUTHOR OF “THE STREET”\n\n[Illustration: Logo]\n\nLONDON\n"
    "PRESS AND CO., LIMITED\n"
    "1904\n\n\n\nBY THE SAME AUTHOR\n\n  THE STREET. 6s.\n\n\n\nTO\nMY MOTHER\n\n\n\nCONTENTS\n\n"
    "CHAP.                 PAGE\n   I. THE BEGINNING     1\n  II. THE END OF IT    20\n\n\n\n"
    "ILLUSTRATIONS\n\n“Come here,” he said      _Frontispiece_\nThe old house      30\n\n\n\n"
    "THE LAMP\n\n\n\nCHAPTER I\n\nTHE BEGINNING\n\n" + prose()
    + "He took a coach.[1] It was late.[A]\n\n[1] A kind of carriage.\n\n[A] Not very late.\n\n"
    + prose(1) + "[Illustration: “Come here,” he said.\n\n(_Page 33_)]\n\n"
    "The moon{34} rose, and he went on[Pg 35] to the sea.*\n\n* The North Sea.\n\n"
    "[Footnote 2: A long note that begins here.\n\nAnd goes on.]\n\n" + prose(1)
    + "       *       *       *       *       *\n\n" + prose(1)
    + "\n\n\nCHAPTER II\n\nTHE END OF IT\n\n" + prose()
    + "THE END\n\n\n\nPrinted by R. CLARK\n\n\n\n"
    "NEW BOOKS\n\nThe Sea. By B. Author. 6s.\n\n\n\nTRANSCRIBER'S NOTES\n\n"
    "Errors were corrected.\n"
    + FOOTER
)  # fmt: skip


def test_a_book_with_everything_around_it(tmp_path: Path) -> None:
    manuscript = read(tmp_path, BOOK)
    assert titles(manuscript) == ["CHAPTER I: THE BEGINNING", "CHAPTER II: THE END OF IT"]
    assert manuscript.warnings == ()
    parts = skipped(manuscript)
    assert parts["contents"].endswith("I. THE BEGINNING 1 II. THE END OF IT 20")
    assert parts["illustrations"].startswith("[Illustration: Logo] ILLUSTRATIONS “Come")
    assert parts["illustrations"].endswith("(_Page 33_)]")
    assert parts["notes"] == (
        "[1] A kind of carriage. [A] Not very late. * The North Sea. "
        "[Footnote 2: A long note that begins here. And goes on.]"
    )
    assert parts["advertisements"] == (
        "BY THE SAME AUTHOR THE STREET. 6s. NEW BOOKS The Sea. By B. Author. 6s."
    )
    assert parts["transcriber"].endswith("TRANSCRIBER'S NOTES Errors were corrected.")
    assert parts["back matter"] == "Printed by R. CLARK"
    read_out = spoken(manuscript)
    assert read_out.startswith(("TO MY MOTHER", "TO\nMY MOTHER"))
    assert "He took a coach. It was late." in read_out
    assert "The moon rose, and he went on to the sea." in read_out
    assert "THE END" in read_out
    text = [p for p in manuscript.chapters[0].paragraphs if p.kind == "body"]
    assert sum(p.scene_break_before for p in text) == 1


@pytest.mark.parametrize("part", ["advertisements", "Back matter", "CONTENTS", "title page"])
def test_every_skipped_part_can_be_read(part: str, tmp_path: Path) -> None:
    manuscript = read(tmp_path, BOOK, include=(part,))
    assert part.casefold() not in skipped(manuscript)


def test_an_entry_without_a_chapter_is_a_warning(tmp_path: Path) -> None:
    entries = ("The Lamp", "The Street", "The House", "The Sea")
    text = "Contents\n\n" + "\n".join(entries) + "\n\n\n\n" + body(*entries[:3])
    [warning] = read(tmp_path, text).warnings
    assert warning == "the contents list names 'The Sea', but no heading reads so"


def test_numbers_of_pages_are_no_chapters(tmp_path: Path) -> None:
    pages = "".join(
        f"It was day {n} and nobody in the long street was awake for the lamps\n"
        f"had burned and\n\n"
        f"{n}\n\nthe man who stood at the corner had not seen anyone come out of it.\n\n"
        for n in range(1, 12)
    )
    manuscript = read(tmp_path, f"CHAPTER ONE\n\n{pages}")
    assert titles(manuscript) == ["CHAPTER ONE"]
    assert skipped(manuscript)["page number"] == " ".join(map(str, range(1, 12)))


def test_an_unclosed_bracket_eats_no_book(tmp_path: Path) -> None:
    text = f"[Illustration: a cat\n\n{prose(30)}"
    assert "day number" in spoken(read(tmp_path, text))


def test_markdown_headings_win(tmp_path: Path) -> None:
    text = (
        "# The Lamp\n\n## Contents\n\n- [The House](#a)\n- [The Street](#b)\n\n## The House\n\n"
        f"Chapter 1\n\n{prose()}\n## The Street\n\n{prose()}"
    )
    manuscript = read(tmp_path, text, name="book.md")
    assert titles(manuscript) == ["The House", "The Street"]
    assert skipped(manuscript)["contents"].startswith("## Contents")


def test_a_list_under_a_marked_heading_ends_at_the_next_one(tmp_path: Path) -> None:
    entries = "- The Door\n- The Stairs\n\n"
    text = f"# Contents\n\n{entries}# The Door\n\nShort.\n\n# The Stairs\n\nShorter.\n"
    manuscript = read(tmp_path, text, name="book.md")
    assert [chapter.title for chapter in manuscript.chapters] == ["The Door", "The Stairs"]
    assert {skip.reason for skip in manuscript.skips} == {"contents"}


def test_a_part_and_its_chapter_in_one_line_are_one_chapter(tmp_path: Path) -> None:
    text = "".join(
        f"BOOK {book}, CHAPTER {chapter}: THE {chapter} DAY\n\n{'It rained all day. ' * 40}\n\n"
        for book in ("ONE", "TWO")
        for chapter in ("ONE", "TWO", "THREE")
    )
    manuscript = read(tmp_path, text)
    assert [c.title for c in manuscript.chapters][2:4] == [
        "BOOK ONE, CHAPTER THREE: THE THREE DAY",
        "BOOK TWO, CHAPTER ONE: THE ONE DAY",
    ]
    assert manuscript.warnings == ()
