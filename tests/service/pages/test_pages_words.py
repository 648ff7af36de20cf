"""Words are data: both languages say the same things, and a visitor gets the one they read."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.pages.words import LANGUAGES, choose_language, load_words

TEMPLATES = Path(__file__).resolve().parents[3] / "service/pages/templates"


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    english, chinese = (load_words(language).rooms for language in LANGUAGES)
    assert {room: list(own) for room, own in english.items()} == {
        room: list(own) for room, own in chinese.items()
    }
    for room, own in english.items():
        for key, sentence in own.items():
            assert places(sentence) == places(chinese[room][key]), f"{room}.{key}"


def test_every_word_that_a_template_asks_for_is_there() -> None:
    words = load_words("en")
    for path in TEMPLATES.glob("*.html"):
        for name in re.findall(r't\(\s*[\'"]([a-z_]+\.[a-z_]+)[\'"]\s*[,)]', path.read_text()):
            room, key = name.split(".")
            assert key in words.rooms[room], f"{path.name}: {name}"


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "chosen"),
    [
        ("zh", "en", "en", "zh"),
        (None, "zh", "en", "zh"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, None, "de-DE,en;q=0.3,zh;q=0.5", "zh"),
        (None, None, "de", "en"),
        ("../x", "<b>", "", "en"),
    ],
)
def test_the_language_is_asked_for_remembered_or_the_browsers(
    asked: str | None, remembered: str | None, accepted: str, chosen: str
) -> None:
    assert choose_language(asked, remembered, accepted) == chosen


@given(st.text(max_size=200))
def test_no_header_breaks_a_page(accepted: str) -> None:
    assert choose_language(None, None, accepted) in LANGUAGES
