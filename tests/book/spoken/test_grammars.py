"""The wetext extra: exact places, guards before it, and no error without it."""

from __future__ import annotations

import importlib.util

import pytest

from book.languages import load_language
from book.script import Replacement
from book.spoken import grammars
from book.spoken.normalise import normalise, speak

installed = pytest.mark.skipif(
    importlib.util.find_spec("wetext") is None, reason="needs the extra castbook[wetext]"
)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A grammar that says what a test wants: the adapter without the extra."""
    said: dict[str, str] = {}

    def answer(text: str) -> str:
        if text not in said:
            raise AssertionError  # as wetext 0.1.8 on what it cannot parse
        return said[text]

    monkeypatch.setattr(grammars, "installed", lambda: True)
    monkeypatch.setattr(grammars, "_normalizer", lambda language: answer)
    return said


def test_replacements_give_the_answer_back_and_have_places(answers: dict[str, str]) -> None:
    text = "It is 2:30 p.m. on Mon.-Fri. for $5, he said."
    answers[text] = "It is two thirty PM on Monday to Friday for five dollars, he said."
    found = tuple(grammars.replacements(text, "en"))
    assert speak(text, found) == answers[text]
    assert [text[r.start : r.end] for r in found] == ["2:30 p.m.", "Mon.-Fri.", "$5"]
    assert {r.rule for r in found} == {"grammar"}


def test_chinese_is_compared_character_by_character(answers: dict[str, str]) -> None:
    text = "共465篇，10km/h，约315万字"
    answers[text] = "共四百六十五篇，每小时十公里，约三百一十五万字"
    assert [text[r.start : r.end] for r in grammars.replacements(text, "zh")] == [
        "465",
        "10km/h",
        "315",
    ]


def test_a_grammar_that_breaks_leaves_the_text_to_our_rules(answers: dict[str, str]) -> None:
    assert tuple(grammars.replacements("₹500 and #5", "en")) == ()
    found = normalise("₹500 and #5", load_language("en"), profile="general")
    assert speak("₹500 and #5", found) == "five hundred rupees and number five"


def test_escaped_quotes_are_none(answers: dict[str, str]) -> None:
    answers['"5"'] = '\\"five\\"'
    assert tuple(grammars.replacements('"5"', "en")) == (Replacement(1, 2, "five", "grammar"),)


def test_guards_stand_before_it(answers: dict[str, str]) -> None:
    text = "GPT-3.5在第2名，2点见"
    answers[text] = "GPT负三点五在第两名，二点见"
    found = normalise(text, load_language("zh"), profile="general")
    assert speak(text, found) == "GPT三点五在第二名，两点见"


def test_without_the_extra_our_rules_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammars, "installed", lambda: False)
    found = normalise("It is 2:30 p.m.", load_language("en"), profile="general")
    assert speak("It is 2:30 p.m.", found) == "It is two thirty PM"


def test_fiction_never_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the fiction profile does not depend on what is installed")

    monkeypatch.setattr(grammars, "replacements", refuse)
    for tag, text in (("en", "at 2:30 p.m."), ("zh", "8月16号12:00")):
        assert normalise(text, load_language(tag))


@installed
@pytest.mark.parametrize(
    ("tag", "text"),
    [("en", "He ran 12 km in 0.5 hours on 2012-05-06."), ("zh", "它卖$12.5，占地3km²。")],
)
def test_the_real_grammars(tag: str, text: str) -> None:
    found = normalise(text, load_language(tag), profile="general")
    assert not any(c.isdigit() for c in speak(text, found).replace("²", ""))
