"""The part of a long text that was heard."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.hearing.excerpts import find_excerpt

TEXT = (
    "It was a dark night, and the rain had not stopped since noon. “Nobody came,” he said. "
    "The old lighthouse-keeper, Mr. O’Hara, climbed 40 stairs, one by one, with his lamp.\n\n"
    "He said nothing at all for a long while. Then, very slowly, he turned round: "
    "“What do you want from me?” I had no answer. We stood there and listened to the sea."
)


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("nobody came he said", "“Nobody came,” he said."),
        (
            "The old lighthouse keeper Mr. Ohara climbed forty stairs one by one with his lamp.",
            "The old lighthouse-keeper, Mr. O’Hara, climbed 40 stairs, one by one, with his lamp.",
        ),
        (
            "Zen very slowly he turned around what do you want from me",  # misheard at the edge
            "Then, very slowly, he turned round: “What do you want from me?”",
        ),
        ("I had no answer. We stood there and listened to the sea",
         "I had no answer. We stood there and listened to the sea."),
    ],
)  # fmt: skip
def test_the_text_s_own_spelling_is_taken(heard: str, wanted: str) -> None:
    found = find_excerpt(TEXT, heard, "en")
    assert found is not None and found.text == wanted


def test_characters_without_spaces() -> None:
    text = "鲁镇的酒店的格局，是和别处不同的：都是当街一个曲尺形的大柜台。温两碗酒，要一碟茴香豆。"
    found = find_excerpt(text, "都是当街一个曲尺形的大柜台", "zh")
    assert found is not None and found.text == "都是当街一个曲尺形的大柜台。"


@pytest.mark.parametrize("heard", ["", "…", "a completely different sentence about ships", "night"])
def test_another_text_is_not_found(heard: str) -> None:
    found = find_excerpt(TEXT, heard, "en")
    assert found is None or heard == "night"
    assert find_excerpt("", "night", "en") is None


WORDS = ("river", "stone", "lamp", "night", "ship", "old", "keeper", "sea", "door", "key", "rain")


@settings(max_examples=25)
@given(st.lists(st.sampled_from(WORDS), min_size=30, max_size=80), st.data())
def test_every_stretch_is_found_word_by_word(words: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(words) - 8))
    heard = " ".join(words[start : start + 8])
    found = find_excerpt(", ".join(words) + ".", heard, "en")
    assert found is not None and found.agreement == 1.0
    assert found.text.strip(".,").replace(",", "") == heard
