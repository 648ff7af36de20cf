"""Anchors stay on their sentences, or name nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.anchors import Anchor, anchor_chapter, looks_like_anchor, normalise, resolve
from castbook.errors import SelectionError

LINES = st.sampled_from(
    [
        "No.",
        "Yes.",
        "“No.”",
        "He looked up.",
        "The lamp was lit and the house was still.",
        "Nobody came home that night, for the rain went on.",
        "它们都是当街一个曲尺形的大柜台，柜里面预备着热水，可以随时温酒。",
    ]
)
BOOKS = st.lists(LINES, min_size=1, max_size=12)


def place(wanted: Anchor, lines: list[str]) -> int | None:
    return resolve(wanted, anchor_chapter(lines), [len(normalise(line)) for line in lines])


@given(lines=BOOKS)
def test_every_segment_is_found_at_its_own_place_unless_twins_are_alike(lines: list[str]) -> None:
    for i, anchor in enumerate(anchor_chapter(lines)):
        assert place(anchor, lines) == i


@given(lines=BOOKS, at=st.integers(0, 12), data=st.data())
def test_an_insertion_moves_no_anchor_to_another_text(
    lines: list[str], at: int, data: st.DataObject
) -> None:
    i = data.draw(st.integers(0, len(lines) - 1))
    anchor = anchor_chapter(lines)[i]
    at = min(at, len(lines))
    changed = [*lines[:at], "A new sentence stands here now, quite alone.", *lines[at:]]
    found = place(anchor, changed)
    assert found is None or normalise(changed[found]) == normalise(lines[i])
    if len(set(map(normalise, lines))) == len(lines) and len(normalise(lines[i])) >= 24:
        assert found == i + (i >= at)


@given(lines=BOOKS, data=st.data())
def test_a_deleted_long_sentence_names_nothing(lines: list[str], data: st.DataObject) -> None:
    i = data.draw(st.integers(0, len(lines) - 1))
    anchor = anchor_chapter(lines)[i]
    rest = [line for line in lines if normalise(line) != normalise(lines[i])]
    assert place(anchor, rest) is None


@given(lines=BOOKS)
def test_the_written_form_comes_back(lines: list[str]) -> None:
    for anchor in anchor_chapter(lines):
        assert Anchor.parse(str(anchor)) == anchor
        assert looks_like_anchor(str(anchor))
        assert not looks_like_anchor(f"x{anchor}")


@pytest.mark.parametrize("written", ["", "3f2a", "3f2a9c1b0d.", "3f2a9c1b0d.1.5be0c9", "ch03/0142"])
def test_other_forms_are_refused(written: str) -> None:
    with pytest.raises(SelectionError, match="is not an anchor"):
        Anchor.parse(written)


def test_a_short_text_needs_a_neighbour() -> None:
    before = ["He asked.", "No.", "She left the room at once."]
    anchor = anchor_chapter(before)[1]
    assert place(anchor, ["One.", *before]) == 2
    assert place(anchor, ["Who came?", "No.", "Another answer altogether."]) is None


def test_quotes_and_spaces_do_not_matter() -> None:
    [typographic] = anchor_chapter(["“It’s  late” – he said"])
    [plain] = anchor_chapter(['"it\'s late" - He said'])
    assert typographic == plain
