"""Books are found by name only, and their plan is as fresh as the disk."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from castbook.errors import InputError, SelectionError
from tasks.reviewing.bookcase import Bookcase
from tasks.reviewing.edits import say, write_text_of
from tasks.reviewing.judgements import ask_again
from tasks.reviewing.rows import FILTERS, Filter, line_rows

sys.path.append(str(Path(__file__).resolve().parents[2] / "flows"))
from books_of_tone import write_book  # the helper of another room's tests


@pytest.fixture
def case(tmp_path: Path) -> Bookcase:
    write_book(tmp_path / "one" / "hill")
    write_book(tmp_path / "two" / "hill")
    write_book(tmp_path / "two" / "孔乙己 全")
    (tmp_path / "two" / "empty").mkdir()
    (tmp_path / "two" / "link").symlink_to(tmp_path / "one" / "hill")
    return Bookcase([tmp_path / "one", tmp_path / "two", tmp_path / "none"])


def test_books_of_equal_names_are_told_apart_and_none_comes_twice(case: Bookcase) -> None:
    assert list(case.folders()) == ["hill", "hill-2", "孔乙己-全"]
    assert case.folders()["hill"].parent.name == "one"
    assert case.open("hill") is case.open("hill")


@pytest.mark.parametrize("name", ["", "..", "../one/hill", "/etc", "hill/", "HILL", "empty"])
def test_no_path_is_built_from_a_name(case: Bookcase, name: str) -> None:
    with pytest.raises(SelectionError, match="there is no book"):
        case.open(name)


def test_a_plan_stays_until_a_file_changes(case: Bookcase) -> None:
    book = case.open("hill")
    plan = book.plan()
    assert book.plan() is plan
    ask_again(plan, plan.lines[:1], "louder")
    again = book.plan()
    assert again is not plan and again.lines[0].ingredients.retake == 1
    assert again.lines[3].segment is plan.lines[3].segment  # the script was not read again
    story = book.folder / "story.md"
    story.write_text(story.read_text().replace("on the hill", "in the hills"))
    assert "in the hills" in book.plan().lines[1].segment.printed
    takes = plan.build.takes / "ab"
    before = book.plan()
    takes.mkdir(parents=True)
    assert book.plan() is not before


def test_a_changed_library_is_seen(tmp_path: Path) -> None:
    write_book(tmp_path / "hill", library="../shared")
    library = tmp_path / "shared" / "library.yaml"
    library.parent.mkdir()
    library.write_text("version: 1\nseed: 1\n")
    book = Bookcase([tmp_path]).open("hill")
    first = book.plan().lines[0].keys
    library.write_text("version: 1\nseed: 22\n")
    assert book.plan().lines[0].keys != first


def test_filters_that_are_offered_are_understood(case: Bookcase) -> None:
    plan = case.open("hill").plan()
    rows = line_rows(plan, plan.chapters[0], ())
    kept = {name: sum(map(Filter(name).keeps, rows)) for name in FILTERS}
    assert kept == {name: len(rows) if name in ("all", "missing") else 0 for name in FILTERS}


def test_line_ends_and_marks_of_a_manuscript_stay(case: Bookcase) -> None:
    book = case.open("hill")
    story = book.folder / "story.md"
    windows = b"\xef\xbb\xbf" + story.read_bytes().replace(b"\n", b"\r\n")
    story.write_bytes(windows)
    plan = book.plan()
    line = next(one for one in plan.lines if "Nobody had lived" in one.segment.printed)
    write_text_of(plan, line, "The house stood there.")
    assert story.read_bytes() == windows.replace(
        line.segment.printed.encode(), b"The house stood there."
    )
    story.write_bytes(windows.replace(b"\r\n", b"\n", 1))  # mixed
    plan = book.plan()
    line = next(one for one in plan.lines if "Nobody had lived" in one.segment.printed)
    with pytest.raises(InputError, match="does not stand in a plain text"):
        write_text_of(plan, line, "No.")


def test_words_are_said_otherwise_and_comments_stay(case: Bookcase) -> None:
    book = case.open("hill")
    lexicon = book.folder / "lexicon.yaml"
    lexicon.write_text(
        "version: 1\nwords:\n  hill: hell # mine\nentries:\n"
        "  - {word: door, say: dor, character: anna}\n"
    )
    say(book.plan(), "Hill", "hyll: 'x'")
    say(book.plan(), "door", "doar")
    say(book.plan(), "Door", "dohr")
    assert yaml.safe_load(lexicon.read_text()) == {
        "version": 1,
        "words": {"hill": "hyll: 'x'"},
        "entries": [
            {"word": "door", "say": "dor", "character": "anna"},
            {"word": "door", "say": "dohr"},
        ],
    }
    assert "# mine" in lexicon.read_text()
    assert any("hyll" in line.segment.spoken for line in book.plan().lines)


def test_a_lexicon_that_is_no_yaml_is_left_alone(case: Bookcase) -> None:
    book = case.open("hill")
    (book.folder / "words.jsonl").write_text('{"word": "hill", "phoneme": "x"}\n')
    project = book.folder / "project.yaml"
    project.write_text(project.read_text() + "lexicon: words.jsonl\n")
    with pytest.raises(InputError, match="no YAML file"):
        say(book.plan(), "hill", "hyll")
