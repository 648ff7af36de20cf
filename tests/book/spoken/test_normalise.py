"""What is spoken where the print says otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.languages import load_language
from book.script import Replacement
from book.spoken.cleaning import edges
from book.spoken.normalise import CLEANING, merge, normalise, speak


def said(text: str, language: str = "en", *, heading: bool = False) -> str:
    return speak(text, normalise(text, load_language(language), heading=heading))


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Mr. and Mrs. Brown", "Mister and Missus Brown"),
        ("Mr and Mrs Brown", "Mister and Missus Brown"),
        ("Dr. Watson of St. Mary Street", "Doctor Watson of Saint Mary Street"),
        ("No. 5, i.e. this one, vol. 2 etc.",
         "Number five, that is this one, volume two et cetera."),
        ("No. He left.", "No. He left."),
        ("Brown & Co.", "Brown and Co."),
        ("“Well,” he said.", "Well, he said."),
        ('"coup-de-main," and "so-so"', "coup-de-main, and so-so"),
        ("“I never—”", "I never—"),
        ("He came--she went -- then—nothing.", "He came — she went — then — nothing."),
        ("It was . . . odd......", "It was … odd…"),
        ("'Never,' he said; 'tis so.", "Never, he said; 'tis so."),
        ("the boys’ way, ’twas John’s", "the boys’ way, ’twas John’s"),
        ("an *odd* [word]", "an odd word"),
        ("One line,\nanother line", "One line, another line"),
        ("You didn t know the specialist s view, I ll say.",
         "You didn’t know the specialist’s view, I’ll say."),
        ("It is a t shirt.", "It is a t shirt."),
        ("It s late.", "It’s late."),
        ("MRS. Lynde sat.", "Missus Lynde sat."),
        ("GENTLEMEN OF THE PRESS", "Gentlemen of the press"),
        ("BBC!", "BBC!"),
    ],
)  # fmt: skip
def test_english(written: str, spoken: str) -> None:
    assert said(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("CHAPTER XIV", "Chapter fourteen."),
        ("Chapter I", "Chapter one."),
        ("CHAPTER I IN WHICH I THROW AMBS-ACE", "Chapter one. In which I throw ambs-ace."),
        ("ADVENTURE I. A SCANDAL IN BOHEMIA", "Adventure one. A scandal in bohemia."),
        ("III.", "Three."),
        ("[ 7 ]", "Seven."),
        ("CHAPTER II. Mrs. Lynde", "Chapter two. Missus Lynde."),
        ("The Science of Deduction", "The Science of Deduction."),
        ("What now?", "What now?"),
        ("Chapter 41", "Chapter forty-one."),
    ],
)
def test_english_headings(written: str, spoken: str) -> None:
    assert said(written, heading=True) == spoken


@pytest.mark.parametrize(
    ("written", "spoken", "heading"),
    [
        ("“哑——”他说，——真的", "哑——他说，真的", False),
        ("我没有见——大约死了。", "我没有见，大约死了。", False),
        ("他读《红楼梦》。", "他读《红楼梦》。", False),
        ("第二章 归来", "第二章， 归来。", True),
        ("一", "一。", True),
    ],
)
def test_chinese(written: str, spoken: str, heading: bool) -> None:
    assert said(written, "zh", heading=heading) == spoken


@pytest.mark.parametrize(
    ("printed", "end"),
    [
        ("，他说。", 1),
        ("“Come", 1),
        ("— “Come", 3),
        ("'tis late", 0),
        ("'Come", 1),
        ("--and", 2),
        ("’twas", 0),
        (".45 was", 0),
        ("Come", 0),
    ],
)
def test_what_is_left_over_at_a_head(printed: str, end: int) -> None:
    found = edges(printed, load_language("en"))
    assert (found[0].end if found else 0) == end


def test_single_quotes_around_a_segment_go() -> None:
    printed = "'No more of the boys'"
    assert speak(printed, edges(printed, load_language("en"))) == "No more of the boys"


def test_the_first_to_replace_wins() -> None:
    lexicon = (Replacement(0, 3, "Doc", "lexicon"),)
    merged = merge(lexicon, normalise("Dr. No", load_language("en")))
    assert speak("Dr. No", merged) == "Doc No"


@given(
    text=st.text(st.sampled_from("Mr. Drno5&\"“”'’‘—-…_*\n 一。，（[]s"), max_size=50),
    heading=st.booleans(),
)
def test_replacements_are_in_order_and_disjoint(text: str, heading: bool) -> None:
    for language in ("en", "zh", "fr"):
        at = 0
        for item in normalise(text, load_language(language), heading=heading):
            assert at <= item.start <= item.end <= len(text)
            assert text[item.start : item.end] != item.spoken
            at = item.end


def test_engines_that_normalise_get_the_cleaning_only() -> None:
    found = normalise("“Mr. Brown”", load_language("en"))
    assert speak("“Mr. Brown”", [r for r in found if r.rule in CLEANING]) == "Mr. Brown"
