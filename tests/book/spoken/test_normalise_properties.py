"""What holds for every text: places are real and disjoint, letters stay, time is linear."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from book.languages import load_language
from book.script import Replacement
from book.spoken.claims import TAKEN, Claims, merge
from book.spoken.english.numbers import cardinal, is_spoken_whole, ordinal, year
from book.spoken.english.roman import value
from book.spoken.normalise import CLEANING, Profile, normalise, speak
from book.spoken.words import load_words
from castbook.resources import list_configs

ENGLISH = [
    "Mr.",
    "Mrs",
    "St.",
    "Dr",
    "No.",
    "pp.",
    "vol.",
    "Louis",
    "XIV",
    "I",
    "II",
    "CHAPTER",
    "£",
    "$",
    "5s.",
    "4d.",
    "1887",
    "1850s",
    "'50s",
    "May",
    "Jan.",
    "2nd",
    "21st",
    "7:45",
    "a.m.",
    "p.m",
    "3-5",
    "3–5",
    "1914-18",
    "1/2",
    "½",
    "21°C",
    "ft.",
    "in.",
    "lbs",
    "%",
    "-23",
    "1,000",
    "0.5",
    ".5",
    "007",
    "MP3",
    "B-52",
    "221B",
    "555-1234",
    "J.",
    "R.",
    "U.S.A.",
    "B-b-but",
    "Nooooo",
    "STOP",
    "d—n",
    "——",
    "18—",
    "etc.",
    "&",
    "#",
    "+",
    "=",
    "×",
    "’s",
    "'",
    "“",
    "”",
    "—",
    "…",
    "*",
    "a",
    "of",
    "the",
    "and",
    "men",
]
CHINESE = [
    "第",
    "12",
    "章",
    "2",
    "点",
    "2斤",
    "年",
    "年代",
    "月",
    "日",
    "号",
    "80",
    "1987",
    "87",
    "后",
    "4:30",
    "3:2",
    "-8",
    "℃",
    "%",
    "‰",
    "1/2",
    "½",
    "3-5",
    "～",
    "￥",
    "6.30",
    "元",
    "万",
    "亿",
    "km/h",
    "㎡",
    "GPT-3.5",
    "T-34",
    "MP3",
    "110",
    "13800138000",
    "尾号",
    "房间",
    "302",
    "Ⅲ",
    "〇",
    "××",
    "×",
    "+",
    "=",
    "1,000",
    "０１",
    "：",
    "，",
    "。",
    "“",
    "”",
    "——",
    "的",
    "人",
    "京A12345",
]
PROFILES: tuple[Profile, ...] = ("fiction", "general", "off")
texts = st.one_of(
    st.lists(st.sampled_from(ENGLISH), max_size=12).map(" ".join),
    st.lists(st.sampled_from(ENGLISH), max_size=8).map("".join),
    st.lists(st.sampled_from(CHINESE), max_size=10).map("".join),
    st.text(max_size=60),
    st.text("0123456789.,:/-–—~'£$€%°½ⅢIVXabcsd年月点第元-０９\ue000\u0300\u200d", max_size=40),
)


@given(
    text=texts,
    language=st.sampled_from(["en", "zh", "fr"]),
    profile=st.sampled_from(PROFILES),
    heading=st.booleans(),
)
@settings(deadline=None, max_examples=400)
def test_replacements_are_real_disjoint_and_in_order(
    text: str, language: str, profile: Profile, heading: bool
) -> None:
    found = normalise(text, load_language(language), heading=heading, profile=profile, extra=False)
    at = 0
    for item in found:
        assert at <= item.start <= item.end <= len(text)
        assert text[item.start : item.end] != item.spoken
        assert item.rule and TAKEN not in item.spoken.replace(text, "")
        at = item.end
    # what lies between the replacements is spoken as it stands
    said = speak(text, found)
    at = 0
    for item in found:
        assert text[at : item.start].strip() in said
        at = item.end


@given(text=st.text("abcdefghijklmnop ,;?é’", max_size=80))
def test_plain_words_are_not_touched(text: str) -> None:
    found = normalise(text, load_language("en"))
    assert all(item.rule in {*CLEANING, "drawl", "stammer", "apostrophe"} for item in found)


@given(text=st.lists(st.sampled_from(ENGLISH), max_size=8).map(" ".join))
@settings(deadline=None)
def test_what_was_said_has_no_numbers_left(text: str) -> None:
    said = speak(text, normalise(text, load_language("en")))
    assert not any(c.isdecimal() for c in said), said


@given(text=st.lists(st.sampled_from(CHINESE), max_size=8).map("".join))
@settings(deadline=None)
def test_what_was_said_in_chinese_has_no_numbers_left(text: str) -> None:
    said = speak(text, normalise(text, load_language("zh")))
    assert not any(c.isdecimal() for c in said), said


@given(number=st.integers(0, 10**18 - 1))
def test_numbers_in_words_differ(number: int) -> None:
    assert cardinal(number) != cardinal(number + 1)
    assert ordinal(number + 1) != cardinal(number + 1)
    assert is_spoken_whole(str(number))


@given(number=st.integers(1000, 9999))
def test_years_are_words(number: int) -> None:
    assert year(number).replace(" ", "").replace("-", "").isalpha()


@given(number=st.integers(1, 3999))
def test_roman_numerals_are_read_back(number: int) -> None:
    signs = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
             (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
    numeral, rest = "", number
    for worth, sign in signs:
        numeral += sign * (rest // worth)
        rest %= worth
    assert value(numeral) == number
    assert value(f"{numeral}A") is None


spans = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 4)), max_size=8)


@given(first=spans, second=spans)
def test_merged_replacements_never_overlap_and_the_first_win(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    text = "x" * 30
    claims = [Claims(text), Claims(text)]
    for claim, places in zip(claims, (first, second), strict=True):
        claim.take(Replacement(a, a + n, "y" * (n + 1), "r") for a, n in places)
    one, two = claims[0].found(), claims[1].found()
    merged = merge(one, two)
    assert set(one) <= set(merged)
    at = 0
    for item in merged:
        assert item.start >= at or item.start == item.end
        at = max(at, item.end)


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("en", "1"),
        ("en", "1 "),
        ("en", "5s. 4d. "),
        ("en", "B-b-"),
        ("en", "o-"),
        ("en", "A."),
        ("en", "1-"),
        ("en", "1,"),
        ("en", "Mr. "),
        ("en", "I V X "),
        ("en", "May 5, "),
        ("en", "NO"),
        ("en", "a@a."),
        ("en", "————"),
        ("en", "oooo"),
        ("zh", "1"),
        ("zh", "2点"),
        ("zh", "1-"),
        ("zh", "1:"),
        ("zh", "A1"),
        ("zh", "第2"),
        ("zh", "×"),
    ],
)
def test_time_is_linear(language: str, unit: str) -> None:
    words = load_language(language)
    normalise(unit * 10, words, extra=False)  # patterns are compiled
    sizes = []
    for count in (2_000, 8_000):
        text = unit * (count // len(unit))
        began = time.process_time()
        normalise(text, words, extra=False)
        sizes.append(time.process_time() - began)
    assert sizes[1] < 1 + 12 * sizes[0], sizes


def test_a_place_that_is_taken_is_read_around() -> None:
    taken = (Replacement(0, 3, "Mai", "lexicon"),)
    found = normalise("May 21, 1886", load_language("en"), taken=taken)
    assert speak("May 21, 1886", merge(taken, found)) == "Mai twenty-one, eighteen eighty-six"


@pytest.mark.parametrize("tag", list_configs("spoken"))
def test_words_belong_to_a_language_and_are_words(tag: str) -> None:
    assert load_language(tag).tag == tag
    for key, words in load_words(tag).items():
        assert words, key
        assert all(isinstance(word, str) and word for word in words), key


def test_a_language_without_words_has_none() -> None:
    assert load_words("fr") == {}
