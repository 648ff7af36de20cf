from __future__ import annotations

from pathlib import Path

import pytest
from epubmaking import SENTENCE, assert_whole, chapter, epub, page, read_book, skipped, titles

TEXT = f"<p>{SENTENCE}</p>" * 6


def book(folder: Path, pages: dict[str, str], entries: list[tuple[object, ...]]) -> list[str]:
    manuscript = read_book(folder, epub(pages, entries=entries))
    assert_whole(manuscript)
    assert titles(manuscript) == titles(read_book(folder, epub(pages, entries=entries, old=True)))
    return titles(manuscript)


def test_parts_stand_above_chapters(tmp_path: Path) -> None:
    pages = {"0.xhtml": chapter("Prologue")}
    for part in (1, 2):
        pages[f"p{part}.xhtml"] = page(f"<h1>Part {part}</h1>")
        for i in (1, 2):
            pages[f"p{part}c{i}.xhtml"] = chapter(f"Chapter {i}")
    entries: list[tuple[object, ...]] = [("Prologue", "0.xhtml")]
    for part in (1, 2):
        below = [(f"Chapter {i}: Day {part}{i}", f"p{part}c{i}.xhtml") for i in (1, 2)]
        entries.append((f"Part {part}", f"p{part}.xhtml", below))
    assert book(tmp_path, pages, entries) == [
        "Prologue", "Part 1, Chapter 1: Day 11", "Part 1, Chapter 2: Day 12",
        "Part 2, Chapter 1: Day 21", "Part 2, Chapter 2: Day 22",
    ]  # fmt: skip


def test_sections_inside_chapters_are_no_chapters(tmp_path: Path) -> None:
    body = f'<h1>Walking</h1>{TEXT}<h2 id="s">Uphill</h2>{TEXT}<h2 id="t">Downhill</h2>{TEXT}'
    pages = {f"{i}.xhtml": page(body) for i in (1, 2, 3)}
    entries: list[tuple[object, ...]] = [
        (f"Chapter {i}", f"{i}.xhtml", [("Uphill", f"{i}.xhtml#s"), ("Downhill", f"{i}.xhtml#t")])
        for i in (1, 2, 3)
    ]
    assert book(tmp_path, pages, entries) == [f"Chapter {i}: Walking" for i in (1, 2, 3)]


def test_a_label_without_a_place_is_a_part(tmp_path: Path) -> None:
    pages = {f"{i}.xhtml": chapter(f"Tale {i}") for i in (1, 2)}
    entries: list[tuple[object, ...]] = [
        ("Anna", "", [("Tale 1", "1.xhtml")]),
        ("Boris", "", [("Tale 2", "2.xhtml")]),
    ]
    manuscript = read_book(tmp_path, epub(pages, entries=entries))
    assert titles(manuscript) == ["Anna, Tale 1", "Boris, Tale 2"]
    assert_whole(manuscript)


def test_the_book_under_its_own_title_adds_nothing(tmp_path: Path) -> None:
    pages = {
        "h.xhtml": page("<h1>The Lamp</h1>"),
        "1.xhtml": chapter("I"),
        "2.xhtml": chapter("II"),
    }
    below = [("I", "1.xhtml"), ("II", "2.xhtml")]
    assert book(tmp_path, pages, [("The Lamp", "h.xhtml", below)]) == ["I", "II"]


def test_another_order_than_the_spine_is_told(tmp_path: Path) -> None:
    pages = {f"{i}.xhtml": chapter(f"Day {i}") for i in (1, 2, 3)}
    entries = [(f"Day {i}", f"{i}.xhtml") for i in (2, 1, 3)]
    manuscript = read_book(tmp_path, epub(pages, entries=entries))
    assert titles(manuscript) == ["Day 1", "Day 2", "Day 3"]
    assert any("another order" in warning for warning in manuscript.warnings)


def test_another_number_than_the_text_is_told(tmp_path: Path) -> None:
    pages = {f"{i}.xhtml": chapter(f"Chapter {i}") for i in (1, 2, 3)}
    entries = [(f"Chapter {n}", f"{i}.xhtml") for i, n in ((1, 1), (2, 3), (3, 3))]
    manuscript = read_book(tmp_path, epub(pages, entries=entries))
    assert any("'Chapter 3' where the text says 'Chapter 2'" in w for w in manuscript.warnings)


