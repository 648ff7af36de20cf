from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.hearing.alignment import Run, align, without_islands
from audio.hearing.numerals import Numerals, han_digits, number_at
from audio.hearing.soundalikes import alike, near
from audio.hearing.tokens import habits_of, tokens

WORD = st.sampled_from(["alpha", "the", "carol-ann", "delta", "18", "95", "1895", "*", "中", "国"])


@settings(max_examples=50)
@given(st.lists(WORD, max_size=8), st.lists(WORD, max_size=12), st.booleans())
def test_an_alignment_holds_every_token_once(
    said: list[str], heard: list[str], counts: bool
) -> None:
    runs = align(said, heard, counts=counts)
    i = j = 0
    for run in runs:
        assert (run.said[0], run.heard[0]) == (i, j)
        (i, j) = (run.said[1], run.heard[1])
        assert run.errors == 0 if run.same else run.size <= run.errors <= run.missing + run.added
    assert (i, j) == (len(said), len(heard))
    assert sum(run.errors for run in runs) <= max(len(said), len(heard))
    assert sum(run.errors for run in without_islands(runs, 1)) == sum(r.errors for r in runs)


def test_a_compound_and_grouped_digits_are_bridged() -> None:
    assert all(run.same for run in align(["hearthrug"], ["hearth", "rug"]))
    assert all(run.same for run in align(["18", "95"], ["1895"]))
    assert not all(run.same for run in align(["18", "95"], ["1885"]))


def test_a_word_that_agrees_by_chance_does_not_split_a_stretch() -> None:
    runs = (
        Run((0, 3), (0, 3), False, 3),
        Run((3, 4), (3, 4), True),
        Run((4, 7), (4, 6), False, 3),
        Run((7, 20), (6, 19), True),
    )
    assert without_islands(runs, 1) == (Run((0, 7), (0, 6), False, 6),)
    assert len(without_islands(runs, 0)) == 2


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("two hundred and five", ("205", 4)),
        ("five million three hundred thousand and two", ("5300002", 7)),
        ("a hundred men", ("100", 2)),
        ("eighteen ninety five", ("18", 1)),
        ("ninety five", ("95", 2)),
        ("007", ("007", 1)),
        ("twenty zero", ("20", 1)),
        ("hundred and one man", ("101", 3)),
        ("hundred and then", ("100", 1)),
        ("a man", ("", 0)),
        ("and five", ("", 0)),
    ],
)
def test_number_words(words: str, number: tuple[str, int]) -> None:
    assert number_at(words.split(), 0, habits_of("en").numerals) == number


@given(st.integers(0, 10**12 - 1))
def test_han_numerals_are_their_digits(value: int) -> None:
    assert han_digits(_han(value)) == str(value)


def _han(value: int) -> str:
    """As Chinese writes it, zeros between in full."""
    digits = "零一二三四五六七八九"
    if value < 10:
        return digits[value]
    for unit, name in ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if value >= unit:
            rest = value % unit
            gap = "零" if 0 < rest < unit // 10 else ""
            return _han(value // unit) + name + (gap + _han(rest) if rest else "")
    raise AssertionError(value)


def test_han_that_is_no_number_stays() -> None:
    assert han_digits("千万") is None
    assert [t.form for t in tokens("千万不要", "zh")] == list("千万不要")


def test_without_number_words_numbers_are_digits() -> None:
    assert number_at(["drei"], 0, Numerals()) == ("", 0)
    assert number_at(["1895"], 0, Numerals()) == ("1895", 1)


def test_tokens_know_where_they_stand() -> None:
    text = "Mr. Holmes paid £205, to-day—⟦ipa:x⟧!"
    found = tokens(text, "en")
    assert [t.form for t in found] == [
        "mister",
        "holmes",
        "paid",
        "205",
        "pounds",
        "to",
        "day",
        "*",
    ]
    assert [text[t.start : t.end] for t in found if t.form != "pounds"] == [
        "Mr",
        "Holmes",
        "paid",
        "205",
        "to",
        "day",
        "⟦ipa:x⟧",
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("their", "there", True),
        ("knight", "night", True),
        ("write", "right", True),
        ("realise", "realize", True),
        ("witch", "which", True),
        ("dog", "cat", False),
        ("he", "she", False),
        ("walked", "talked", False),
        ("是", "事", True),
        ("國", "国", True),
        ("山", "水", False),
        ("еще", "ещё", False),  # folded before they come here
        ("книга", "книгу", True),
    ],
)
def test_alike(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is alike(other, one) is same


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.integers(0, 4))
def test_near_counts_changes_both_ways(one: str, other: str, most: int) -> None:
    assert near(one, other, most) == near(other, one, most)
    assert near(one, one + "x" * most, most)
    assert not near(one, one + "x" * (most + 1), most)
