"""Splitting: nothing lost, nothing too long, cuts where upstream puts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.glm.text.split import LONGEST, length, split, units
from tts.glm.text.syllables import guess, syllables

UNITS = [*"人工智能的发展。，！？é7", "word ", "unbelievable ", "don't ", ", ", ". ", " "]
WORDS = st.lists(st.sampled_from(UNITS), max_size=160).map("".join)


@given(WORDS | st.text(max_size=80))
def test_pieces_are_the_text(text):
    assert "".join(split(text)) == text
    assert "".join(units(text)) == text
    assert all(split(text))


@given(WORDS)
def test_no_piece_is_longer_than_it_may_be(text):
    for piece in split(text):
        assert len(units(piece)) <= LONGEST + 1 or length(piece) <= LONGEST


@given(WORDS, st.integers(1, 40))
def test_pieces_end_at_marks_once_they_are_long_enough(text, shortest):
    *pieces, _last = split(text, shortest, 10_000) or [""]
    for piece in pieces:
        *before, end = units(piece)
        assert end[0] in "。？！；：、.?!;:，,"
        assert length(piece) >= shortest - 1e-9
        open_marks = [n for n, u in enumerate(before) if u[0] in "。，！？,."]
        assert all(length("".join(before[: n + 1])) < shortest + 1e-9 for n in open_marks)


def test_long_words_are_cut_where_upstream_fails():
    pieces = split("unbelievable " * 29)  # 29 units of 3.5: IndexError upstream
    assert [len(units(piece)) for piece in pieces] == [17, 12]
    assert split(" 你好") == [" 你好"]  # AssertionError upstream


def test_one_unit_that_is_too_long_stays_whole():
    assert split("ba" * 200) == ["ba" * 200]


@pytest.mark.parametrize(
    ("word", "count"), [("table", 2), ("Rhythm", 2), ("W", 3), ("xyzzy", 2), ("zzz", 1), ("I", 1)]
)
def test_syllables(word, count):
    assert syllables(word) == count


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20))
def test_every_word_has_a_syllable(word):
    assert guess(word) >= 1
    assert 1 <= syllables(word) <= len(word) * 3