def test_a_chapter_that_the_navigation_forgot_is_read_as_one_and_told(tmp_path: Path) -> None:
    pages = {f"{i}.xhtml": chapter(f"Chapter {i}") for i in (1, 2, 3, 4)}
    entries = [(f"Chapter {i}", f"{i}.xhtml") for i in (1, 2, 4)]
    manuscript = read_book(tmp_path, epub(pages, entries=entries))
    assert titles(manuscript) == [f"Chapter {i}" for i in (1, 2, 3, 4)]
    assert any("does not list 'Chapter 3'" in warning for warning in manuscript.warnings)


@pytest.mark.parametrize(
    ("entry", "body", "title"),
    [
        ("Chapter 1", "<h1>Chapter 1</h1><h1>What Is a Lamp?</h1>", "Chapter 1: What Is a Lamp?"),
        ("What Is a Lamp?", "<h2>I</h2><h3>What Is a Lamp?</h3>", "I: What Is a Lamp?"),
        ("1. Lamps", "<h2>Chapter 1. Lamps</h2>", "1: Lamps"),
        ("CHAPTER ONE: Lamps", "<p>CHAPTER ONE</p><p>Lamps</p>", "CHAPTER ONE: Lamps"),
        ("Appendix A: Oil", "<h2>Appendix A:</h2><h2>Oil</h2>", "Appendix A: Oil"),
        ("Lamps", '<p><img src="lamps.png" alt="Lamps"/></p>', "Lamps"),
        ("II. Lamps", "<p>II.</p><p>Lamps</p>", "II: Lamps"),
    ],
)
def test_titles_come_from_both(tmp_path: Path, entry: str, body: str, title: str) -> None:
    pages = {"1.xhtml": page(body + TEXT), "2.xhtml": chapter("And then")}
    entries = [(entry, "1.xhtml"), ("And then", "2.xhtml")]
    assert book(tmp_path, pages, entries)[0] == title


def test_a_nested_notes_section_takes_its_entries_with_it(tmp_path: Path) -> None:
    pages = {"1.xhtml": chapter("One"), "2.xhtml": chapter("Two")}
    pages["n.xhtml"] = page(f'<h1>Notes</h1><h2 id="a">One</h2>{TEXT}<h2 id="b">Two</h2>{TEXT}')
    below = [("One", "n.xhtml#a"), ("Two", "n.xhtml#b")]
    entries = [("One", "1.xhtml"), ("Two", "2.xhtml"), ("Notes", "n.xhtml", below)]
    manuscript = read_book(tmp_path, epub(pages, entries=entries))
    assert titles(manuscript) == ["One", "Two"]
    assert set(skipped(manuscript)) == {"notes"}


def test_typed_chapters_tell_where_the_navigation_does_not(tmp_path: Path) -> None:
    head = "<header><h2>Kapitel</h2><h1>Die Lampe</h1></header>"
    body = f"{head}<h1>Das Öl</h1>{TEXT}<h1>Der Docht</h1>{TEXT}"
    pages = {"1.xhtml": page(f'<section epub:type="chapter">{body}</section>')}
    manuscript = read_book(tmp_path, epub(pages, entries=[("Start", "1.xhtml")]))
    assert titles(manuscript) == ["Kapitel: Die Lampe"]


def test_missing_places_are_found_by_their_titles(tmp_path: Path) -> None:
    body = "".join(f"<h2>Day {i}</h2>{TEXT}" for i in (1, 2, 3))
    entries = [(f"Day {i}", f"all.xhtml#d{i}") for i in (1, 2, 3)]
    manuscript = read_book(tmp_path, epub({"all.xhtml": page(body)}, entries=entries))
    assert titles(manuscript) == ["Day 1", "Day 2", "Day 3"]
    assert len([w for w in manuscript.warnings if "the heading of that name is taken" in w]) == 3
    assert_whole(manuscript)


def test_a_chapter_may_be_called_beginning(tmp_path: Path) -> None:
    pages = {f"{i}.xhtml": chapter(name) for i, name in enumerate(("Beginning", "Middle", "End"))}
    entries = [(name, f"{i}.xhtml") for i, name in enumerate(("Beginning", "Middle", "End"))]
    assert book(tmp_path, pages, [*entries]) == ["Beginning", "Middle", "End"]
